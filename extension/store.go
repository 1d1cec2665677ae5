package extension

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/local"
)

// The kinds of stores.
const (
	StoreLocal        = "local"
	StoreAzureStorage = "AzureStorage"
)

// DefaultFolder is where the embedded store puts its files.
const DefaultFolder = ".azdurable"

// Store says where the state is kept.
type Store struct {
	// Type is StoreLocal or StoreAzureStorage.
	Type string
	// Path is the file of the embedded store.
	Path string
	// Why says who chose it.
	Why string

	azure azureStorage
}

// String is what start-up says of the store.
func (s Store) String() string { return fmt.Sprintf("%s (%s)", s.Place(), s.Why) }

// Place says where the state is, and no secret.
func (s Store) Place() string {
	if s.Type == StoreAzureStorage {
		return s.azure.String()
	}
	return "embedded store " + s.Path
}

// chooseStore decides where the state of a hub is kept: who starts the program first, then host.json, then the way it is run.
func chooseStore(o *Options, d *durableTask, app *AppSettings, lookup func(string) (string, bool), hub string) (Store, error) {
	s := Store{}
	connection, connecting := resolveConnection(d.connectionName, lookup)
	var unknown *account.UnknownConnectionError
	connected := !errors.As(connecting, &unknown)
	switch {
	case o.Store != "":
		s.Type, s.Why = o.Store, "chosen by -store"
	case d.storeType != "":
		s.Type, s.Why = d.storeType, "chosen by storageProvider.type in "+d.storeSource
	case app.UnderHost() && connected:
		s.Type, s.Why = StoreAzureStorage, "AzureWebJobs"+d.connectionName+" is set, and the Functions host runs this app"
	case app.UnderHost():
		s.Type, s.Why = StoreLocal, "AzureWebJobs"+d.connectionName+" is not set"
	default:
		s.Type, s.Why = StoreLocal, "the default of a standalone run; -store and -data change it"
	}
	switch {
	case strings.EqualFold(s.Type, StoreAzureStorage):
		if connecting != nil {
			return s, fmt.Errorf("the store AzureStorage (%s): %w", s.Why, connecting)
		}
		s.Type = StoreAzureStorage
		var err error
		s.azure, err = newAzureStorage(connection, d, app, lookup, hub)
		return s, err
	case !strings.EqualFold(s.Type, StoreLocal):
		return s, fmt.Errorf("the store %q (%s) is not known; the available storage providers are %s and %s", s.Type, s.Why, StoreLocal, StoreAzureStorage)
	case app.functionApp() && !app.ForceLocal:
		return s, fmt.Errorf("the embedded store (%s) would lose work on a Function App, which runs several instances on disks that don't last; "+
			"set AzureWebJobsStorage, or if this app has exactly one instance and -data is on a mounted share that supports locks, AZDURABLE_FORCE_LOCAL=true", s.Why)
	}
	folder := o.Data
	if folder == "" {
		folder = filepath.Join(o.Folder, DefaultFolder)
	}
	s.Type, s.Path = StoreLocal, filepath.Join(folder, hub+".db")
	return s, nil
}

// openStore opens the store that was chosen.
func openStore(ctx context.Context, s Store, log *slog.Logger) (backend.Backend, error) {
	if s.Type == StoreAzureStorage {
		return s.azure.open(log)
	}
	b, err := local.Open(ctx, local.Options{Path: s.Path, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	return b, nil
}
