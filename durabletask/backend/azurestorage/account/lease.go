package account

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
)

// Limits of leases. Besides these, [ForEver] is possible.
const (
	MinLease = 15 * time.Second
	MaxLease = 60 * time.Second
	// ForEver is the duration of a lease that doesn't end by itself.
	ForEver = -time.Second
)

// Lease is the lease on a blob or on a container. Whoever has it knows its id, which is a GUID that the first owner chose; several may share it.
type Lease struct {
	a        *Account
	resource string
	// One of these is what is leased.
	blob      *blockblob.Client
	container *container.Client
}

// LeaseTimes say since when a lease counts.
type LeaseTimes struct {
	// From is when the service granted or renewed it, by its own clock (whole seconds, rounded down).
	From time.Time
	// LastModified is when the leased thing was last written, by the service's clock.
	LastModified time.Time
}

// Acquire takes the lease under an id for a duration ([MinLease] to [MaxLease] in whole seconds, or [ForEver]). If the lease exists under the same id, it
// begins anew; under another id, [LeaseLost]. [NotFound] if there is nothing to lease.
func (l Lease) Acquire(ctx context.Context, id string, d time.Duration) (LeaseTimes, error) {
	if d != ForEver && (d < MinLease || d > MaxLease) {
		return LeaseTimes{}, fmt.Errorf("acquire lease: %s: for %s: only %s to %s are possible", l.resource, d, MinLease, MaxLease)
	}
	seconds := int32(d / time.Second)
	return l.do(ctx, "acquire lease", true, id,
		func(ctx context.Context, c *lease.BlobClient) error {
			_, err := c.AcquireLease(ctx, seconds, nil)
			return err
		},
		func(ctx context.Context, c *lease.ContainerClient) error {
			_, err := c.AcquireLease(ctx, seconds, nil)
			return err
		})
}

// Renew begins the lease anew. It succeeds even after the lease is over, if nobody took it or wrote meanwhile. [LeaseLost] if it is no longer ours.
func (l Lease) Renew(ctx context.Context, id string) (LeaseTimes, error) {
	return l.do(ctx, "renew lease", true, id,
		func(ctx context.Context, c *lease.BlobClient) error { _, err := c.RenewLease(ctx, nil); return err },
		func(ctx context.Context, c *lease.ContainerClient) error {
			_, err := c.RenewLease(ctx, nil)
			return err
		})
}

// Change gives an active lease another id, and begins it anew. [LeaseLost] if it has neither of them.
func (l Lease) Change(ctx context.Context, id, to string) (LeaseTimes, error) {
	return l.do(ctx, "change lease", true, id,
		func(ctx context.Context, c *lease.BlobClient) error {
			_, err := c.ChangeLease(ctx, to, nil)
			return err
		},
		func(ctx context.Context, c *lease.ContainerClient) error {
			_, err := c.ChangeLease(ctx, to, nil)
			return err
		})
}

// Release ends the lease, so that others can acquire it at once. [LeaseLost] if it is no longer ours; so it says after an ambiguous failure, if that
// one took effect.
func (l Lease) Release(ctx context.Context, id string) error {
	_, err := l.do(ctx, "release lease", false, id,
		func(ctx context.Context, c *lease.BlobClient) error { _, err := c.ReleaseLease(ctx, nil); return err },
		func(ctx context.Context, c *lease.ContainerClient) error {
			_, err := c.ReleaseLease(ctx, nil)
			return err
		})
	return err
}

// do makes a request under an id with the client of a blob's lease or of a container's: the SDK's have the same methods of different types.
func (l Lease) do(
	ctx context.Context, kind string, repeat bool, id string,
	ofBlob func(context.Context, *lease.BlobClient) error, ofContainer func(context.Context, *lease.ContainerClient) error,
) (LeaseTimes, error) {
	r := &request{kind: kind, resource: l.resource, service: blobService, repeat: repeat, call: func(ctx context.Context) error {
		if l.blob != nil {
			c, err := lease.NewBlobClient(l.blob, &lease.BlobClientOptions{LeaseID: &id})
			if err != nil {
				return err
			}
			return ofBlob(ctx, c)
		}
		c, err := lease.NewContainerClient(l.container, &lease.ContainerClientOptions{LeaseID: &id})
		if err != nil {
			return err
		}
		return ofContainer(ctx, c)
	}}
	answer, err := l.a.do(ctx, r)
	if err != nil {
		return LeaseTimes{}, err
	}
	var t LeaseTimes
	t.From, _ = http.ParseTime(answer.header.Get("Date"))
	t.LastModified, _ = http.ParseTime(answer.header.Get("Last-Modified"))
	return t, nil
}
