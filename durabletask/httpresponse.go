package durabletask

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/internal/durablehttp"
)

// HTTPResponse is the answer to a durable HTTP call.
type HTTPResponse struct {
	// StatusCode is any status; a status that is not 2xx is no error, unless the request has a RetryPolicy.
	StatusCode int
	// Header has canonical names. What HTTP counts to the content is not in it (Content-Type, Content-Length, Expires, Last-Modified and the like), because
	// the reference does not store it.
	Header http.Header
	// Content is the body as text. Bytes that are not text in the answer's charset are U+FFFD.
	Content string
}

// MarshalJSON writes the response as the Durable Functions extension stores it.
func (r HTTPResponse) MarshalJSON() ([]byte, error) {
	return durablehttp.Response{StatusCode: r.StatusCode, Headers: durablehttp.HeadersOf(r.Header), Content: r.Content}.MarshalJSON()
}

// UnmarshalJSON reads a stored response.
func (r *HTTPResponse) UnmarshalJSON(data []byte) error {
	var s durablehttp.Response
	if err := s.UnmarshalJSON(data); err != nil {
		return err
	}
	*r = HTTPResponse{StatusCode: s.StatusCode, Header: s.Headers.HTTP(), Content: s.Content}
	return nil
}

// retryAfter is how long a 202 asks to wait.
//
// Differs from DTFx: a date counts, too, and what is neither a date nor seconds is as if it were not there; there both fail the orchestration.
func (r *HTTPResponse) retryAfter(now time.Time, otherwise time.Duration) time.Duration {
	text := strings.TrimSpace(r.Header.Get("Retry-After"))
	if s, err := strconv.Atoi(text); err == nil && s <= math.MaxInt32 {
		return max(0, time.Duration(s)*time.Second)
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	return otherwise
}
