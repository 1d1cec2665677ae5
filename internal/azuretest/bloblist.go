package azuretest

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

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
