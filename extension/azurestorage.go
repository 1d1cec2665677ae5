package extension

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/identity"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// azureStorage is a task hub in a storage account.
type azureStorage struct {
	connection account.Connection
	// tracking is where tables and blobs are, if not in the same account; else nil.
	tracking *account.Connection
	options  azurestorage.Options
}

// resolveConnection finds a connection by its name, among the app settings.
func resolveConnection(name string, lookup func(string) (string, bool)) (account.Connection, error) {
	return account.FromSettings(name, lookup, identity.New)
}

// newAzureStorage puts the settings into the form of the backend's options.
func newAzureStorage(
	c account.Connection, d *durableTask, app *AppSettings, lookup func(string) (string, bool), hub string,
) (azureStorage, error) {
	p := &d.provider
	s := azureStorage{connection: c, options: azurestorage.Options{
		Hub: hub, Partitions: p.partitions, BatchSize: p.batchSize, BufferThreshold: p.bufferThreshold,
		ControlVisibility: p.controlVisibility, WorkItemVisibility: p.workItemVisibility, MaxPolling: p.maxPolling, Base64: p.encoding == 1,
		WithoutAppLease: !d.useAppLease, AppName: app.SiteName, TrackingPrefix: p.trackingPrefix,
	}}
	switch {
	case p.legacyManager:
		s.options.Manager = lease.Legacy
	case !p.tableManager:
		s.options.Manager = lease.Safe
	}
	if p.trackingConnection != "" {
		tracking, err := resolveConnection(p.trackingConnection, lookup)
		if err != nil {
			return s, fmt.Errorf("the tracking store: %w", err)
		}
		s.tracking = &tracking
	}
	return s, nil
}

// String says where the hub is, and no secret.
func (s azureStorage) String() string {
	return fmt.Sprintf("task hub %s in the storage account %s", s.options.Hub, s.connection.AccountName())
}

// open opens the accounts and the hub. It makes no request.
func (s azureStorage) open(log *slog.Logger) (backend.Backend, error) {
	o := s.options
	o.Logger = log
	main, err := account.Open(s.connection, account.Options{Environment: o.Environment, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	accounts := []*account.Account{main}
	if o.Account = main; s.tracking != nil {
		if o.Tracking, err = account.Open(*s.tracking, account.Options{Environment: o.Environment, Logger: log}); err != nil {
			main.Close()
			return nil, fmt.Errorf("the tracking store: %w", err)
		}
		accounts = append(accounts, o.Tracking)
	}
	b, err := azurestorage.Open(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	return &ownAccounts{b, accounts}, nil
}

// ownAccounts is a backend that closes its accounts when it stops.
type ownAccounts struct {
	*azurestorage.Backend
	accounts []*account.Account
}

// Stop stops the backend and closes its accounts.
func (b *ownAccounts) Stop(ctx context.Context) error {
	err := b.Backend.Stop(ctx)
	for _, a := range b.accounts {
		a.Close()
	}
	return errors.Join(err)
}
