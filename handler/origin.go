package handler

import (
	"net"
	"net/http"
	"strings"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/extension"
)

// withOrigin makes a request that the Functions host passed on look as its caller made it: its host, and its scheme in its URL, which links in
// answers begin with. That is only for requests of the host, because anyone could send such headers.
//
// The host passes on the caller's own Host when it forwards, and not when it proxies (custom-handler §6.4).
func withOrigin(r *http.Request, app *extension.AppSettings) *http.Request {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil && name == loopbackAddress {
		for _, other := range []string{r.Header.Get("Disguised-Host"), r.Header.Get("X-Forwarded-Host"), r.Header.Get("Was-Default-Hostname"), app.Hostname} {
			other, _, _ = strings.Cut(other, ",")
			if other = strings.TrimSpace(other); bindings.IsAuthority(other) {
				host = other
				break
			}
		}
	}
	scheme := "http"
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	switch proto = strings.ToLower(strings.TrimSpace(proto)); {
	case proto == "http" || proto == "https":
		scheme = proto
	case r.Header.Get("X-Arr-Ssl") != "", app.InstanceID != "": // the front end of Azure lets in nothing else, but says so not always
		scheme = "https"
	}
	seen := *r
	address := *r.URL
	address.Scheme, address.Host = scheme, host
	seen.URL, seen.Host = &address, host
	return &seen
}

// loopbackAddress is where the host reaches the app, and nobody else does.
const loopbackAddress = "127.0.0.1"
