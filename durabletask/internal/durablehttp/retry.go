package durablehttp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Retry is what is stored of a request's retries. The orchestrator makes them; the activity learns from it which answers are failures.
type Retry struct {
	First, Max  TimeSpan
	Backoff     float64
	Total       TimeSpan
	MaxAttempts int
	StatusCodes []int
}

const typeRetry = "Microsoft.Azure.WebJobs.Extensions.DurableTask.HttpRetryOptions, Microsoft.Azure.WebJobs.Extensions.DurableTask"

type retryJSON struct {
	Type        string   `json:"$type,omitempty"`
	First       TimeSpan `json:"FirstRetryInterval"`
	Max         TimeSpan `json:"MaxRetryInterval"`
	Backoff     double   `json:"BackoffCoefficient"`
	Total       TimeSpan `json:"RetryTimeout"`
	MaxAttempts int      `json:"MaxNumberOfAttempts"`
	StatusCodes []int    `json:"StatusCodesToRetry"`
}

// double is a number that .NET writes with a decimal point.
type double float64

func (d double) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(float64(d))
	if err == nil && !bytes.ContainsAny(text, ".e") {
		text = append(text, '.', '0')
	}
	return text, err
}

// MarshalJSON writes the retries.
func (r Retry) MarshalJSON() ([]byte, error) {
	if r.StatusCodes == nil {
		r.StatusCodes = []int{}
	}
	return compact(retryJSON{typeRetry, r.First, r.Max, double(r.Backoff), r.Total, r.MaxAttempts, r.StatusCodes})
}

// UnmarshalJSON reads them.
func (r *Retry) UnmarshalJSON(data []byte) error {
	var j retryJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*r = Retry{j.First, j.Max, float64(j.Backoff), j.Total, j.MaxAttempts, j.StatusCodes}
	return nil
}

// refuses makes a failure of an answer that is to be asked for again. Without retries every answer is good (ext: TaskHttpActivityShim).
func (r *Retry) refuses(answer *http.Response) *CallError {
	code := answer.StatusCode
	switch {
	case r == nil:
		return nil
	case len(r.StatusCodes) > 0:
		if slices.Contains(r.StatusCodes, code) {
			return &CallError{Kind: KindNoAnswer, Message: fmt.Sprintf("Status code %d received, retry requested.", code)}
		}
		return nil
	case code >= 200 && code <= 299:
		return nil
	}
	reason := strings.TrimSpace(strings.TrimPrefix(answer.Status, strconv.Itoa(code)))
	if reason == "" {
		reason = http.StatusText(code)
	}
	return &CallError{Kind: KindNoAnswer, Message: fmt.Sprintf("Response status code does not indicate success: %d (%s).", code, reason)}
}
