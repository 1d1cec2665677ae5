package durablehttp

import (
	"bytes"
	"encoding/json"
)

// Request is the input of the activity.
type Request struct {
	Method, URI string
	Headers     Headers
	// Content is nil for none.
	Content     *string
	TokenSource *TokenSource
	// Asynchronous makes the orchestrator ask again after a 202. The activity passes it by.
	Asynchronous bool
	Retry        *Retry
	// Timeout is how long the whole may take, redirects included; nil for no limit of its own.
	Timeout *TimeSpan
}

const typeRequest = "Microsoft.Azure.WebJobs.Extensions.DurableTask.DurableHttpRequest, Microsoft.Azure.WebJobs.Extensions.DurableTask"

// requestJSON has the members in the order in which they are recorded; those without a value are null.
type requestJSON struct {
	Type         string          `json:"$type,omitempty"`
	Method       json.RawMessage `json:"method"`
	URI          *string         `json:"uri"`
	Headers      Headers         `json:"headers"`
	Content      *string         `json:"content"`
	TokenSource  *TokenSource    `json:"tokenSource"`
	Asynchronous bool            `json:"asynchronousPatternEnabled"`
	Retry        *Retry          `json:"retryOptions"`
	Timeout      *TimeSpan       `json:"timeout"`
}

// MarshalJSON writes the request.
func (r Request) MarshalJSON() ([]byte, error) {
	method, err := compact(r.Method)
	if err != nil {
		return nil, err
	}
	return compact(requestJSON{typeRequest, method, &r.URI, r.Headers, r.Content, r.TokenSource, r.Asynchronous, r.Retry, r.Timeout})
}

// UnmarshalJSON reads it. A method that is no text is GET, and 202 is asked after if nothing is said of it, as in the reference.
func (r *Request) UnmarshalJSON(data []byte) error {
	j := requestJSON{Asynchronous: true}
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	method := "GET"
	if len(j.Method) > 0 && j.Method[0] == '"' {
		if err := json.Unmarshal(j.Method, &method); err != nil {
			return err
		}
	}
	*r = Request{method, orEmpty(j.URI), j.Headers, j.Content, j.TokenSource, j.Asynchronous, j.Retry, j.Timeout}
	return nil
}

// compact is json.Marshal without escapes for the sake of HTML, which .NET does not write.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}
