package azuretest

import (
	"crypto/md5" //nolint:gosec // the service writes this checksum
	"encoding/base64"
	"net/http"
	"time"
)

var (
	errBlobExists          = &serviceError{http.StatusConflict, "BlobAlreadyExists", "The specified blob already exists."}
	errBlobNotFound        = &serviceError{http.StatusNotFound, "BlobNotFound", "The specified blob does not exist."}
	errBlobCondition       = &serviceError{http.StatusPreconditionFailed, "ConditionNotMet", "A condition of the request is not met."}
	errBlobNotModified     = &serviceError{http.StatusNotModified, "ConditionNotMet", "A condition of the request is not met."}
	errInvalidRange        = &serviceError{http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range is outside of the blob."}
	errMD5Mismatch         = &serviceError{http.StatusBadRequest, "Md5Mismatch", "The body has another MD5."}
	errInvalidBlockList    = &serviceError{http.StatusBadRequest, "InvalidBlockList", "The specified block list is invalid."}
	errBlobNameLength      = &serviceError{http.StatusBadRequest, "OutOfRangeInput", "The name is too long."}
	errOnlyBlockBlobs      = &serviceError{http.StatusNotImplemented, "NotImplemented", "Only block blobs are implemented here."}
	maxBlobName            = 1024 // UTF-16 units
	blobContentHeaders     = []string{"Content-Type", "Content-Encoding", "Content-Language", "Cache-Control", "Content-Disposition"}
	defaultBlobContentType = "application/octet-stream"
)

// blob is a block blob. content never changes in place; blocks are what was put and not committed yet.
type blob struct {
	name              string
	committed         bool
	content           []byte
	md5               string
	headers, metadata map[string]string
	tick              int64
	created, modified time.Time
	lease             lease
	blocks            map[string][]byte
	list              map[string][]byte // the committed blocks by id
}

// routeBlob finds out what a request wants of a blob, and checks its arguments.
func (x *exchange) routeBlob(comp string) *serviceError {
	if utf16Len(x.Key) > maxBlobName {
		return errBlobNameLength
	}
	read := x.Method == http.MethodGet || x.Method == http.MethodHead
	switch {
	case comp == "" && x.Method == http.MethodPut:
		x.Op, x.effect = OpPutBlob, x.withContainer(x.putBlob)
		if kind := x.Header.Get("X-Ms-Blob-Type"); kind == "" {
			return errMissingHeader
		} else if kind != "BlockBlob" {
			return errOnlyBlockBlobs
		}
		if sum := x.Header.Get("Content-MD5"); sum != "" && sum != checksum(x.Body) {
			return errMD5Mismatch
		}
	case comp == "" && x.Method == http.MethodGet:
		x.Op, x.effect = OpGetBlob, x.withBlob(x.getBlob)
	case (comp == "" || comp == "metadata") && read:
		x.Op, x.effect = OpGetBlobHeaders, x.withBlob(x.getBlobHeaders)
	case comp == "" && x.Method == http.MethodDelete:
		x.Op, x.effect = OpDeleteBlob, x.withBlob(x.deleteBlob)
	case comp == "metadata" && x.Method == http.MethodPut:
		x.Op, x.effect = OpSetBlobMetadata, x.withBlob(x.setBlobMetadata)
	case comp == "block" && x.Method == http.MethodPut:
		x.Op, x.effect = OpPutBlock, x.withContainer(x.putBlock)
		if _, err := base64.StdEncoding.DecodeString(x.Query.Get("blockid")); err != nil || x.Query.Get("blockid") == "" {
			return errInvalidQuery
		}
	case comp == "blocklist" && x.Method == http.MethodPut:
		x.Op, x.effect = OpPutBlockList, x.withContainer(x.putBlockList)
	case comp == "lease" && x.Method == http.MethodPut:
		c, f := x.leaseCall()
		x.Op = OpBlobLease + Op(c.action)
		x.effect = x.withBlob(func(_ *container, b *blob) *response { return x.leaseBlob(b, c) })
		return f
	default:
		return errUnsupportedVerb
	}
	return nil
}

func checksum(content []byte) string {
	sum := md5.Sum(content) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

// withBlob runs do with a committed blob.
func (x *exchange) withBlob(do func(*container, *blob) *response) func() *response {
	return x.withContainer(func(c *container) *response {
		b := c.blobs[x.Key]
		if b == nil || !b.committed {
			return x.fail(errBlobNotFound)
		}
		return do(c, b)
	})
}

// written makes content the blob's. The service knows the checksum of a blob that came in one request, or the one it was told.
func (x *exchange) written(c *container, b *blob, content []byte) *response {
	if !b.committed {
		b.created = x.now
	}
	b.committed, b.content, b.md5, b.blocks = true, content, x.Header.Get("X-Ms-Blob-Content-Md5"), nil
	sum := checksum(x.Body)
	if x.Op == OpPutBlob && b.md5 == "" {
		b.md5 = sum
	}
	b.metadata, b.headers = x.metadata(), map[string]string{"Content-Type": defaultBlobContentType}
	for _, name := range blobContentHeaders {
		if v := x.Header.Get("X-Ms-Blob-" + name); v != "" {
			b.headers[name] = v
		} else if v := x.Header.Get(name); v != "" && x.Op == OpPutBlob {
			b.headers[name] = v
		}
	}
	b.lease.written(x.now)
	b.tick, b.modified = x.s.tick(x.now), x.now
	c.blobs[b.name] = b
	return b.stamp(respond(http.StatusCreated, "Content-MD5", sum, "x-ms-request-server-encrypted", "true"))
}

func (b *blob) stamp(res *response) *response {
	res.header["Etag"] = []string{blobETag(b.tick)}
	res.header["Last-Modified"] = []string{b.modified.UTC().Format(http.TimeFormat)}
	return res
}

func (x *exchange) putBlob(c *container) *response {
	b, f := x.writable(c)
	if f != nil {
		return x.fail(f)
	}
	b.list = nil
	return x.written(c, b, x.Body)
}

func (x *exchange) deleteBlob(c *container, b *blob) *response {
	if _, f := x.writable(c); f != nil {
		return x.fail(f)
	}
	delete(c.blobs, b.name)
	return respond(http.StatusAccepted, "x-ms-delete-type-permanent", "true")
}

func (x *exchange) setBlobMetadata(c *container, b *blob) *response {
	if _, f := x.writable(c); f != nil {
		return x.fail(f)
	}
	b.metadata = x.metadata()
	b.lease.written(x.now)
	b.tick, b.modified = x.s.tick(x.now), x.now
	return b.stamp(respond(http.StatusOK, "x-ms-request-server-encrypted", "true"))
}

func (x *exchange) leaseBlob(b *blob, call leaseCall) *response {
	if f := x.condition(b, false); f != nil {
		return x.fail(f)
	}
	res, f := b.lease.apply(call, x.s.newID, x.now)
	if f != nil {
		return x.fail(f)
	}
	return b.stamp(res)
}
