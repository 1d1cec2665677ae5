package handler

import (
	"fmt"
	"net/http"

	"github.com/azdurable/azdurable/bindings"
)

// limitBody refuses bodies of more than limit bytes: at once if they are announced, else when reading fails with an *http.MaxBytesError, which becomes
// 413. A negative limit is none.
func limitBody(limit int64, next http.Handler) http.Handler {
	if limit < 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > limit {
			bindings.WriteError(w, &http.MaxBytesError{Limit: limit})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// bodyLimit is the limit of a function, or the server's if it has none of its own.
func bodyLimit(function, server int64) int64 {
	if function != 0 {
		return function
	}
	return server
}

// An invocation is larger than what it carries: text within text escapes its quotes, bytes are in base64, and members of messages come twice.
const (
	envelopeFactor = 4
	envelopeExtra  = 1 << 20
)

func envelopeLimit(body int64) int64 {
	const most = 1 << 40
	if body < 0 || body > most {
		return -1
	}
	return envelopeFactor*body + envelopeExtra
}

// tooLarge says what to do about an invocation over the limit.
func tooLarge(limit int64) error {
	return fmt.Errorf("%w (%d bytes in JSON); send where the data is, or raise the limit with -max-body, or for one function with bindings.MaxBody",
		&http.MaxBytesError{Limit: limit}, limit)
}
