package account

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
)

// Blob is a block blob of a container.
type Blob struct {
	container *Container
	name      string
	client    *blockblob.Client
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

// Name returns the name of the blob.
func (b *Blob) Name() string { return b.name }

// URL returns the address of the blob, without anything that authorises.
func (b *Blob) URL() string { return b.container.a.connection.BlobEndpoint() + b.path() }

// Lease gives access to the lease on the blob.
func (b *Blob) Lease() Lease { return Lease{a: b.container.a, resource: b.resource(), blob: b.client} }

// Put writes the blob in one request and returns its ETag. It is not repeated after an ambiguous failure.
func (b *Blob) Put(ctx context.Context, content []byte, o PutOptions) (etag string, err error) {
	upload := blockblob.UploadOptions{
		HTTPHeaders:      &blob.HTTPHeaders{},
		Metadata:         make(map[string]*string, len(o.Metadata)),
		AccessConditions: withLease(o.LeaseID),
	}
	conditions := &blob.ModifiedAccessConditions{}
	if o.IfAbsent {
		conditions.IfNoneMatch = new(azcore.ETagAny)
	}
	if o.IfMatch != "" {
		conditions.IfMatch = new(azcore.ETag(o.IfMatch))
	}
	upload.AccessConditions.ModifiedAccessConditions = conditions
	if o.ContentType != "" {
		upload.HTTPHeaders.BlobContentType = &o.ContentType
	}
	if o.ContentEncoding != "" {
		upload.HTTPHeaders.BlobContentEncoding = &o.ContentEncoding
	}
	for name, value := range o.Metadata {
		if !isMetadata(name, value) {
			return "", fmt.Errorf("put %s: metadata %q has no fitting name or value", b.resource(), name)
		}
		upload.Metadata[name] = &value
	}
	_, err = b.do(ctx, &request{kind: "put blob", call: func(ctx context.Context) error {
		resp, err := b.client.Upload(ctx, body{bytes.NewReader(content)}, &upload)
		etag = string(valueOf(resp.ETag))
		return err
	}})
	return etag, err
}

const metadataPrefix = "X-Ms-Meta-"

func isMetadata(name, value string) bool {
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }
	return name != "" && !strings.ContainsFunc(name, odd) && strings.TrimSpace(value) == value &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}

// Get reads the blob. [NotFound] if it, or its container, is not there.
func (b *Blob) Get(ctx context.Context) (BlobContent, error) {
	answer, err := b.do(ctx, &request{kind: "get blob", repeat: true, call: func(ctx context.Context) error {
		_, err := b.client.DownloadStream(ctx, nil) // the policy has read it to its end
		return err
	}})
	if err != nil {
		return BlobContent{}, err
	}
	return BlobContent{propertiesOf(answer.header), answer.body}, nil
}

// Properties reads what is known of the blob without its content. [NotFound] if it, or its container, is not there.
func (b *Blob) Properties(ctx context.Context) (BlobProperties, error) {
	answer, err := b.do(ctx, &request{kind: "get blob properties", repeat: true, call: func(ctx context.Context) error {
		_, err := b.client.GetProperties(ctx, nil)
		return err
	}})
	if err != nil {
		return BlobProperties{}, err
	}
	return propertiesOf(answer.header), nil
}

// Delete removes the blob of exactly this name and reports whether it was there. While it is leased, leaseID must be the lease's.
func (b *Blob) Delete(ctx context.Context, leaseID string) (bool, error) {
	// It is repeated, because names are never used twice, and what is deleted stays so.
	_, err := b.do(ctx, &request{kind: "delete blob", repeat: true, call: func(ctx context.Context) error {
		_, err := b.client.Delete(ctx, &blob.DeleteOptions{AccessConditions: withLease(leaseID)})
		return err
	}})
	return wasThere(err)
}

// propertiesOf reads headers: the SDK has a type for each request that shows them, and metadata names in whatever case they came.
func propertiesOf(h http.Header) BlobProperties {
	p := BlobProperties{
		ETag: h.Get("ETag"), ContentType: h.Get("Content-Type"), ContentEncoding: h.Get("Content-Encoding"),
		Leased: h.Get("X-Ms-Lease-State") == string(lease.StateTypeLeased),
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

func withLease(id string) *blob.AccessConditions {
	if id == "" {
		return &blob.AccessConditions{}
	}
	return &blob.AccessConditions{LeaseAccessConditions: &blob.LeaseAccessConditions{LeaseID: &id}}
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

func (b *Blob) do(ctx context.Context, r *request) (*reply, error) {
	r.service, r.resource = blobService, b.resource()
	return b.container.a.do(ctx, r)
}
