package handler

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/azdurable/azdurable/bindings"
)

// hostLog writes a line for each record to where the Functions host takes it for what it is: what is on stdout is information, what is on stderr and has
// "warn" in it a warning, and the rest of stderr an error, as customHandler.description.useStdErrorStreamForErrorsOnly says by default (custom-handler §2.5).
type hostLog struct{ out, err slog.Handler }

func newHostLog(stdout, stderr io.Writer, level slog.Leveler) slog.Handler {
	o := &slog.HandlerOptions{Level: level}
	return &hostLog{out: slog.NewTextHandler(stdout, o), err: slog.NewTextHandler(stderr, o)}
}

func (h *hostLog) Enabled(ctx context.Context, level slog.Level) bool {
	return h.out.Enabled(ctx, level)
}

func (h *hostLog) Handle(ctx context.Context, r slog.Record) error {
	to := h.out
	if r.Level >= slog.LevelWarn {
		to = h.err
	}
	if err := to.Handle(ctx, r); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}

func (h *hostLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &hostLog{h.out.WithAttrs(attrs), h.err.WithAttrs(attrs)}
}

func (h *hostLog) WithGroup(name string) slog.Handler {
	return &hostLog{h.out.WithGroup(name), h.err.WithGroup(name)}
}

// invocationLog adds to each record the id of the invocation that its context belongs to, which leads to the host's own logs.
type invocationLog struct{ slog.Handler }

// withInvocations makes a logger's records carry invocation ids.
func withInvocations(log *slog.Logger) *slog.Logger {
	if _, has := log.Handler().(*invocationLog); has {
		return log
	}
	return slog.New(&invocationLog{log.Handler()})
}

func (h *invocationLog) Handle(ctx context.Context, r slog.Record) error {
	if id := bindings.InvocationID(ctx); id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("invocation", id))
	}
	return h.Handler.Handle(ctx, r) //nolint:wrapcheck // it is another log's
}

func (h *invocationLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &invocationLog{h.Handler.WithAttrs(attrs)}
}

func (h *invocationLog) WithGroup(name string) slog.Handler {
	return &invocationLog{h.Handler.WithGroup(name)}
}
