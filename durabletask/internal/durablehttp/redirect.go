package durablehttp

import (
	"net/http"
	"net/url"
)

// maxRedirects is how many redirects are followed; the answer after them is the result, whatever it is (.NET: HttpClientHandler.MaxAutomaticRedirections).
const maxRedirects = 50

// redirect changes an exchange to follow an answer, and reports whether there is somewhere to go. As in .NET a 301 or 302 makes a POST a GET and leaves other
// methods alone, nothing leads from https to http, and credentials are for the first address only.
func (e *exchange) redirect(answer *http.Response) bool {
	location := answer.Header.Get("Location")
	if location == "" {
		return false
	}
	method := e.method
	switch answer.StatusCode {
	case http.StatusMultipleChoices, http.StatusMovedPermanently, http.StatusFound:
		if method == http.MethodPost {
			method = http.MethodGet
		}
	case http.StatusSeeOther:
		if method != http.MethodHead {
			method = http.MethodGet
		}
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return false
	}
	next, err := e.url.Parse(location)
	if err != nil || e.url.Scheme == "https" && next.Scheme == "http" {
		return false
	}
	if method != e.method {
		e.method, e.content = method, nil
		e.header.Del("Content-Type")
	}
	e.header.Del("Authorization")
	e.header.Del("Host")
	if !sameHost(e.url, next) {
		// Differs from .NET, which sends these on: they are as good as an Authorization.
		e.header.Del("Cookie")
		e.header.Del("X-Functions-Key")
	}
	e.url = next
	return true
}

func sameHost(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }
