package lease

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// AppOptions say which application wants the hub. Zero values are the defaults.
type AppOptions struct {
	Account *account.Account
	// Environment is the one that the account was opened with.
	Environment backend.Environment
	// Hub is the name of the task hub, in the case it was configured with.
	Hub string
	// AppName is the application; its workers share one lease, and case counts. Empty is a name, too.
	AppName string
	// Off means that no application is kept out (useAppLease false): the lease counts as held from Start to Stop, without a request.
	Off bool
	// RenewInterval is the time between two renewals.
	RenewInterval time.Duration
	// AcquireInterval is the time between two tries to get the lease while another application has it.
	AcquireInterval time.Duration
	// LeaseInterval is how long the lease lasts without renewal: account.MinLease to account.MaxLease.
	LeaseInterval time.Duration
	// Logger hears when the lease is got and lost; nil for silence.
	Logger *slog.Logger
}

// AppLease is the lease on a container that only one application has: all its workers hold it together, under an id made of the application's name.
// It is not released at a stop, because others may hold it too; it ends by itself.
//
// DTFx: AppLeaseManager.
// Differs from DTFx: lost, it is tried for again; unrenewed for its whole length, it counts as lost, whatever the errors were.
type AppLease struct {
	o         AppOptions
	id        string
	container *account.Container
	info      *account.Blob

	mu      sync.Mutex
	held    bool
	until   time.Time
	timer   *time.Timer // ends what is held, by our own count of time
	changed func()
	wake    chan struct{}
	done    chan struct{}
	cancel  context.CancelFunc
	stopped bool
}

// NewAppLease makes the lease of an application. The error says which option is out of range.
func NewAppLease(o AppOptions) (*AppLease, error) {
	fill := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	fill(&o.RenewInterval, DefaultAppRenewInterval)
	fill(&o.AcquireInterval, DefaultAppAcquireInterval)
	fill(&o.LeaseInterval, DefaultAppLeaseInterval)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Account == nil || o.Hub == "":
		return nil, fmt.Errorf("app lease of hub %q: account and hub are required", o.Hub)
	case o.LeaseInterval < account.MinLease || o.LeaseInterval > account.MaxLease:
		return nil, fmt.Errorf("app lease of hub %q: appLeaseOptions.leaseInterval %s: %s to %s are possible",
			o.Hub, o.LeaseInterval, account.MinLease, account.MaxLease)
	case o.RenewInterval <= 0 || o.AcquireInterval <= 0 || o.RenewInterval >= o.LeaseInterval:
		return nil, fmt.Errorf("app lease of hub %q: appLeaseOptions: renewInterval must be shorter than leaseInterval %s, and intervals positive",
			o.Hub, o.LeaseInterval)
	}
	container := o.Account.Container(strings.ToLower(o.Hub) + "-applease")
	return &AppLease{
		o: o, id: appLeaseID(o.AppName), container: container, info: container.Blob(strings.ToLower(o.Hub) + "-appleaseinfo"), wake: make(chan struct{}, 1),
	}, nil
}

// appLeaseID makes the lease's id of an application's name (DTFx: AppLeaseManager, Fnv1aHashHelper).
func appLeaseID(appName string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(appName))
	return fmt.Sprintf("%08x-0000-0000-0000-000000000000", hash.Sum32())
}

// EnsureCreated makes the container and the blob in it, also while the lease is off; what is there stays.
func (a *AppLease) EnsureCreated(ctx context.Context) error {
	if _, err := a.container.Create(ctx); err != nil {
		return fmt.Errorf("create app lease of hub %q: %w", a.o.Hub, err)
	}
	_, err := a.info.Put(ctx, []byte("{}"), account.PutOptions{IfAbsent: true})
	if account.Ambiguous(err) {
		_, err = a.info.Get(ctx)
	}
	if err != nil && !account.AlreadyExists(err) {
		return fmt.Errorf("create app lease of hub %q: %w", a.o.Hub, err)
	}
	return nil
}

// Delete removes the container, although our application has the lease; it fails with account.LeaseLost if another has it.
func (a *AppLease) Delete(ctx context.Context) error {
	_, err := a.container.Delete(ctx, "")
	if account.LeaseLost(err) {
		_, err = a.container.Delete(ctx, a.id)
	}
	if err != nil {
		return fmt.Errorf("delete app lease of hub %q: %w", a.o.Hub, err)
	}
	return nil
}

// Held reports whether our application surely has the hub. It makes no request and is cheap.
func (a *AppLease) Held() bool {
	now := a.o.Account.ServiceNow()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.held && (a.o.Off || now.Before(a.until))
}

// Start begins to acquire the lease and returns at once. The function is called after each change of Held, on any goroutine, and must return at once.
func (a *AppLease) Start(ctx context.Context, changed func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.mu.Lock()
	a.changed, a.cancel, a.done, a.stopped = changed, cancel, make(chan struct{}), false
	a.held = a.o.Off
	a.mu.Unlock()
	if a.o.Off {
		close(a.done)
		changed()
		return
	}
	go a.loop(backend.WithLoop(ctx, "app lease"))
}

// Stop stops renewing. The lease is left to end by itself.
func (a *AppLease) Stop() {
	a.mu.Lock()
	cancel, done := a.cancel, a.done
	a.stopped = true
	a.mu.Unlock()
	if cancel == nil {
		return
	}
	cancel()
	<-done
	a.end()
}

// TakeOver makes our application the one that has the hub: it leaves a note which our workers act on, at once where this is called.
// The other application notices when it next renews. It does nothing if we have the lease, and fails if the lease is off.
//
// DTFx: AppLeaseManager.ForceChangeAppLeaseAsync.
func (a *AppLease) TakeOver(ctx context.Context) error {
	if a.o.Off {
		return fmt.Errorf("take over hub %q: the app lease is off (useAppLease)", a.o.Hub)
	}
	if a.Held() {
		return nil
	}
	info, err := a.read(ctx)
	if err == nil {
		info.wants = a.id
		_, err = a.info.Put(ctx, info.json(), account.PutOptions{})
	}
	if err != nil {
		return fmt.Errorf("take over hub %q: %w", a.o.Hub, err)
	}
	signal(a.wake)
	return nil
}

// loop acquires the lease, renews it, and acquires it again when it is lost.
func (a *AppLease) loop(ctx context.Context) {
	defer close(a.done)
	note := false // the info blob still has to say that the lease is ours
	for ctx.Err() == nil {
		held := a.isHeld()
		err := a.try(ctx, held)
		switch {
		case err == nil && !held:
			note = true
			a.o.Logger.LogAttrs(ctx, slog.LevelInfo, "app lease acquired", slog.String("hub", a.o.Hub), slog.String("app", a.o.AppName))
		case err != nil && ctx.Err() == nil:
			a.o.Logger.LogAttrs(ctx, slog.LevelWarn, "app lease not acquired or renewed",
				slog.String("hub", a.o.Hub), slog.String("app", a.o.AppName), slog.Bool("held", held), slog.Any("error", err))
		}
		if err == nil && note {
			note = a.noteOwner(ctx) != nil
		}
		switch {
		case err == nil && note:
			pause(ctx, appRetry, a.wake)
		case err == nil:
			pause(ctx, a.o.RenewInterval, a.wake)
		case held && definite(err): // lost: see at once who has it
			a.end()
		case definite(err):
			pause(ctx, a.o.AcquireInterval, a.wake)
		default:
			pause(ctx, min(appRetry, a.o.RenewInterval), a.wake)
		}
	}
}

// appRetry is the pause after a request that failed without saying whether the lease is ours.
const appRetry = 5 * time.Second

// definite reports whether an error says that the lease is not ours.
func definite(err error) bool { return account.LeaseLost(err) || account.NotFound(err) }

// try acquires or renews the lease once.
func (a *AppLease) try(ctx context.Context, held bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.o.RenewInterval, errAppLease)
	defer cancel()
	certain := a.o.LeaseInterval - min(maxMargin, a.o.LeaseInterval/10)
	until := a.o.Account.ServiceNow().Add(certain)
	timer := time.AfterFunc(certain, a.end)
	err := a.request(ctx, held)
	a.mu.Lock()
	if err != nil || a.stopped {
		timer.Stop()
		a.mu.Unlock()
		return err
	}
	if a.timer != nil {
		a.timer.Stop()
	}
	was := a.held
	a.held, a.until, a.timer = true, until, timer
	a.mu.Unlock()
	if !was {
		a.changed()
	}
	return nil
}

var errAppLease = fmt.Errorf("the app lease did not answer in time")

// request asks for the lease: by renewing it, by taking it from the application that a note says it should be taken from, or by acquiring it.
func (a *AppLease) request(ctx context.Context, held bool) error {
	l := a.container.Lease()
	if held {
		_, err := l.Renew(ctx, a.id)
		return err
	}
	info, err := a.read(ctx)
	if err != nil {
		return err
	}
	if info.wants == a.id && info.owner != "" && info.owner != a.id {
		if _, err := l.Change(ctx, info.owner, a.id); !account.LeaseLost(err) {
			return err
		}
		// The one that had it has it no more.
	}
	_, err = l.Acquire(ctx, a.id, a.o.LeaseInterval)
	return err
}

// noteOwner writes into the info blob that the lease is ours.
func (a *AppLease) noteOwner(ctx context.Context) error {
	info, err := a.read(ctx)
	if err != nil {
		return err
	}
	if info.owner == a.id && info.wants != a.id {
		return nil
	}
	info.owner = a.id
	if info.wants == a.id {
		info.wants = ""
	}
	_, err = a.info.Put(ctx, info.json(), account.PutOptions{})
	return err
}

func (a *AppLease) read(ctx context.Context) (appInfo, error) {
	content, err := a.info.Get(ctx)
	if err != nil {
		return appInfo{}, err
	}
	return parseAppInfo(content.Content)
}

func (a *AppLease) isHeld() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.held
}

// end says that the lease is ours no more.
func (a *AppLease) end() {
	a.mu.Lock()
	held, changed := a.held, a.changed
	a.held = false
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	a.mu.Unlock()
	if held {
		signal(a.wake)
		changed()
	}
}
