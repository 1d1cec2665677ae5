package bindings

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"
)

// heldResponse keeps an answer until it is complete.
type heldResponse struct {
	header http.Header
	sent   http.Header // as it was when the answer began
	code   int
	body   bytes.Buffer
}

func newHeldResponse() *heldResponse { return &heldResponse{header: make(http.Header)} }

func (w *heldResponse) Header() http.Header { return w.header }

func (w *heldResponse) WriteHeader(code int) {
	interim := code >= http.StatusContinue && code < http.StatusOK && code != http.StatusSwitchingProtocols
	if w.sent == nil && !interim { // there is no way to send what comes before an answer
		w.code, w.sent = code, w.header.Clone()
	}
}

func (w *heldResponse) Write(p []byte) (int, error) {
	if w.sent == nil {
		w.WriteHeader(http.StatusOK)
	}
	return w.body.Write(p)
}

// hostResponse is an answer as the output binding of HTTP functions takes it.
type hostResponse struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body"`
}

// framing are the headers that the host's server writes itself.
var framing = []string{"Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Trailer", "Transfer-Encoding", "Upgrade"}

// output is the answer as the host takes it (custom-handler §4.2). It returns an error for what the host can't pass on, or would spoil.
func (w *heldResponse) output() (*hostResponse, error) {
	if w.sent == nil {
		w.WriteHeader(http.StatusOK)
	}
	const lastCode = 599
	if w.code < http.StatusOK || w.code > lastCode {
		return nil, fmt.Errorf("the host spoils answers with status %d; use 200 to 599", w.code)
	}
	out := &hostResponse{StatusCode: w.code, Headers: make(map[string]string)}
	if hasBody(w.code) {
		if !utf8.Valid(w.body.Bytes()) {
			return nil, errors.New("its body is not UTF-8 text; answer with a link to the data, or with base64 text")
		}
		out.Body = guardDate(w.body.String(), "\n")
		if _, set := w.sent["Content-Type"]; !set && w.body.Len() > 0 {
			w.sent.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
		}
	}
	for name, values := range w.sent {
		if len(values) == 0 || slices.Contains(framing, textproto.CanonicalMIMEHeaderKey(name)) || strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		if name == "Set-Cookie" && len(values) > 1 {
			return nil, fmt.Errorf("it has %d Set-Cookie headers, and there can be one", len(values))
		}
		value := strings.Join(values, ", ")
		if !plainASCII(value) || !plainASCII(name) || strings.ContainsAny(name, " :") {
			return nil, fmt.Errorf("its header %q has characters other than printable ASCII", name)
		}
		out.Headers[name] = guardDate(value, " ")
	}
	return out, nil
}

// hasBody reports whether an answer with this status may have a body.
func hasBody(code int) bool {
	return code != http.StatusNoContent && code != http.StatusResetContent && code != http.StatusNotModified
}

func plainASCII(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c != '\t' && (c < ' ' || c > '~') }) < 0
}

// guardDate adds a space of some kind to a text that as a whole may be a date: the host's JSON reader would turn it into the
// host's own way of writing dates. Newtonsoft.Json takes texts for dates that begin with a digit and have a T in the eleventh place, and /Date(…)/.
func guardDate(text, space string) string {
	const shortest, longest, letter = 19, 40, 10
	iso := len(text) >= shortest && len(text) <= longest && text[0] >= '0' && text[0] <= '9' && text[letter] == 'T'
	if iso || strings.HasPrefix(text, "/Date(") && strings.HasSuffix(text, ")/") {
		return text + space
	}
	return text
}
