package extension

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// TaskHub is an open task hub without an app: for programs that look after it and do none of its work.
type TaskHub struct {
	Name    string
	Store   Store
	Backend backend.Backend
	Client  *durabletask.Client
}

// UnknownHubError says that a store has no such task hub.
type UnknownHubError struct {
	Hub   string
	Store Store
}

// Error says where it was looked for.
func (e *UnknownHubError) Error() string {
	if e.Store.Type == StoreAzureStorage {
		return fmt.Sprintf("the storage account %s has no task hub %q", e.Store.azure.connection.AccountName(), e.Hub)
	}
	return fmt.Sprintf("there is no embedded store %s", e.Store.Path)
}

// OpenTaskHub opens the hub that the settings choose, as Initialize does. It makes nothing: a hub that is not there is an *UnknownHubError. The options
// Triggers and Key have no meaning here. The caller stops the Backend, which is not started.
func OpenTaskHub(ctx context.Context, o Options) (*TaskHub, error) { return openTaskHub(ctx, o, false) }

// CreateTaskHub is OpenTaskHub for a hub that is made if it is not there.
func CreateTaskHub(ctx context.Context, o Options) (*TaskHub, error) {
	h, err := openTaskHub(ctx, o, true)
	if err != nil {
		return nil, err
	}
	if err := h.Backend.CreateTaskHub(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("make task hub %q: %w", h.Name, err), h.Backend.Stop(context.WithoutCancel(ctx)))
	}
	return h, nil
}

func openTaskHub(ctx context.Context, o Options, create bool) (*TaskHub, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	c, err := readConfiguration(o.Folder, o.Environ)
	if err != nil {
		return nil, err
	}
	settings, err := readDurableTask(c, o.Settings, o.Logger)
	if err != nil {
		return nil, err
	}
	if o.Hub != "" {
		settings.hubName = o.Hub
	}
	h := &TaskHub{}
	if h.Name, err = resolveHub(settings.hubName, o.Settings, o.lookup, o.Logger); err != nil {
		return nil, err
	}
	if h.Store, err = chooseStore(&o, settings, o.Settings, o.lookup, h.Name); err != nil {
		return nil, err
	}
	found, err := h.Store.find(ctx, o.Logger)
	if err != nil {
		return nil, err
	}
	if !found && !create {
		return nil, &UnknownHubError{h.Name, h.Store}
	}
	if h.Backend, err = o.Open(ctx, h.Store, o.Logger); err != nil {
		return nil, err
	}
	w := settings.worker(o.Logger)
	h.Client = durabletask.NewClient(h.Backend, nil, durabletask.ClientOptions{
		DefaultVersion: w.Versions.Default, ReorderWindow: w.ReorderWindow, ReplaceRunning: w.ReplaceRunning,
	})
	return h, nil
}

// find reports whether the hub is there. Of one in a storage account it takes over what can't be otherwise: the number of partitions, by which
// messages find their queue, and how its workers agree on them.
func (s *Store) find(ctx context.Context, log *slog.Logger) (bool, error) {
	if s.Type == StoreAzureStorage {
		return s.azure.find(ctx, log)
	}
	_, err := os.Stat(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the store: %w", err)
	}
	return true, nil
}

// Partitions is how many partitions a hub in a storage account has, as far as the settings or the hub say; 0 if neither does, or for other stores.
func (s Store) Partitions() int { return s.azure.options.Partitions }

func (s *azureStorage) find(ctx context.Context, log *slog.Logger) (bool, error) {
	connection := s.connection
	if s.tracking != nil {
		connection = *s.tracking
	}
	a, err := account.Open(connection, account.Options{Environment: s.options.Environment, Logger: log})
	if err != nil {
		return false, fmt.Errorf("%s: %w", s, err)
	}
	defer a.Close()
	managers := []lease.Manager{s.options.Manager}
	if s.options.Manager == lease.Table {
		managers = append(managers, lease.Safe)
	} else {
		managers = append(managers, lease.Table)
	}
	for _, manager := range managers {
		owners, err := lease.New(manager, lease.Options{Account: a, Environment: s.options.Environment, Hub: s.options.Hub, Worker: "nobody"})
		if err != nil {
			return false, fmt.Errorf("%s: %w", s, err)
		}
		n, err := owners.Partitions(ctx)
		if err != nil {
			return false, fmt.Errorf("look for %s: %w", s, err)
		}
		if n > 0 {
			s.options.Manager, s.options.Partitions = manager, n
			return true, nil
		}
	}
	return false, nil
}
