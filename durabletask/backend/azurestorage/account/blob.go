package account

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Blob is a block blob of a container.
type Blob struct {
	container *Container
	name      string
}

// PutOptions say how a blob is written. The zero value writes it whatever was there.
type PutOptions struct {
	// IfAbsent writes only a blob that is not there; otherwise [AlreadyExists].
	IfAbsent bool
	// IfMatch writes only over the blob that has this ETag; otherwise [PreconditionFailed].
	IfMatch string
	// LeaseID is that of the lease on the blob, if it has one.
	LeaseID string
	// ContentType and ContentEncoding are what readers get to see.
	ContentType, ContentEncoding string
	// Metadata are further names and values; the names are lower-case letters and digits, the values printable ASCII.
	Metadata map[string]string
}

// BlobContent is a blob as it was read.
type BlobContent struct {
	BlobProperties
	Content []byte
}

// BlobProperties are what is known of a blob without its content.
type BlobProperties struct {
	ETag                         string
	LastModified                 time.Time
	ContentType, ContentEncoding string
	// Leased reports whether somebody has a lease on it.
	Leased   bool
	Metadata map[string]string
}

const leased = "leased"

// Name returns the name of the blob.
func (b *Blob) Name() string { return b.name }

// URL returns the address of the blob, without anything that authorises.
func (b *Blob) URL() string { return b.container.a.connection.BlobEndpoint() + b.path() }

// Lease gives access to the lease on the blob.
func (b *Blob) Lease() Lease { return Lease{b.container.a, b.path(), "comp=lease", b.resource()} }

// Put writes the blob in one request and returns its ETag. It is not repeated after an ambiguous failure.
func (b *Blob) Put(ctx context.Context, content []byte, o PutOptions) (etag string, err error) {
	r := b.request("put blob", http.MethodPut, http.StatusCreated)
	r.body, r.content = content, o.ContentType
	if content == nil {
		r.body = []byte{}
	}
	if r.content == "" {
		r.content = "application/octet-stream"
	}
	r.headers = []header{{"X-Ms-Blob-Type", "BlockBlob"}}
	if o.ContentEncoding != "" {
		r.headers = append(r.headers, header{"X-Ms-Blob-Content-Encoding", o.ContentEncoding})
	}
	if o.IfAbsent {
		r.headers = append(r.headers, header{"If-None-Match", "*"})
	}
	if o.IfMatch != "" {
		r.headers = append(r.headers, header{"If-Match", o.IfMatch})
	}
	r.headers = withLease(r.headers, o.LeaseID)
	names := make([]string, 0, len(o.Metadata))
	for name := range o.Metadata {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if value := o.Metadata[name]; !isMetadata(name, value) {
			return "", fmt.Errorf("put %s: metadata %q has no fitting name or value", b.resource(), name)
		}
		r.headers = append(r.headers, header{metadataPrefix + name, o.Metadata[name]})
	}
	answer, err := b.container.a.do(ctx, r)
	if err != nil {
		return "", err
	}
	return answer.header.Get("Etag"), nil
}

const metadataPrefix = "X-Ms-Meta-"

func isMetadata(name, value string) bool {
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }
	return name != "" && !strings.ContainsFunc(name, odd) && strings.TrimSpace(value) == value &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}

// Get reads the blob. [NotFound] if it, or its container, is not there.
func (b *Blob) Get(ctx context.Context) (BlobContent, error) {
	r := b.request("get blob", http.MethodGet, http.StatusOK)
	r.repeat = true
	answer, err := b.container.a.do(ctx, r)
	if err != nil {
		return BlobContent{}, err
	}
	return BlobContent{propertiesOf(answer.header), answer.body}, nil
}

// Properties reads what is known of the blob without its content. [NotFound] if it, or its container, is not there.
func (b *Blob) Properties(ctx context.Context) (BlobProperties, error) {
	r := b.request("get blob properties", http.MethodHead, http.StatusOK)
	r.repeat = true
	answer, err := b.container.a.do(ctx, r)
	if err != nil {
		return BlobProperties{}, err
	}
	return propertiesOf(answer.header), nil
}

// Delete removes the blob of exactly this name and reports whether it was there. While it is leased, leaseID must be the lease's.
func (b *Blob) Delete(ctx context.Context, leaseID string) (bool, error) {
	r := b.request("delete blob", http.MethodDelete, http.StatusAccepted, http.StatusNotFound)
	r.repeat = true // names are never used twice, and what is deleted stays so
	r.headers = withLease(nil, leaseID)
	answer, err := b.container.a.do(ctx, r)
	return err == nil && answer.status == http.StatusAccepted, err
}

func propertiesOf(h http.Header) BlobProperties {
	p := BlobProperties{
		ETag: h.Get("Etag"), ContentType: h.Get("Content-Type"), ContentEncoding: h.Get("Content-Encoding"), Leased: h.Get("X-Ms-Lease-State") == leased,
	}
	p.LastModified, _ = http.ParseTime(h.Get("Last-Modified"))
	for name, values := range h {
		if key, ok := strings.CutPrefix(http.CanonicalHeaderKey(name), metadataPrefix); ok && len(values) > 0 {
			if p.Metadata == nil {
				p.Metadata = map[string]string{}
			}
			p.Metadata[strings.ToLower(key)] = values[0]
		}
	}
	return p
}

func withLease(headers []header, id string) []header {
	if id == "" {
		return headers
	}
	return append(headers, header{"X-Ms-Lease-Id", id})
}

// path escapes all but letters, digits and -._~ of each part of the name, as the addresses that stand in rows do.
func (b *Blob) path() string {
	var p strings.Builder
	p.WriteString(b.container.path())
	p.WriteByte('/')
	for _, c := range []byte(b.name) {
		if c == '/' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			p.WriteByte(c)
		} else {
			fmt.Fprintf(&p, "%%%02X", c)
		}
	}
	return p.String()
}

func (b *Blob) resource() string { return "blob " + strconv.Quote(b.container.name+"/"+b.name) }

func (b *Blob) request(kind, method string, accept ...int) *request {
	return &request{kind: kind, resource: b.resource(), service: blobService, method: method, path: b.path(), accept: accept}
}
