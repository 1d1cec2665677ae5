package lease

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// leaseFolder is a folder of lease blobs, one for each partition, and which of the leases are ours. It belongs to one loop.
type leaseFolder struct {
	o         *Options
	container *account.Container
	name      string
	// held, unless nil, are the holdings that a lease of this folder proves.
	held *holdings
	mine map[string]*ownLease
}

// ownLease is a lease that we have.
type ownLease struct {
	leaseContent
	until time.Time // by the service's clock
}

func newLeaseFolder(o *Options, c *account.Container, name string, held *holdings) *leaseFolder {
	return &leaseFolder{o: o, container: c, name: name, held: held, mine: map[string]*ownLease{}}
}

func (f *leaseFolder) blob(partition string) *account.Blob {
	return f.container.Blob(f.name + "/" + partition)
}

// create makes the blob of each partition that has none.
func (f *leaseFolder) create(ctx context.Context) error {
	for _, partition := range f.o.controlQueues() {
		content := leaseContent{PartitionID: partition}
		_, err := f.blob(partition).Put(ctx, content.json(), account.PutOptions{IfAbsent: true})
		if account.Ambiguous(err) {
			_, err = f.blob(partition).Get(ctx)
		}
		if err != nil && !account.AlreadyExists(err) {
			return err
		}
	}
	return nil
}

// partitions returns the names of all partitions that have a blob, in order.
func (f *leaseFolder) partitions(ctx context.Context) ([]string, error) {
	var names []string
	for next := ""; ; {
		page, err := f.container.List(ctx, f.name+"/", next, 0)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Blobs {
			names = append(names, strings.TrimPrefix(b.Name, f.name+"/"))
		}
		if next = page.Next; next == "" {
			slices.Sort(names)
			return names, nil
		}
	}
}

// see reads blobs, in the order of the names; those that are not there are left out.
func (f *leaseFolder) see(ctx context.Context, partitions []string) ([]seenLease, error) {
	seen := make([]seenLease, len(partitions))
	err := each(ctx, partitions, func(i int, partition string) error {
		content, err := f.blob(partition).Get(ctx)
		if account.NotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		c, err := parseLeaseContent(content.Content)
		seen[i] = seenLease{partition: partition, leaseContent: c, leased: content.Leased}
		return err
	})
	return slices.DeleteFunc(seen, func(s seenLease) bool { return s.partition == "" }), err
}

// take acquires or steals leases that were seen, under ids that the caller has drawn. What somebody else got first is left to them.
func (f *leaseFolder) take(ctx context.Context, seen []seenLease, ids []string) {
	got := make([]*ownLease, len(seen))
	grants := make([]*grant, len(seen))
	_ = each(ctx, seen, func(i int, s seenLease) error {
		until := f.o.Account.ServiceNow().Add(f.o.certain())
		if f.held != nil {
			grants[i] = f.held.ask(f.o.certain())
		}
		own, err := f.takeOne(ctx, s, ids[i])
		if err != nil {
			if !account.LeaseLost(err) {
				f.log(ctx, "lease not taken", s.partition, err)
			}
			return nil
		}
		own.until, got[i] = until, own
		return nil
	})
	for i, own := range got {
		switch g := grants[i]; {
		case own == nil && g != nil:
			g.deny()
		case own != nil:
			f.mine[seen[i].partition] = own
			if g != nil {
				g.give(seen[i].partition)
			}
		}
	}
}

// takeOne takes a lease and writes into the blob that it is ours.
//
// DTFx: BlobPartitionLeaseManager.AcquireAsync.
func (f *leaseFolder) takeOne(ctx context.Context, s seenLease, id string) (*ownLease, error) {
	l := f.blob(s.partition).Lease()
	var err error
	switch {
	case s.leased && strings.EqualFold(s.owner(), f.o.Worker) && s.token() != "":
		id = s.token() // ours, from before a stop that did not end
		_, err = l.Renew(ctx, id)
	case s.leased && s.token() != "":
		_, err = l.Change(ctx, s.token(), id)
	default:
		_, err = l.Acquire(ctx, id, f.o.LeaseInterval)
	}
	if err != nil {
		return nil, err
	}
	own := &ownLease{leaseContent: leaseContent{PartitionID: s.partition, Owner: &f.o.Worker, Token: &id, Epoch: s.Epoch + 1}}
	if _, err := f.blob(s.partition).Put(ctx, own.json(), account.PutOptions{LeaseID: id}); err != nil {
		// Nobody could take the lease from us if they don't know its id; so we don't keep it.
		_ = l.Release(ctx, id)
		return nil, err
	}
	return own, nil
}

// renew renews leases of ours and forgets those that are lost, or that nobody has renewed for too long.
//
// DTFx: BlobPartitionLeaseManager.RenewAsync, which takes all errors but 409 and 412 for success.
func (f *leaseFolder) renew(ctx context.Context, partitions []string) {
	lost := make([]bool, len(partitions))
	_ = each(ctx, partitions, func(i int, partition string) error {
		own := f.mine[partition]
		until := f.o.Account.ServiceNow().Add(f.o.certain())
		var g *grant
		if f.held != nil {
			g = f.held.ask(f.o.certain())
		}
		limit, cancel := context.WithTimeoutCause(ctx, f.o.RenewInterval, errRenew)
		defer cancel()
		_, err := f.blob(partition).Lease().Renew(limit, own.token())
		if err == nil {
			own.until = until
			if g != nil {
				g.give(partition)
			}
			return nil
		}
		if g != nil {
			g.deny()
		}
		lost[i] = definite(err) || !f.o.Account.ServiceNow().Before(own.until)
		f.log(ctx, "lease not renewed", partition, err)
		return nil
	})
	for i, partition := range partitions {
		if lost[i] {
			f.forget(partition)
		}
	}
}

// release gives leases of ours away. What can't be given away now ends by itself.
//
// DTFx: BlobPartitionLeaseManager.ReleaseAsync.
func (f *leaseFolder) release(ctx context.Context, partitions []string) {
	_ = each(ctx, partitions, func(_ int, partition string) error {
		own := f.mine[partition]
		id := own.token()
		content := leaseContent{PartitionID: partition, Epoch: own.Epoch}
		_, err := f.blob(partition).Put(ctx, content.json(), account.PutOptions{LeaseID: id})
		if err == nil {
			err = f.blob(partition).Lease().Release(ctx, id)
		}
		if err != nil && !definite(err) {
			f.log(ctx, "lease not released", partition, err)
		}
		return nil
	})
	for _, partition := range partitions {
		f.forget(partition)
	}
}

func (f *leaseFolder) forget(partition string) {
	delete(f.mine, partition)
	if f.held != nil {
		f.held.lose(partition)
	}
}

// ours returns the partitions whose lease we have, in order.
func (f *leaseFolder) ours() []string {
	names := make([]string, 0, len(f.mine))
	for partition := range f.mine {
		names = append(names, partition)
	}
	slices.Sort(names)
	return names
}

func (f *leaseFolder) log(ctx context.Context, what, partition string, err error) {
	if ctx.Err() == nil {
		f.o.Logger.LogAttrs(ctx, slog.LevelWarn, what, slog.String("blob", f.name+"/"+partition), slog.Any("error", err))
	}
}

// each does something for each of a few things at once (there are at most as many as partitions), waits, and returns the first error in their order.
func each[T any](ctx context.Context, things []T, do func(i int, thing T) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	errs := make([]error, len(things))
	var wait sync.WaitGroup
	for i, thing := range things {
		wait.Go(func() { errs[i] = do(i, thing) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
