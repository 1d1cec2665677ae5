package bindings

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// Signer makes and checks the signatures that links to one instance can carry in place of the app's key. Whoever has such a link can do with
// that instance what the management API offers, and nothing else. A signature is good for as long as the app's key stays the same, also for
// a later instance with the same id.
type Signer struct{ key []byte }

// signatureUse keeps the key of signatures apart from whatever else may be derived from the app's key some day.
const signatureUse = "azdurable: signature of the links to one instance, 1"

// NewSigner derives the key of signatures from that of the app, which must not be empty: the empty key is known to everyone.
func NewSigner(appKey string) *Signer {
	if appKey == "" {
		panic("bindings: links can't be signed without a key: set AZDURABLE_KEY, or leave AZDURABLE_SIGNED_URLS out")
	}
	m := hmac.New(sha256.New, []byte(appKey))
	_, _ = m.Write([]byte(signatureUse))
	return &Signer{key: m.Sum(nil)}
}

// Sign returns the signature for one instance of a hub. The hub's letter case does not count, as in requests.
func (s *Signer) Sign(hub, instanceID string) string {
	return base64.RawURLEncoding.EncodeToString(s.sum(hub, instanceID))
}

// Signed reports whether a text is the signature for this instance. It takes the same time whatever the text looks like.
func (s *Signer) Signed(hub, instanceID, signature string) bool {
	return subtle.ConstantTimeCompare([]byte(s.Sign(hub, instanceID)), []byte(signature)) == 1
}

// sum goes over the length of the hub's name, too, so that no other hub and id run together to the same text.
func (s *Signer) sum(hub, instanceID string) []byte {
	hub = strings.ToLower(hub)
	m := hmac.New(sha256.New, s.key)
	_, _ = m.Write(binary.BigEndian.AppendUint64(nil, uint64(len(hub))))
	_, _ = m.Write([]byte(hub))
	_, _ = m.Write([]byte(instanceID))
	return m.Sum(nil)
}
