package durabletask

import (
	"context"
	"regexp"

	"github.com/azdurable/azdurable/durabletask/history"
)

type traceKey struct{}

// longestTraceState is how long a trace state may be; a longer one is dropped whole (DTFx: DistributedTraceContext).
const longestTraceState = 513

var traceParent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// WithTrace returns a context by which Schedule makes an instance part of a trace: the parent is that of the W3C header traceparent, the state that of
// tracestate, or empty. A parent that is none is ignored, as the standard asks. It is stored with the start, where workers that trace find it.
func WithTrace(ctx context.Context, parent, state string) context.Context {
	if !traceParent.MatchString(parent) {
		return ctx
	}
	if len(state) > longestTraceState {
		state = ""
	}
	return context.WithValue(ctx, traceKey{}, &history.TraceContext{TraceParent: parent, TraceState: state})
}

// traceOf returns what WithTrace has said; nil for nothing.
func traceOf(ctx context.Context) *history.TraceContext {
	t, _ := ctx.Value(traceKey{}).(*history.TraceContext)
	return t
}
