package durabletask_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
)

type service struct{}

func (service) Greet(context.Context, string) (string, error) { return "", nil }

func greet(context.Context, string) (string, error) { return "", nil }

func generic[T any](context.Context, T) (string, error) { return "", nil }

func TestNames(t *testing.T) {
	t.Parallel()
	if got := durabletask.NewActivity(greet).Name(); got != "Greet" {
		t.Errorf("a function's name: %q", got)
	}
	if got := durabletask.NewActivity(greet, durabletask.Named("Other")).Name(); got != "Other" {
		t.Errorf("a given name: %q", got)
	}
}

// Mistakes made while setting up panic, and the message says what to type instead.
func TestSetupPanics(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		do   func()
		want string
	}{
		"closure":      {func() { durabletask.NewActivity(func(context.Context, int) (int, error) { return 0, nil }) }, `durabletask.Named("…")`},
		"method value": {func() { durabletask.NewActivity(service{}.Greet) }, `durabletask.Named("…")`},
		"generic":      {func() { durabletask.NewActivity(generic[int]) }, `durabletask.Named("…")`},
		"blank name":   {func() { durabletask.NewActivity(greet, durabletask.Named(" ")) }, "is not blank"},
		"entity name":  {func() { durabletask.NewActivity(greet, durabletask.Named("@x")) }, "doesn't begin with @"},
		"duplicate": {func() {
			durabletask.New(durabletask.NewActivity(greet), durabletask.NewActivity(greet, durabletask.Named("GREET")))
		}, "setup_test.go:"},
		"event without a name": {func() { durabletask.NewEvent[int]("") }, "needs a name"},
		"HTTP limits":          {func() { durabletask.New().UseHTTP(durabletask.HTTPOptions{MaxRequest: -1}) }, "leave them out"},
		"timeout":              {func() { durabletask.AttemptTimeout(0) }, "must be positive"},
		"info":                 {func() { durabletask.ActivityInfo(t.Context()) }, "needs the context that an activity was called with"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				got := fmt.Sprint(recover())
				if !strings.HasPrefix(got, "durabletask: ") || !strings.Contains(got, row.want) {
					t.Errorf("panicked with %s\nwant a message with %s", got, row.want)
				}
			}()
			row.do()
		})
	}
}

func TestCheckID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a", strings.Repeat("ü", 256), "with blank", "a:b%", "日本"} {
		if err := durabletask.CheckID(id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{"", "  ", strings.Repeat("x", 257), "@a@b", "a/b", `a\b`, "a?b", "a#b", "a\x07b", "\xff"} {
		if err := durabletask.CheckID(id); !errors.Is(err, durabletask.ErrInvalidID) {
			t.Errorf("%q: %v, want ErrInvalidID", id, err)
		}
	}
}
