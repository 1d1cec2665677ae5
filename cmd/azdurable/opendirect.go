package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/extension"
)

// fileEnd is what the files of embedded stores end in.
const fileEnd = ".db"

// givenConnection is the setting in which a connection string from the command line stands.
const givenConnection = "AZDURABLE_COMMAND_LINE_CONNECTION"

// openDirect opens the hub in its store, with the settings that an app in this folder would have.
func openDirect(ctx context.Context, t *target, o *outside, create bool) (*direct, error) {
	settings, err := extension.ReadLocalSettings("")
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	options := extension.Options{
		Hub: t.Hub, Environ: append([]string{}, o.env...), Logger: slog.New(slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	for name, value := range settings.Values {
		if o.lookup(name) == "" {
			options.Environ = append(options.Environ, name+"="+value)
		}
	}
	options.Settings = &extension.AppSettings{SiteName: o.lookup("WEBSITE_SITE_NAME"), SlotName: o.lookup("WEBSITE_SLOT_NAME"), ForceLocal: true}
	if t.Data != "" {
		options.Store = extension.StoreLocal
		if options.Data, options.Hub, err = t.folder(); err != nil {
			return nil, err
		}
	} else {
		options.Store = extension.StoreAzureStorage
		options.Environ = append(options.Environ, t.connectionSettings()...)
	}
	open := extension.OpenTaskHub
	if create {
		open = extension.CreateTaskHub
	}
	h, err := open(ctx, options)
	if err != nil {
		return nil, notOpened(err, options.Data)
	}
	return &direct{h}, nil
}

// folder splits the path of a store, which may be that of its file.
func (t *target) folder() (folder, hub string, err error) {
	info, err := os.Stat(t.Data)
	if isFile := err == nil && !info.IsDir(); !isFile && !strings.HasSuffix(t.Data, fileEnd) {
		return t.Data, t.Hub, nil
	}
	hub, ok := strings.CutSuffix(filepath.Base(t.Data), fileEnd)
	if !ok {
		return "", "", fail(exitUsage, "%s is not an embedded store: those are called <hub>%s", t.Data, fileEnd)
	}
	if t.Hub != "" && t.Hub != hub {
		return "", "", fail(exitUsage, "%s is the task hub %q, not %q: leave --hub out", t.Data, hub, t.Hub)
	}
	return filepath.Dir(t.Data), hub, nil
}

// connectionSettings choose the connection, as if host.json said so.
func (t *target) connectionSettings() []string {
	name := t.Connection
	var set []string
	if strings.Contains(name, "=") {
		set = append(set, givenConnection+"="+t.Connection)
		name = givenConnection
	}
	return append(set, "AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionName="+name)
}

// notOpened says what to do about a hub that can't be opened.
func notOpened(err error, folder string) error {
	unknownHub, noHub := errors.AsType[*extension.UnknownHubError](err)
	_, noConnection := errors.AsType[*account.UnknownConnectionError](err)
	_, isStorage := errors.AsType[*account.Error](err)
	switch {
	case noHub && folder != "":
		return fail(exitNotFound, "%w%s", unknownHub, others(folder))
	case noHub:
		return fail(exitNotFound, "%w: check --hub and --connection; 'azdurable hub create' makes one", unknownHub)
	case errors.Is(err, local.ErrInUse):
		return fail(exitUnreachable, "the store in %s is in use: its app is running. Leave --data out to go through the app, or stop it", folder)
	case isStorage:
		return refusal(err, "")
	case noConnection:
		return fail(exitUsage, "%w", err)
	}
	return &exitError{exitUsage, fmt.Errorf("open the task hub: %w", err)}
}

// others says which stores there are in a folder.
func others(folder string) string {
	files, _ := filepath.Glob(filepath.Join(folder, "*"+fileEnd)) // a bad pattern finds nothing
	if len(files) == 0 {
		return ": the folder has none. Check --data; an app makes its store when it runs"
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(filepath.Base(file), fileEnd)
	}
	return ": choose with --hub one of " + strings.Join(names, ", ")
}
