package main

import (
	"context"
	"errors"
	"strings"
)

// target are the flags that say which task hub is meant. Groups of commands embed it.
type target struct {
	URL        string `placeholder:"URL" group:"Where" help:"Address of a running app. Default: AZDURABLE_URL, else local.settings.json's port here, or 7071."`
	Key        string `placeholder:"KEY" group:"Where" help:"What the app wants as key. Default: AZDURABLE_KEY, also from local.settings.json."`
	Connection string `placeholder:"NAME" group:"Where" help:"Go straight to Azure Storage: a connection string or the name of its setting (AzureWebJobsStorage)."`
	Data       string `placeholder:"FOLDER" group:"Where" help:"Go straight to the embedded store of an app that does not run: its folder or file."`
	Hub        string `placeholder:"NAME" group:"Where" help:"Name of the task hub. Default: the app's, or that of host.json here."`
	JSON       bool   `group:"Output" help:"Print JSON for programs, one object to a line."`
	Compat     bool   `group:"Output" help:"As 'func durable' does: what is not found is no error, and is told on stdout."`
}

// ProvideTarget hands the flags to the command.
func (t *target) ProvideTarget() *target { return t }

// session is a command at work on a hub.
type session struct {
	hub
	*outside
	json bool
}

// use opens the hub for a command, and closes it.
func (t *target) use(ctx context.Context, o *outside, command func(*session) error) error {
	h, err := t.open(ctx, o)
	if err == nil {
		err = command(&session{hub: h, outside: o, json: t.JSON})
		if closed := h.close(context.WithoutCancel(ctx)); err == nil {
			err = closed
		}
	}
	return t.settle(o, err)
}

// settle makes nothing of an error that func durable would not take for one.
func (t *target) settle(o *outside, err error) error {
	if !t.Compat || codeOf(err) != exitNotFound {
		return err
	}
	return printf(o.stdout, "%v\n", err)
}

func (t *target) open(ctx context.Context, o *outside) (hub, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if t.Connection != "" || t.Data != "" {
		return openDirect(ctx, t, o, false)
	}
	return t.openRemote(o)
}

// check looks whether the flags contradict each other.
func (t *target) check() error {
	var given []string
	for _, f := range []struct{ name, value string }{{"--url", t.URL}, {"--connection", t.Connection}, {"--data", t.Data}} {
		if f.value != "" {
			given = append(given, f.name)
		}
	}
	if len(given) > 1 {
		return &exitError{exitUsage, errors.New("choose one of " + strings.Join(given, " and "))}
	}
	if t.Key != "" && t.URL == "" && len(given) > 0 {
		return &exitError{exitUsage, errors.New("--key is for an app, not for " + given[0])}
	}
	return nil
}
