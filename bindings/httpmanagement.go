package bindings

import (
	"net/http"
	"strings"
)

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

// LinkOption is a property of the links to one instance.
type LinkOption interface{ link(*HTTPManagementPayload) }

type failureIs500 struct{}

func (failureIs500) link(p *HTTPManagementPayload) {
	p.StatusQueryGetURI += "&returnInternalServerErrorOnFailure=true"
}

// FailureIs500 makes the link to the status answer 500 for an instance that has failed, instead of 200.
var FailureIs500 LinkOption = failureIs500{} //nolint:gochecknoglobals // a constant, if Go had such

// CreateHTTPManagementPayload returns the URLs of an instance, as seen by whoever made the request; nil if there is none. It does not look
// whether there is such an instance. {eventName} and {text} are for the caller to replace.
//
// DTFx: HttpApiHandler.GetClientResponseLinks.
func (c *DurableClient) CreateHTTPManagementPayload(r *http.Request, id string, options ...LinkOption) HTTPManagementPayload {
	instance := c.links.Origin(r) + c.links.Path + "/instances/" + formEncode(id)
	query := c.links.query(r, id)
	p := HTTPManagementPayload{
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
	for _, o := range options {
		o.link(&p)
	}
	return p
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
