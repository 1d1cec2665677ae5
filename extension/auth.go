package extension

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// Authorize lets requests through to next that have the app's key, and all of them if it has none. Others get 401.
func (e *Extension) Authorize(next http.Handler) http.Handler { return authorize(e.key, next) }

func authorize(key string, next http.Handler) http.Handler {
	if key == "" {
		return next
	}
	want := sha256.Sum256([]byte(key))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := sha256.Sum256([]byte(presented(r)))
		if subtle.ConstantTimeCompare(want[:], given[:]) != 1 {
			empty(w, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// keyHeader is the header that carries a key.
const keyHeader = "X-Functions-Key"

// presented is the key that a request comes with: the header goes before the query.
func presented(r *http.Request) string {
	if key := r.Header.Get(keyHeader); key != "" {
		return key
	}
	code, _ := parseQuery(r.URL.RawQuery).text("code")
	return code
}
