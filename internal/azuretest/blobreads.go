package azuretest

import (
	"net/http"
	"strconv"
	"strings"
)

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
		res.header.Set("X-Ms-Blob-Content-Md5", b.md5)
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
