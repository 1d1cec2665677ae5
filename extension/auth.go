package extension

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/azdurable/azdurable/bindings"
)

// lock says who may come in.
type lock struct {
	open   bool // the app has no key: everyone may
	key    [sha256.Size]byte
	signer *bindings.Signer // nil if links are not signed
}

func newLock(key string, signer *bindings.Signer) lock {
	return lock{open: key == "", key: sha256.Sum256([]byte(key)), signer: signer}
}

// fits reports whether a text is the key. The time it takes tells nothing of the key.
func (l *lock) fits(text string) bool {
	given := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(l.key[:], given[:]) == 1
}

// admits reports whether a request may be answered: it has the key, or no key but a signature for the instance, and the endpoint
// takes it. In the second case the call is bound to exactly the id that is signed, for a path can be read as two ids.
func (l *lock) admits(c *call, r *http.Request) bool {
	if l.open {
		return true
	}
	if key := presented(r, c.query); key != "" || l.signer == nil {
		return l.fits(key)
	}
	signature, _ := c.query.text("sig")
	if c.route == nil || !c.route.signed {
		return false
	}
	named := &c.path[c.route.instance()]
	for _, id := range []string{named.text, named.once} {
		if l.signer.Signed(c.hub, id, signature) {
			*named = segment{id, id}
			return true
		}
	}
	return false
}

// Authorize lets requests through to next that have the app's key, and all of them if it has none. Others get 401.
func (e *Extension) Authorize(next http.Handler) http.Handler {
	l := newLock(e.key, nil)
	if l.open {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.fits(presented(r, parseQuery(r.URL.RawQuery))) {
			empty(w, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// keyHeader is the header that carries a key.
const keyHeader = "X-Functions-Key"

// presented is the key that a request comes with: the header goes before the query.
func presented(r *http.Request, q query) string {
	if key := r.Header.Get(keyHeader); key != "" {
		return key
	}
	code, _ := q.text("code")
	return code
}
