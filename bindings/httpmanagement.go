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
	// Public is the scheme and authority under which callers see this app, such as https://orders.example.org; empty to go by
	// their requests.
	Public string
	// ForwardedHost makes X-Forwarded-Host and X-Forwarded-Proto replace the request's own. Links carry the key, so it is only
	// for apps that nobody reaches but by a proxy that sets these headers.
	ForwardedHost bool
}

// HTTPManagementPayload is the set of URLs by which one instance is managed.
type HTTPManagementPayload struct {
	ID                    string `json:"id"`
	StatusQueryGetURI     string `json:"statusQueryGetUri"`
	SendEventPostURI      string `json:"sendEventPostUri"`
	TerminatePostURI      string `json:"terminatePostUri"`
	RewindPostURI         string `json:"rewindPostUri,omitempty"`
	PurgeHistoryDeleteURI string `json:"purgeHistoryDeleteUri"`
	RestartPostURI        string `json:"restartPostUri"`
	SuspendPostURI        string `json:"suspendPostUri"`
	ResumePostURI         string `json:"resumePostUri"`
}

// CreateHTTPManagementPayload returns the URLs of an instance, as seen by whoever made the request. It does not look whether
// there is such an instance. {eventName} and {text} are for the caller to replace.
func (c *DurableClient) CreateHTTPManagementPayload(r *http.Request, id string) HTTPManagementPayload {
	instance := c.links.Origin(r) + c.links.Path + "/instances/" + formEncode(id)
	query := c.links.query()
	return HTTPManagementPayload{
		ID:                    id,
		StatusQueryGetURI:     instance + "?" + query,
		SendEventPostURI:      instance + "/raiseEvent/{eventName}?" + query,
		TerminatePostURI:      instance + "/terminate?reason={text}&" + query,
		RewindPostURI:         instance + "/rewind?reason={text}&" + query,
		PurgeHistoryDeleteURI: instance + "?" + query,
		RestartPostURI:        instance + "/restart?" + query,
		SuspendPostURI:        instance + "/suspend?reason={text}&" + query,
		ResumePostURI:         instance + "/resume?reason={text}&" + query,
	}
}

func (l *Links) query() string {
	q := "taskHub=" + formEncode(l.Hub) + "&connection=" + formEncode(l.Connection)
	if l.Key != "" {
		q += "&code=" + formEncode(l.Key)
	}
	return q
}

// Origin is the scheme and authority under which the caller of a request sees this app.
func (l *Links) Origin(r *http.Request) string {
	if l.Public != "" {
		return l.Public
	}
	scheme, host := "http", r.Host
	if r.TLS != nil || r.URL.Scheme == "https" { // under the Functions host the latter says how the caller came
		scheme = "https"
	}
	if l.ForwardedHost {
		if proto := strings.ToLower(first(r.Header.Get("X-Forwarded-Proto"))); proto == "http" || proto == "https" {
			scheme = proto
		}
		if h := first(r.Header.Get("X-Forwarded-Host")); isAuthority(h) {
			host = h
		}
	}
	return scheme + "://" + host
}

// first is the first value of a comma list: that of the outermost proxy.
func first(list string) string {
	value, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(value)
}

func isAuthority(host string) bool {
	u, err := url.Parse("http://" + host)
	return err == nil && host != "" && u.Host == host && u.User == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == ""
}

// formEncode is the encoding of .NET's WebUtility.UrlEncode, so that links are the same to the byte: space becomes +, letters,
// digits and - _ . ! * ( ) stay.
func formEncode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.!*()", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
