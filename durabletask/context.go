package durabletask

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// UUID is an RFC 4122 identifier.
type UUID = replay.UUID

// Context is what an orchestrator sees of the world. It is not a context.Context, so that I/O inside an orchestrator doesn't
// compile. It belongs to the orchestrator's goroutine and must not be kept.
type Context interface {
	// InstanceID returns the id of the instance.
	InstanceID() string
	// ParentInstanceID returns the id of the orchestration that this one is a child of, or "".
	ParentInstanceID() string
	// Version returns the version the instance was started with, or "".
	Version() string
	// Now returns the time, UTC: when the present episode began. It is the same at every replay and stands still between durable
	// calls.
	Now() time.Time
	// Replaying reports whether the code runs only to get to where it was. Use it for side effects that don't matter, such as
	// logs; Logger does so by itself.
	Replaying() bool
	// NewUUID makes an identifier that is the same at every replay: the one .NET would make at this point.
	NewUUID() UUID
	// Rand returns a random source that yields the same numbers at every replay.
	Rand() *rand.Rand
	// Logger returns the worker's logger, silent while replaying.
	Logger() *slog.Logger
	// SetStatus sets the custom status that status queries show, anything with a JSON form. It panics if v has none, or if it is
	// longer than 16 KB of UTF-16.
	SetStatus(v any)

	Signaler
	execution() *replay.Execution
	app() *App
}

type orchestrationContext struct {
	a *App
	x *replay.Execution
}

func newContext(a *App, x *replay.Execution) Context { return &orchestrationContext{a, x} }

func (c *orchestrationContext) execution() *replay.Execution { return c.x }
func (c *orchestrationContext) app() *App                    { return c.a }
func (c *orchestrationContext) InstanceID() string           { return c.x.Start().Instance.ID }
func (c *orchestrationContext) Now() time.Time               { return c.x.Now() }
func (c *orchestrationContext) Replaying() bool              { return c.x.Replaying() }
func (c *orchestrationContext) NewUUID() UUID                { return c.x.NewUUID() }
func (c *orchestrationContext) Rand() *rand.Rand             { return c.x.Rand() }

func (c *orchestrationContext) ParentInstanceID() string {
	if p := c.x.Start().Parent; p != nil {
		return p.Instance.ID
	}
	return ""
}

func (c *orchestrationContext) Version() string {
	if v := c.x.Start().Version; v != nil {
		return *v
	}
	return ""
}

// maxStatus is the limit of the custom status: UTF-16 bytes, divided by 1024 and cut off, may not exceed 16 (§10.5).
const maxStatus = 17*1024 - 1

func (c *orchestrationContext) SetStatus(v any) {
	text, err := encode(v)
	if err != nil {
		panic("durabletask: SetStatus: " + err.Error())
	}
	if text != nil && utf16Bytes(*text) > maxStatus {
		panic("durabletask: SetStatus: the UTF-16 size of the JSON-serialized payload must not exceed 16 KB; keep details in the result or in storage of your own")
	}
	c.x.SetStatus(text)
}

// utf16Bytes is how many bytes a text takes in UTF-16.
func utf16Bytes(s string) int {
	n := 0
	for _, r := range s {
		n += 2
		if r > 0xFFFF {
			n += 2
		}
	}
	return n
}

func (c *orchestrationContext) Logger() *slog.Logger {
	start := c.x.Start()
	logger, ok := c.x.Host().(*slog.Logger)
	if !ok {
		logger = slog.Default()
	}
	return slog.New(replayHandler{logger.Handler(), c.x}).With("instance", start.Instance.ID, "orchestrator", start.Name)
}

// replayHandler drops what is logged while replaying.
type replayHandler struct {
	slog.Handler
	x *replay.Execution
}

func (h replayHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return !h.x.Replaying() && h.Handler.Enabled(ctx, level)
}

func (h replayHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return replayHandler{h.Handler.WithAttrs(attrs), h.x}
}

func (h replayHandler) WithGroup(name string) slog.Handler {
	return replayHandler{h.Handler.WithGroup(name), h.x}
}
