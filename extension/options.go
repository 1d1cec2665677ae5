package extension

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask/backend"
)

// Options are what whoever starts an app decides. They go before what host.json and the environment say. Zero values leave it
// to those.
type Options struct {
	// Folder is where host.json and local.settings.json are looked for, and the data folder by default; empty means the working
	// directory.
	Folder string
	// Triggers are the app's functions besides its orchestrators and activities: the HTTP functions.
	Triggers []bindings.Trigger
	// Store is StoreLocal or StoreAzureStorage.
	Store string
	// Data is the folder of the embedded store; default: DefaultFolder.
	Data string
	// Hub is the name of the task hub.
	Hub string
	// Key is what callers have to present; default: AZDURABLE_KEY.
	Key string
	// SignedURLs makes the links to an instance carry a signature for just that instance in place of the key. It needs a key. false leaves it to
	// AZDURABLE_SIGNED_URLS.
	SignedURLs bool
	// ManagementPath is where the management API is mounted: a slash, no slash at the end; default: ManagementPath, or under the Functions host
	// the path of its function there.
	ManagementPath string
	// Logger takes what happens; default: slog.Default().
	Logger *slog.Logger
	// Settings are the app settings; nil reads them from the environment.
	Settings *AppSettings
	// Environ are the variables that override host.json and that %NAME% stands for; nil means the process's.
	Environ []string
	// Unstarted sets the app up only to look at its triggers, all those that it has under the Functions host: what only a start needs may be missing, such
	// as the connection of the store where an app is built. Such an app can't be started.
	Unstarted bool
	// Open opens the store, in place of the ones this package knows; nil opens those.
	Open func(ctx context.Context, s Store, log *slog.Logger) (backend.Backend, error)
}

// complete fills in the defaults.
func (o *Options) complete() error {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Open == nil {
		o.Open = openStore
	}
	if o.Settings == nil {
		s, err := ReadAppSettings()
		if err != nil {
			return err
		}
		o.Settings = &s
	}
	if o.Key == "" {
		o.Key = o.Settings.Key
	}
	if o.SignedURLs = o.SignedURLs || o.Settings.SignedURLs; o.SignedURLs && o.Key == "" {
		return errors.New("signed URLs need a key to sign with: set AZDURABLE_KEY, or leave AZDURABLE_SIGNED_URLS out")
	}
	return nil
}

// signer is what signs links; nil if they carry the key.
func (o *Options) signer() *bindings.Signer {
	if !o.SignedURLs {
		return nil
	}
	return bindings.NewSigner(o.Key)
}

// hosted reports whether the Functions host calls the app's functions: it has started the app, or this is about what it will see.
func (o *Options) hosted() bool { return o.Settings.UnderHost() || o.Unstarted }

// lookup finds a variable in the environment.
func (o *Options) lookup(name string) (string, bool) {
	for _, variable := range o.Environ {
		if len(variable) > len(name) && variable[len(name)] == '=' && variable[:len(name)] == name {
			return variable[len(name)+1:], true
		}
	}
	return "", false
}
