package account

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// MaxBlobPage is how many blobs a page has at most.
const MaxBlobPage = 5000

// Container is a container of blobs of the account.
type Container struct {
	a    *Account
	name string
}

// Name returns the name of the container.
func (c *Container) Name() string { return c.name }

// URL returns the address of the container, without anything that authorises.
func (c *Container) URL() string { return c.a.connection.BlobEndpoint() + c.path() }

// Blob gives access to a blob, whether it exists or not.
func (c *Container) Blob(name string) *Blob { return &Blob{c, name} }

// Lease gives access to the lease on the container.
func (c *Container) Lease() Lease {
	return Lease{c.a, c.path(), "restype=container&comp=lease", c.resource()}
}

// Create makes the container and reports whether it did so; false if it was there (or an earlier try, whose answer was lost, made it).
// A container of that name that is being deleted is waited for, up to two minutes.
func (c *Container) Create(ctx context.Context) (bool, error) {
	r := c.request("create container", http.MethodPut, "restype=container", http.StatusCreated)
	r.repeat = true
	_, err := c.a.do(ctx, r)
	if AlreadyExists(err) {
		return false, nil
	}
	return err == nil, err
}

// Exists reports whether the container is there.
func (c *Container) Exists(ctx context.Context) (bool, error) {
	r := c.request("look for container", http.MethodHead, "restype=container", http.StatusOK, http.StatusNotFound)
	r.repeat = true
	answer, err := c.a.do(ctx, r)
	return err == nil && answer.status == http.StatusOK, err
}

// Delete removes the container with all its blobs and reports whether it was there. While it is leased, leaseID must be the lease's.
func (c *Container) Delete(ctx context.Context, leaseID string) (bool, error) {
	r := c.request("delete container", http.MethodDelete, "restype=container", http.StatusAccepted, http.StatusNotFound)
	r.repeat = true
	r.headers = withLease(nil, leaseID)
	answer, err := c.a.do(ctx, r)
	if beingDeleted(as(err).Code) {
		return true, nil
	}
	return err == nil && answer.status == http.StatusAccepted, err
}

// BlobInfo is what a list says about a blob.
type BlobInfo struct {
	Name, ETag   string
	Size         int64
	LastModified time.Time
	// Leased reports whether somebody has a lease on it.
	Leased bool
}

// BlobPage is a page of blobs in the order of their names. There may be none although more pages follow.
type BlobPage struct {
	Blobs []BlobInfo
	// Next continues the list; empty on the last page.
	Next string
}

// List returns a page of the blobs whose names begin with prefix; next is that of the page before, or empty. At most top blobs; 0 is [MaxBlobPage].
func (c *Container) List(ctx context.Context, prefix, next string, top int) (BlobPage, error) {
	query := "restype=container&comp=list"
	for _, p := range []struct{ name, value string }{{"prefix", prefix}, {"marker", next}} {
		if p.value != "" {
			query += "&" + p.name + "=" + escapeQuery(p.value)
		}
	}
	if top > 0 {
		query += "&maxresults=" + strconv.Itoa(min(top, MaxBlobPage))
	}
	r := c.request("list blobs", http.MethodGet, query, http.StatusOK)
	r.repeat = true
	var page BlobPage
	r.read = func(answer *reply) (err error) {
		page, err = readBlobs(answer.body)
		return err
	}
	_, err := c.a.do(ctx, r)
	return page, err
}

func readBlobs(doc []byte) (BlobPage, error) {
	var list struct {
		XMLName xml.Name `xml:"EnumerationResults"`
		Blobs   []struct {
			Name struct {
				Encoded bool   `xml:"Encoded,attr"`
				Text    string `xml:",chardata"`
			}
			Properties struct {
				ETag         string `xml:"Etag"`
				Length       int64  `xml:"Content-Length"`
				LastModified string `xml:"Last-Modified"`
				LeaseState   string
			}
		} `xml:"Blobs>Blob"`
		NextMarker string
	}
	if err := xml.Unmarshal(doc, &list); err != nil {
		return BlobPage{}, errCutShort
	}
	page := BlobPage{Next: list.NextMarker}
	for _, b := range list.Blobs {
		info := BlobInfo{Name: b.Name.Text, ETag: quotedETag(b.Properties.ETag), Size: b.Properties.Length, Leased: b.Properties.LeaseState == leased}
		if b.Name.Encoded { // it has characters that XML can't carry
			if name, err := url.PathUnescape(b.Name.Text); err == nil {
				info.Name = name
			}
		}
		info.LastModified, _ = http.ParseTime(b.Properties.LastModified)
		page.Blobs = append(page.Blobs, info)
	}
	return page, nil
}

// quotedETag is the ETag as headers have it; lists leave the quotes out.
func quotedETag(etag string) string {
	if etag == "" || etag[len(etag)-1] == '"' {
		return etag
	}
	return `"` + etag + `"`
}

func (c *Container) path() string { return "/" + url.PathEscape(c.name) }

func (c *Container) resource() string { return "container " + strconv.Quote(c.name) }

func (c *Container) request(kind, method, query string, accept ...int) *request {
	return &request{kind: kind, resource: c.resource(), service: blobService, method: method, path: c.path(), query: query, accept: accept}
}
