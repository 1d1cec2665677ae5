package durablehttp

import (
	"encoding/json"
	"net/http"
	"slices"
)

// Response is the result of the activity.
type Response struct {
	StatusCode int
	Headers    Headers
	Content    string
}

type responseJSON struct {
	StatusCode int     `json:"statusCode"`
	Headers    Headers `json:"headers"`
	Content    *string `json:"content"`
}

// MarshalJSON writes the response.
func (r Response) MarshalJSON() ([]byte, error) {
	return compact(responseJSON{r.StatusCode, r.Headers, &r.Content})
}

// UnmarshalJSON reads it. No content is the empty one.
func (r *Response) UnmarshalJSON(data []byte) error {
	var j responseJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*r = Response{j.StatusCode, j.Headers, orEmpty(j.Content)}
	return nil
}

// contentHeaders are those that .NET counts to the content. The reference does not store them, so an orchestrator must not get them from one engine and
// not from the other.
func contentHeaders() []string {
	return []string{
		"Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Md5", "Content-Range",
		"Content-Type", "Expires", "Last-Modified",
	}
}

// storedHeaders returns the headers that are stored of an answer, in order of their names.
func storedHeaders(answer *http.Response) Headers {
	all := answer.Header.Clone()
	for _, name := range contentHeaders() {
		delete(all, name)
	}
	// Go takes it out of the headers, .NET leaves it in.
	if len(answer.TransferEncoding) > 0 && all["Transfer-Encoding"] == nil {
		if all == nil {
			all = make(http.Header)
		}
		all["Transfer-Encoding"] = slices.Clone(answer.TransferEncoding)
	}
	return HeadersOf(all)
}
