package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/azdurable/azdurable/bindings"
)

// invocationHeader is the host's id of an invocation.
const invocationHeader = "X-Azure-Functions-Invocationid"

// envelope is an invocation as the host sends it, and answer what it expects.
type (
	envelope struct {
		Data     map[string]json.RawMessage `json:"Data"`     //nolint:tagliatelle // as the host spells it
		Metadata map[string]json.RawMessage `json:"Metadata"` //nolint:tagliatelle // as the host spells it
	}
	answer struct {
		Outputs     map[string]any
		Logs        []string
		ReturnValue any
	}
)

// invoker answers the invocations of the functions that the host calls in its JSON protocol: POST /<function>. What succeeds is always answered with 200 and a
// JSON object, since the host waits for ever after anything else that is no failure; what fails with another code, since the host then repeats it if its
// trigger does so. The host drops the lines of a failure, so the app's own log has them, too.
type invoker struct {
	client  *bindings.DurableClient
	maxBody int64
	log     *slog.Logger
}

// invoke answers the invocations of one function.
func (i *invoker) invoke(t bindings.HostTrigger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in := &bindings.Invocation{
			ID: lastOf(r.Header.Get(invocationHeader)), Function: t.Name(), TraceParent: r.Header.Get("Traceparent"), Log: i.log,
		}
		ctx := in.With(r.Context())
		e, err := readEnvelope(w, r, envelopeLimit(bodyLimit(t.MaxBody(), i.maxBody)))
		if err != nil {
			code := http.StatusInternalServerError
			if _, large := errors.AsType[*http.MaxBytesError](err); large {
				code = http.StatusRequestEntityTooLarge
			}
			i.fail(ctx, w, code, in, err)
			return
		}
		in.Data, in.Metadata = e.Data, e.Metadata
		out, err := answerOf(ctx, t, in, i.client)
		if err != nil {
			i.fail(ctx, w, http.StatusInternalServerError, in, err)
			return
		}
		bindings.WriteJSON(w, http.StatusOK, answer{Outputs: out.Outputs, Logs: in.Logs(), ReturnValue: out.ReturnValue})
	}
}

// fail answers an invocation that failed.
func (i *invoker) fail(ctx context.Context, w http.ResponseWriter, code int, in *bindings.Invocation, err error) {
	lines := append(in.Logs(), fmt.Sprint(err))
	attrs := []any{"function", in.Function, "error", err}
	if p, panicked := errors.AsType[*panicError](err); panicked {
		lines, attrs = append(lines, p.stack), append(attrs, "stack", p.stack)
	}
	i.log.ErrorContext(ctx, "a function failed", attrs...)
	bindings.WriteJSON(w, code, answer{Logs: lines})
}

// panicError is a panic of a function.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("it panicked: %v", e.value) }

// answerOf calls a function, and makes an error of its panic: a process that dies takes all other invocations with it, and the third time the host.
func answerOf(ctx context.Context, t bindings.HostTrigger, in *bindings.Invocation, client *bindings.DurableClient) (out *bindings.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &panicError{p, string(debug.Stack())}
		}
	}()
	return t.Answer(ctx, in, client)
}

// readEnvelope reads an invocation. Its length is not announced. What it does not know is left aside.
func readEnvelope(w http.ResponseWriter, r *http.Request, limit int64) (*envelope, error) {
	if limit >= 0 {
		if r.ContentLength > limit {
			return nil, fmt.Errorf("the invocation is too large: %w", tooLarge(limit))
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	text, err := io.ReadAll(r.Body)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, fmt.Errorf("the invocation is too large: %w", tooLarge(limit))
	}
	if err != nil {
		return nil, fmt.Errorf("the invocation breaks off: %w", err)
	}
	return decodeEnvelope(text)
}

// decodeEnvelope reads the text of an invocation.
func decodeEnvelope(text []byte) (*envelope, error) {
	var e *envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("the invocation is not what the protocol of custom handlers says, an object with Data and Metadata: %w", err)
	}
	if e == nil {
		return nil, errors.New("the invocation is not what the protocol of custom handlers says, an object with Data and Metadata, but null")
	}
	return e, nil
}

// lastOf is the part after the last comma: the host adds its own value to one that a caller sent.
func lastOf(value string) string {
	return strings.TrimSpace(value[strings.LastIndexByte(value, ',')+1:])
}
