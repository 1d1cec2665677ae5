package azuretest

import (
	"bytes"
	"crypto/md5" //nolint:gosec // it is the checksum that the service writes
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	errBlobExists          = &Failure{http.StatusConflict, "BlobAlreadyExists", "The specified blob already exists."}
	errBlobNotFound        = &Failure{http.StatusNotFound, "BlobNotFound", "The specified blob does not exist."}
	errBlobCondition       = &Failure{http.StatusPreconditionFailed, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."}
	errBlobNotModified     = &Failure{http.StatusNotModified, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."}
	errInvalidRange        = &Failure{http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range specified is invalid for the current size of the resource."}
	errMD5Mismatch         = &Failure{http.StatusBadRequest, "Md5Mismatch", "The MD5 value specified in the request did not match with the MD5 value calculated by the server."}
	errInvalidBlockList    = &Failure{http.StatusBadRequest, "InvalidBlockList", "The specified block list is invalid."}
	errBlobNameLength      = &Failure{http.StatusBadRequest, "OutOfRangeInput", "The specified resource name length is not within the permissible limits."}
	errOnlyBlockBlobs      = &Failure{http.StatusNotImplemented, "NotImplemented", "Only block blobs are implemented here."}
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
func (x *exchange) routeBlob(comp string) *Failure {
	if utf16Len(x.Key) > maxBlobName {
		return errBlobNameLength
	}
	read := x.method == http.MethodGet || x.method == http.MethodHead
	switch {
	case comp == "" && x.method == http.MethodPut:
		x.Op, x.effect = OpPutBlob, x.withContainer(x.putBlob)
		if kind := x.Header.Get("X-Ms-Blob-Type"); kind == "" {
			return errMissingHeader
		} else if kind != "BlockBlob" {
			return errOnlyBlockBlobs
		}
		if sum := x.Header.Get("Content-Md5"); sum != "" && sum != checksum(x.Body) {
			return errMD5Mismatch
		}
	case comp == "" && x.method == http.MethodGet:
		x.Op, x.effect = OpGetBlob, x.withBlob(x.getBlob)
	case (comp == "" || comp == "metadata") && read:
		x.Op, x.effect = OpGetBlobHeaders, x.withBlob(x.getBlobHeaders)
	case comp == "" && x.method == http.MethodDelete:
		x.Op, x.effect = OpDeleteBlob, x.withBlob(x.deleteBlob)
	case comp == "metadata" && x.method == http.MethodPut:
		x.Op, x.effect = OpSetBlobMetadata, x.withBlob(x.setBlobMetadata)
	case comp == "block" && x.method == http.MethodPut:
		x.Op, x.effect = OpPutBlock, x.withContainer(x.putBlock)
		if _, err := base64.StdEncoding.DecodeString(x.Query.Get("blockid")); err != nil || x.Query.Get("blockid") == "" {
			return errInvalidQuery
		}
	case comp == "blocklist" && x.method == http.MethodPut:
		x.Op, x.effect = OpPutBlockList, x.withContainer(x.putBlockList)
	case comp == "lease" && x.method == http.MethodPut:
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

// condition checks If-Match, If-None-Match and the dates against a blob, which is nil or uncommitted when there is none.
func (x *exchange) condition(b *blob, read bool) *Failure {
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
func (x *exchange) writable(c *container) (*blob, *Failure) {
	b := c.blobs[x.Key]
	if f := x.condition(b, false); f != nil {
		return nil, f
	}
	if b == nil {
		b = &blob{name: x.Key}
	}
	return b, b.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Blob", true, x.now)
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
		if v := x.Header.Get("x-ms-blob-" + name); v != "" {
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

func (x *exchange) putBlock(c *container) *response {
	b := c.blobs[x.Key]
	if b == nil {
		b = &blob{name: x.Key}
	}
	if f := b.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Blob", true, x.now); f != nil {
		return x.fail(f)
	}
	if b.blocks == nil {
		b.blocks = map[string][]byte{}
	}
	b.blocks[x.Query.Get("blockid")] = x.Body
	c.blobs[b.name] = b
	return respond(http.StatusCreated, "x-ms-request-server-encrypted", "true")
}

func (x *exchange) putBlockList(c *container) *response {
	b, f := x.writable(c)
	if f != nil {
		return x.fail(f)
	}
	var content []byte
	list := map[string][]byte{}
	d := xml.NewDecoder(bytes.NewReader(x.Body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return x.fail(errInvalidXML)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local == "BlockList" {
			continue
		}
		var id string
		if err := d.DecodeElement(&id, &start); err != nil {
			return x.fail(errInvalidXML)
		}
		block, uncommitted := b.blocks[id]
		old, committed := b.list[id]
		switch kind := start.Name.Local; {
		case uncommitted && (kind == "Latest" || kind == "Uncommitted"):
		case committed && (kind == "Latest" || kind == "Committed"):
			block = old
		default:
			return x.fail(errInvalidBlockList)
		}
		list[id] = block
		content = append(content, block...)
	}
	b.list = list
	return x.written(c, b, content)
}

// describe writes the headers that an answer about a blob has.
func (x *exchange) describe(b *blob, res *response) *response {
	h := b.stamp(res).header
	for name, v := range b.headers {
		h.Set(name, v)
	}
	writeMetadata(h, b.metadata)
	b.lease.headers(h, x.now)
	h["X-Ms-Blob-Type"], h["X-Ms-Server-Encrypted"] = []string{"BlockBlob"}, []string{"true"}
	h["X-Ms-Creation-Time"] = []string{b.created.UTC().Format(http.TimeFormat)}
	h["Accept-Ranges"] = []string{"bytes"}
	return res
}

// readable checks lease and conditions of a read.
func (x *exchange) readable(b *blob) *Failure {
	if f := x.condition(b, true); f != nil {
		return f
	}
	return b.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Blob", false, x.now)
}

func (x *exchange) getBlob(_ *container, b *blob) *response {
	if f := x.readable(b); f != nil {
		return x.fail(f)
	}
	spec := x.Header.Get("X-Ms-Range")
	if spec == "" {
		spec = x.Header.Get("Range")
	}
	from, to, ok := parseRange(spec, len(b.content))
	if !ok {
		res := x.fail(errInvalidRange)
		res.header.Set("Content-Range", "bytes */"+strconv.Itoa(len(b.content)))
		return res
	}
	status := http.StatusOK
	if spec != "" {
		status = http.StatusPartialContent
	}
	res := x.describe(b, respond(status, "Content-Length", strconv.Itoa(to-from)))
	if spec != "" {
		res.header.Set("Content-Range", "bytes "+strconv.Itoa(from)+"-"+strconv.Itoa(to-1)+"/"+strconv.Itoa(len(b.content)))
	}
	switch {
	case b.md5 == "":
	case spec == "":
		res.header.Set("Content-MD5", b.md5)
	default:
		res.header.Set("x-ms-blob-content-md5", b.md5)
	}
	res.body = b.content[from:to]
	return res
}

// parseRange reads bytes=from-to; to is exclusive in what it returns. No range is the whole.
func parseRange(spec string, size int) (from, to int, ok bool) {
	if spec == "" {
		return 0, size, true
	}
	first, last, ok := strings.Cut(strings.TrimPrefix(spec, "bytes="), "-")
	from, err := strconv.Atoi(first)
	if !ok || err != nil || from < 0 || from >= size {
		return 0, 0, false
	}
	if last == "" {
		return from, size, true
	}
	to, err = strconv.Atoi(last)
	if err != nil || to < from {
		return 0, 0, false
	}
	return from, min(to+1, size), true
}

func (x *exchange) getBlobHeaders(_ *container, b *blob) *response {
	if f := x.readable(b); f != nil {
		return x.fail(f)
	}
	res := x.describe(b, respond(http.StatusOK, "Content-Length", strconv.Itoa(len(b.content))))
	if b.md5 != "" {
		res.header.Set("Content-MD5", b.md5)
	}
	return res
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

func (x *exchange) listBlobs(c *container) *response {
	delimiter, prefix := x.Query.Get("delimiter"), x.Query.Get("prefix")
	// A name behind the delimiter stands for all names that begin alike.
	entries := map[string]*blob{}
	for name, b := range c.blobs {
		if !strings.HasPrefix(name, prefix) || !b.committed {
			continue
		}
		if rest := name[len(prefix):]; delimiter != "" && strings.Contains(rest, delimiter) {
			before, _, _ := strings.Cut(rest, delimiter)
			entries[prefix+before+delimiter] = nil
			continue
		}
		entries[name] = b
	}
	names, next, f := x.page(slices.Collect(maps.Keys(entries)))
	if f != nil {
		return x.fail(f)
	}
	var out bytes.Buffer
	x.startList(&out, ` ContainerName="`+c.name+`"`)
	out.WriteString("<Blobs>")
	for _, name := range names {
		b := entries[name]
		if b == nil {
			out.WriteString("<BlobPrefix>")
			element(&out, "Name", name)
			out.WriteString("</BlobPrefix>")
			continue
		}
		x.listBlob(&out, b)
	}
	out.WriteString("</Blobs>")
	return x.endList(&out, next)
}

func (x *exchange) listBlob(out *bytes.Buffer, b *blob) {
	out.WriteString("<Blob>")
	element(out, "Name", b.name)
	out.WriteString("<Properties>")
	element(out, "Creation-Time", b.created.UTC().Format(http.TimeFormat))
	element(out, "Last-Modified", b.modified.UTC().Format(http.TimeFormat))
	element(out, "Etag", strings.Trim(blobETag(b.tick), `"`))
	element(out, "Content-Length", strconv.Itoa(len(b.content)))
	element(out, "Content-Type", b.headers["Content-Type"])
	element(out, "Content-Encoding", b.headers["Content-Encoding"])
	if b.md5 != "" {
		element(out, "Content-MD5", b.md5)
	}
	element(out, "BlobType", "BlockBlob")
	b.lease.elements(out, x.now)
	out.WriteString("<ServerEncrypted>true</ServerEncrypted></Properties>")
	if slices.Contains(x.include(), "metadata") {
		metadataXML(out, b.metadata)
	}
	out.WriteString("</Blob>")
}
