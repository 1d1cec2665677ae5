package bindings

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
)

// Logger returns a logger for a function: what it takes is logged by the app, and by the Functions host among the lines of the invocation that ctx belongs
// to. The host shows the latter when the invocation has succeeded, without levels, and not at all for requests that it forwards.
func Logger(ctx context.Context) *slog.Logger {
	in := invocationOf(ctx)
	if in == nil {
		return slog.Default()
	}
	base := in.Log
	if base == nil {
		base = slog.Default()
	}
	lines := slog.NewTextHandler(&logLines{in}, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime})
	return slog.New(&tee{app: base.Handler(), lines: lines, ctx: ctx})
}

// withoutTime leaves out the time, which the host adds.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// logLines are the lines of an invocation as a writer.
type logLines struct{ in *Invocation }

func (l *logLines) Write(line []byte) (int, error) {
	l.in.AddLog(string(bytes.TrimSuffix(line, []byte("\n"))))
	return len(line), nil
}

// tee hands records to the app's log, and to the invocation. Calls without a context belong to the invocation, too.
type tee struct {
	app, lines slog.Handler
	ctx        context.Context //nolint:containedctx // it stands for the invocation, whose id the app's log writes
}

func (t *tee) Enabled(ctx context.Context, level slog.Level) bool { return t.app.Enabled(ctx, level) }

func (t *tee) Handle(ctx context.Context, r slog.Record) error {
	if invocationOf(ctx) == nil {
		ctx = t.ctx
	}
	if err := t.lines.Handle(ctx, r.Clone()); err != nil {
		return fmt.Errorf("add to the lines of the invocation: %w", err)
	}
	return t.app.Handle(ctx, r) //nolint:wrapcheck // it is the app's own
}

func (t *tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &tee{t.app.WithAttrs(attrs), t.lines.WithAttrs(attrs), t.ctx}
}

func (t *tee) WithGroup(name string) slog.Handler {
	return &tee{t.app.WithGroup(name), t.lines.WithGroup(name), t.ctx}
}
