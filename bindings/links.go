package bindings

import (
	"net/http"
	"net/url"
	"strings"
)

// Links says what the URLs of the management API look like.
type Links struct {
	// Hub and Connection name the task hub and the connection of its storage.
	Hub, Connection string
	// Path is where the management API is mounted: a slash, no slash at the end.
	Path string
	// Key is handed out as code=…; empty if the app has none.
	Key string
	// Signer makes links to an instance carry a signature for just that instance (sig=…) in place of the key; nil for none.
	Signer *Signer
	// Public is the scheme and authority under which callers see this app, such as https://orders.example.org; empty to go by
	// their requests.
	Public string
	// ForwardedHost makes X-Forwarded-Host and X-Forwarded-Proto replace the request's own. Links carry the key, so it is only
	// for apps that nobody reaches but by a proxy that sets these headers.
	ForwardedHost bool
	// EchoCode hands the code that a caller came with out again, if the app has no key: something in front of the app has asked for it, and will again.
	EchoCode bool
	// Host is the authority for links that are made without a request; if it is empty, those begin with Path.
	Host string
}

// query is what links to an instance end with. r is the request that they answer, or nil.
func (l *Links) query(r *http.Request, id string) string {
	q := "taskHub=" + formEncode(l.Hub) + "&connection=" + formEncode(l.Connection)
	switch {
	case l.Signer != nil:
		q += "&sig=" + formEncode(l.Signer.Sign(l.Hub, id))
	case l.Key != "":
		q += "&" + l.code()
	case l.EchoCode && r != nil:
		if code := r.URL.Query().Get("code"); code != "" {
			q += "&code=" + formEncode(code)
		}
	}
	return q
}

// code is the parameter that carries the key; empty if there is none.
func (l *Links) code() string {
	if l.Key == "" {
		return ""
	}
	return "code=" + formEncode(l.Key)
}

// Origin is the scheme and authority under which the caller of a request sees this app; without a request, that of Host.
func (l *Links) Origin(r *http.Request) string {
	switch {
	case l.Public != "":
		return l.Public
	case r == nil:
		return l.configured()
	}
	scheme, host := "http", r.Host
	if r.TLS != nil || r.URL.Scheme == "https" { // under the Functions host the latter says how the caller came
		scheme = "https"
	}
	if l.ForwardedHost {
		if proto := strings.ToLower(first(r.Header.Get("X-Forwarded-Proto"))); proto == "http" || proto == "https" {
			scheme = proto
		}
		if h := first(r.Header.Get("X-Forwarded-Host")); IsAuthority(h) {
			host = h
		}
	}
	return scheme + "://" + host
}

// configured is the origin by the settings (ext: host, HostNameProvider.cs).
//
// Differs from ext, which fails without a host name, because a link without origin still says where to go on this server.
func (l *Links) configured() string {
	switch {
	case l.Host == "":
		return ""
	case strings.HasPrefix(l.Host, "localhost:"):
		return "http://" + l.Host
	default:
		return "https://" + l.Host
	}
}

// first is the first value of a comma list: that of the outermost proxy.
func first(list string) string {
	value, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(value)
}

// IsAuthority reports whether a text is a host with or without a port, and nothing else: what a header may say of where a caller is.
func IsAuthority(host string) bool {
	u, err := url.Parse("http://" + host)
	return err == nil && host != "" && u.Host == host && u.User == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == ""
}
