package bindings

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// StatusPayload is what a status query shows of an instance.
type StatusPayload struct {
	Name          string           `json:"name"`
	Version       string           `json:"version,omitempty"`
	InstanceID    string           `json:"instanceId"`
	RuntimeStatus string           `json:"runtimeStatus"`
	Input         json.RawMessage  `json:"input"`
	CustomStatus  json.RawMessage  `json:"customStatus"`
	Output        json.RawMessage  `json:"output"`
	CreatedTime   string           `json:"createdTime"`
	LastUpdated   string           `json:"lastUpdatedTime"`
	HistoryEvents *[]HistoryRecord `json:"historyEvents,omitempty"`
}

// NewStatusPayload shows a state, without history.
func NewStatusPayload(s *durabletask.State) *StatusPayload {
	p := &StatusPayload{
		Name: s.Name, InstanceID: s.Instance.ID, RuntimeStatus: s.Status.String(),
		Input: payload(s.Input), CustomStatus: payload(s.CustomStatus), Output: payload(s.Output),
		CreatedTime: wholeSeconds(s.Created), LastUpdated: wholeSeconds(s.Updated),
	}
	if s.Version != nil {
		p.Version = *s.Version
	}
	return p
}

func wholeSeconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// payload turns a stored text into JSON: JSON stays, any other text becomes a string, blanks an empty one, nothing null.
//
// Differs from ext, which looks only at the first JSON value of a text (the reason "12 apples" shows as 12 there), because that
// loses what somebody wrote.
func payload(text *string) json.RawMessage {
	switch {
	case text == nil:
		return json.RawMessage("null")
	case strings.TrimSpace(*text) == "":
		return json.RawMessage(`""`)
	case json.Valid([]byte(*text)):
		return json.RawMessage(*text)
	default:
		return encodeJSON(*text)
	}
}

// encodeJSON encodes what can always be encoded.
func encodeJSON(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // URLs with & are to be read and copied by people
	if err := enc.Encode(v); err != nil {
		panic("bindings: encode an answer: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})
}

// WriteJSON answers with a value in JSON. It panics if the value has no JSON form.
func WriteJSON(w http.ResponseWriter, code int, v any) {
	body := encodeJSON(v)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(body) // if it fails the caller has gone away: nobody is left to be told
}
