package azuretest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// condition checks If-Match, If-None-Match and the dates against a blob, which is nil or uncommitted when there is none.
func (x *exchange) condition(b *blob, read bool) *serviceError {
	exists := b != nil && b.committed
	match, none := x.Header.Get("If-Match"), x.Header.Get("If-None-Match")
	has := func(list string) bool {
		return exists && (list == "*" || slices.Contains(strings.Split(strings.ReplaceAll(list, " ", ""), ","), blobETag(b.tick)))
	}
	date := func(header string) (time.Time, bool) {
		t, err := http.ParseTime(x.Header.Get(header))
		return t, err == nil && exists
	}
	if match != "" && !has(match) {
		return errBlobCondition
	}
	if t, ok := date("If-Unmodified-Since"); ok && b.modified.Truncate(time.Second).After(t) {
		return errBlobCondition
	}
	since, hasSince := date("If-Modified-Since")
	if none != "" && has(none) || none == "" && hasSince && !b.modified.Truncate(time.Second).After(since) {
		switch {
		case read:
			return errBlobNotModified
		case none == "*":
			return errBlobExists
		}
		return errBlobCondition
	}
	return nil
}

// writable returns the blob to write, a new one when there is none, once lease and conditions allow it.
func (x *exchange) writable(c *container) (*blob, *serviceError) {
	b := c.blobs[x.Key]
	if f := x.condition(b, false); f != nil {
		return nil, f
	}
	if b == nil {
		b = &blob{name: x.Key}
	}
	return b, b.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Blob", true, x.now)
}

// readable checks lease and conditions of a read.
func (x *exchange) readable(b *blob) *serviceError {
	if f := x.condition(b, true); f != nil {
		return f
	}
	return b.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Blob", false, x.now)
}
