package account

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
)

// MaxBlobPage is how many blobs a page has at most.
const MaxBlobPage = 5000

// Container is a container of blobs of the account.
type Container struct {
	a      *Account
	name   string
	client *container.Client
}

// Name returns the name of the container.
func (c *Container) Name() string { return c.name }

// URL returns the address of the container, without anything that authorises.
func (c *Container) URL() string { return c.a.connection.BlobEndpoint() + c.path() }

// Blob gives access to a blob, whether it exists or not.
func (c *Container) Blob(name string) *Blob { return &Blob{c, name, c.client.NewBlockBlobClient(name)} }

// Lease gives access to the lease on the container.
func (c *Container) Lease() Lease { return Lease{a: c.a, resource: c.resource(), container: c.client} }

// Create makes the container and reports whether it did so; false if it was there (or an earlier try, whose answer was lost, made it).
// A container of that name that is being deleted is waited for, up to two minutes.
func (c *Container) Create(ctx context.Context) (bool, error) {
	_, err := c.do(ctx, &request{kind: "create container", repeat: true, call: func(ctx context.Context) error {
		_, err := c.client.Create(ctx, nil)
		return err
	}})
	if AlreadyExists(err) {
		return false, nil
	}
	return err == nil, err
}

// Exists reports whether the container is there.
func (c *Container) Exists(ctx context.Context) (bool, error) {
	_, err := c.do(ctx, &request{kind: "look for container", repeat: true, call: func(ctx context.Context) error {
		_, err := c.client.GetProperties(ctx, nil)
		return err
	}})
	return wasThere(err)
}

// Delete removes the container with all its blobs and reports whether it was there. While it is leased, leaseID must be the lease's.
func (c *Container) Delete(ctx context.Context, leaseID string) (bool, error) {
	var o container.DeleteOptions
	if leaseID != "" {
		o.AccessConditions = &container.AccessConditions{LeaseAccessConditions: &container.LeaseAccessConditions{LeaseID: &leaseID}}
	}
	_, err := c.do(ctx, &request{kind: "delete container", repeat: true, call: func(ctx context.Context) error {
		_, err := c.client.Delete(ctx, &o)
		return err
	}})
	if beingDeleted(as(err).Code) {
		return true, nil
	}
	return wasThere(err)
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
func (c *Container) List(ctx context.Context, prefix, next string, top int) (page BlobPage, err error) {
	var o container.ListBlobsFlatOptions
	if prefix != "" {
		o.Prefix = &prefix
	}
	if next != "" {
		o.Marker = &next
	}
	if top > 0 {
		o.MaxResults = new(int32(min(top, MaxBlobPage)))
	}
	_, err = c.do(ctx, &request{kind: "list blobs", repeat: true, call: func(ctx context.Context) error {
		resp, err := c.client.NewListBlobsFlatPager(&o).NextPage(ctx)
		if err != nil {
			return err
		}
		page = BlobPage{Next: valueOf(resp.NextMarker)}
		if resp.Segment == nil {
			return nil
		}
		for _, b := range resp.Segment.BlobItems {
			info := BlobInfo{Name: valueOf(b.Name)}
			if p := b.Properties; p != nil {
				info.ETag, info.Size, info.LastModified = quotedETag(string(valueOf(p.ETag))), valueOf(p.ContentLength), valueOf(p.LastModified)
				info.Leased = valueOf(p.LeaseState) == lease.StateTypeLeased
			}
			page.Blobs = append(page.Blobs, info)
		}
		return nil
	}})
	return page, err
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

func (c *Container) do(ctx context.Context, r *request) (*reply, error) {
	r.service, r.resource = blobService, c.resource()
	return c.a.do(ctx, r)
}
