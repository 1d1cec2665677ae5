package handler

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
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

// invoke answers the invocations of one function: POST /<function>. What succeeds is always answered with 200 and a JSON object, since the host
// waits for ever after anything else that is no failure; what fails with 500, since the host then repeats it if its trigger does so.
func invoke(t bindings.HostTrigger, client *bindings.DurableClient, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var e envelope
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			line := "the invocation is not what the protocol of custom handlers says: " + err.Error()
			bindings.WriteJSON(w, http.StatusInternalServerError, answer{Logs: []string{line}})
			return
		}
		in := &bindings.Invocation{
			ID: lastOf(r.Header.Get(invocationHeader)), Function: t.Name(), Data: e.Data, Metadata: e.Metadata, TraceParent: r.Header.Get("Traceparent"),
		}
		out, err := t.Answer(r.Context(), in, client)
		if err != nil {
			log.Error("a function failed", "function", t.Name(), "invocation", in.ID, "error", err)
			bindings.WriteJSON(w, http.StatusInternalServerError, answer{Logs: append(in.Logs(), fmt.Sprint(err))})
			return
		}
		bindings.WriteJSON(w, http.StatusOK, answer{Outputs: out.Outputs, Logs: in.Logs(), ReturnValue: out.ReturnValue})
	}
}

// lastOf is the part after the last comma: the host adds its own value to one that a caller sent.
func lastOf(value string) string {
	return strings.TrimSpace(value[strings.LastIndexByte(value, ',')+1:])
}
