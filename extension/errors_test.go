package extension_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/extension"
)

// shape is how an error answer looks: nothing, a JSON string, a message, or a message with what .NET would say.
func shape(message, exception, kind string) string {
	return fmt.Sprintf(`{"Message":%q,"ExceptionMessage":%q,"ExceptionType":%q,"StackTrace":""}`, message, exception, kind)
}

// Every row of the table of errors (http-api §18), to the byte: members, order, headers.
func TestErrors(t *testing.T) {
	t.Parallel()
	const (
		argument, operation = "System.ArgumentException", "System.InvalidOperationException"
		bad                 = "One or more of the arguments submitted is incorrect"
		wrong               = "Something went wrong while processing your request"
		notJSON             = "Newtonsoft.Json.JsonReaderException"
		unknown             = "InstanceId does not match a valid orchestration instance."
		inUse               = "A non-terminal instance with this instance ID already exists."
		exists              = "An Orchestration instance with the status Running already exists."
		existsType          = "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException"
		newID               = " (Parameter 'newInstanceId')"
	)
	asJSON := map[string]string{"Content-Type": "application/json"}
	plain := map[string]string{"Content-Type": "text/plain"}
	rules := `Orchestration instance IDs must not contain /, \, #, ?, or control characters.` + newID
	at := "Orchestration instance IDs must not start with @." + newID
	long := "Instance ID lengths must not exceed 256 characters." + newID
	start(t, extension.Options{}, func(h *hub) {
		h.four()
		for _, row := range []struct {
			request string
			headers map[string]string
			body    string
			status  int
			want    string
		}{
			{"POST /orchestrators/Echo/%2B", asJSON, "1", 400, shape(bad, "An instance id that is blank could never be found again. Choose another, or leave it out.", argument)},
			{"POST /instances/run/resume", nil, "", 500, shape(wrong, "Cannot resume the orchestration instance run because instance is in the Running state.", operation)},
			{"POST /orchestrators/Echo", asJSON, "nope", 400, shape("Invalid JSON content", "the body is not one JSON value: invalid character 'o' in literal null (expecting 'u') (byte 2)", notJSON)},
			{"POST /orchestrators/Echo", asJSON, "{", 400, shape("Invalid JSON content", "the body is not one JSON value: unexpected end of JSON input (byte 1)", notJSON)},
			{"POST /orchestrators/Echo", asJSON, `{"a":1} x`, 400, shape("Invalid JSON content", "the body is not one JSON value: invalid character 'x' after top-level value (byte 9)", notJSON)},
			{"POST /instances/run/raiseEvent/go", asJSON, "{", 400, shape("Invalid JSON content", "the body is not one JSON value: unexpected EOF", notJSON)},
			{"POST /instances/run/raiseEvent/go", asJSON, "", 400, shape("Invalid JSON content", "the body is not one JSON value: EOF", notJSON)},
			{"POST /orchestrators/Echo/run", asJSON, "1", 409, `{"Message":"` + exists + `"}`},
			{"POST /orchestrators/Echo/x?timeout=1&pollingInterval=2", asJSON, "1", 400, `{"Message":"Total timeout 1 should be bigger than retry timeout 2"}`},
			{"POST /instances/run/restart?restartWithNewInstanceId=false", nil, "", 409, shape(inUse, exists, existsType)},
			{"POST /instances/done/restartWithOptions?newInstanceId=run", nil, "", 409, shape(inUse, exists, existsType)},
			{"POST /instances/done/restartWithOptions", nil, "", 400, `{"Message":"A new orchestration instance ID must be provided."}`},
			{"POST /instances/done/restartWithOptions?newInstanceId=%20+", nil, "", 400, `{"Message":"A new orchestration instance ID must be provided."}`},
			{"POST /instances/done/restartWithOptions?newInstanceId=@x", nil, "", 400, shape(at, at, argument)},
			{"POST /instances/done/restartWithOptions?newInstanceId=a%2fb", nil, "", 400, shape(rules, rules, argument)},
			{"POST /instances/done/restartWithOptions?newInstanceId=a%00b", nil, "", 400, shape(rules, rules, argument)},
			{"POST /instances/done/restartWithOptions?newInstanceId=" + strings.Repeat("ü", 257), nil, "", 400, shape(long, long, argument)},
			{"POST /instances/nope/restartWithOptions?newInstanceId=x", nil, "", 400, shape(unknown, "No instance with ID 'nope' was found. (Parameter 'instanceId')", argument)},
			{"POST /instances/nope/restart", nil, "", 400, shape(unknown, "No instance with ID 'nope' was found. (Parameter 'instanceId')", argument)},
			{"POST /instances/done/restart?timeout=1&pollingInterval=2", nil, "", 400, shape(bad, "Total timeout 1 should be bigger than retry timeout 2", argument)},
			{"POST /instances/nope/rewind", nil, "", 404, `"No orchestration with instance ID \"$nope\" found."`},
			{"POST /instances/done/rewind", nil, "", 412, `"This orchestration has status Completed, but only orchestrations in the \"Failed\" state can be rewound."`},
			{"DELETE /instances/run", nil, "", 412, `"Only orchestrations in a terminal state can be purged, but the orchestration with instance ID run has status Running"`},
			{"GET /instances?connection=Nope", nil, "", 500, shape(wrong, "Unable to resolve the Azure Storage connection named 'Nope'.", operation)},
			{"GET /instances?taskHub=bad-hub!", nil, "", 400, `"ExceptionType":"System.ArgumentException","StackTrace":""}`},
			{"POST /instances/run/raiseEvent/go", plain, "1", 400, `{"Message":"Only application/json request content is supported"}`},
			{"POST /instances/run/raiseEvent/go", nil, "1", 400, `{"Message":"Only application/json request content is supported"}`},
			{"POST /entities/nope/k", asJSON, "1", 400, `{"Message":"The function 'nope' doesn't exist, is disabled, or is not an entity function. Additional info: The following are the known entity functions: 'ClassCounter', 'Counter', 'Thrower'"}`},
			{"POST /entities/Counter/k?op=add", asJSON, "{", 400, `{"Message":"Could not parse JSON content: the body is not one JSON value: unexpected EOF"}`},
			{"DELETE /instances", nil, "", 400, `"Please provide value for 'createdTimeFrom' parameter."`},
			{"DELETE /instances?createdTimeFrom=2000-01-01&runtimeStatus=completed", nil, "", 400, `"None of the values of 'runtimeStatus' is a status. Nothing was purged. The names are Completed, Failed, Terminated and Canceled, in exactly this spelling."`},
			{"DELETE /instances?createdTimeFrom=2000-01-01&runtimeStatus=Running,Suspended", nil, "", 404, ""},
			{"DELETE /instances?createdTimeFrom=2999-01-01", nil, "", 404, ""},
			{"GET /instances/nope", nil, "", 404, ""},
			{"DELETE /instances/nope", nil, "", 404, ""},
			{"POST /instances/nope/terminate", nil, "", 404, ""},
			{"POST /instances/done/terminate", nil, "", 410, ""},
			{"POST /instances/nope/raiseEvent/go", plain, "1", 404, ""},
			{"POST /instances/done/raiseEvent/go", plain, "1", 410, ""},
			{"POST /instances/done/bogus", nil, "", 404, ""},
			{"GET /entities/Counter/none", nil, "", 404, ""},
			{"POST /makeprimary/x", nil, "", 404, ""},
		} {
			method, path, _ := strings.Cut(row.request, " ")
			w := h.ask(method, path, row.headers, row.body)
			got := w.Body.String()
			if w.Code != row.status || got != row.want && (row.want == "" || !strings.HasSuffix(got, row.want)) {
				t.Errorf("%s %q: %d %s\nwant %d %s", row.request, row.body, w.Code, got, row.status, row.want)
			}
			for name := range w.Header() {
				if (name != "Content-Type" || row.want == "") && (name != "Content-Length" || row.want != "") {
					t.Errorf("%s has the header %s", row.request, name)
				}
			}
		}
	})
}

// What is asked of another hub finds nothing there and starts nothing; each endpoint says so in its own way.
func TestAnotherHub(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		h.four()
		const nowhere = "would never run"
		for request, want := range map[string]string{
			"GET /instances": "200 []", "GET /entities": "200 []", "GET /entities/Counter": "200 []", "GET /entities/Counter/k": "404 ", "GET /instances/done": "404 ",
			"DELETE /instances/done": "404 ", "DELETE /instances?createdTimeFrom=2000-01-01": "404 ", "POST /instances/run/terminate": "404 ",
			"POST /instances/done/restart": "400 InstanceId does not match", "POST /instances/failed/rewind": "404 No orchestration", "POST /makeprimary": "404 ",
			"POST /orchestrators/Echo/x": "400 " + nowhere, "POST /entities/Counter/k": "400 " + nowhere, "DELETE /entities/Counter/k": "400 " + nowhere,
		} {
			method, path, _ := strings.Cut(request, " ")
			path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "taskHub=Another"
			w := h.ask(method, path, nil, "")
			status, text, _ := strings.Cut(want, " ")
			if fmt.Sprint(w.Code) != status || !strings.Contains(w.Body.String(), text) || text == "" && w.Body.Len() > 0 {
				t.Errorf("%s: %d %s, want %s", request, w.Code, w.Body, want)
			}
		}
		if w := h.get("/instances?runtimeStatus=Completed,Failed,Running,Terminated"); strings.Count(w.Body.String(), "instanceId") != 4 {
			t.Errorf("something has changed: %s", w.Body)
		}
	})
}

// outage is a store that can't be reached any more once it is away.
type outage struct {
	backend.Backend
	away *atomic.Bool
}

func (o outage) List(ctx context.Context, q backend.Query) (backend.Page, error) {
	if !o.away.Load() {
		return o.Backend.List(ctx, q)
	}
	return backend.Page{}, fmt.Errorf("the disk is away: %w", backend.ErrTransient)
}

func (o outage) Get(ctx context.Context, id string) (*backend.InstanceState, error) {
	if !o.away.Load() {
		return o.Backend.Get(ctx, id)
	}
	return nil, fmt.Errorf("the disk is away: %w", backend.ErrTransient)
}

// Whoever asks while storage is away is told to come again.
func TestStorageOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		o := extension.Options{
			Folder: t.TempDir(), Hub: "Hub", Logger: slog.New(slog.DiscardHandler), Environ: []string{""}, Settings: &extension.AppSettings{},
			Open: func(ctx context.Context, _ extension.Store, log *slog.Logger) (backend.Backend, error) {
				b, err := local.Open(ctx, local.Options{Logger: log})
				return outage{b, &away}, err
			},
		}
		e, err := extension.Initialize(standIns(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = e.Stop(t.Context()) }()
		away.Store(true)
		for _, request := range []string{
			"GET /instances", "GET /instances/x", "DELETE /instances/x", "DELETE /instances?createdTimeFrom=2000-01-01", "POST /instances/x/terminate", "POST /instances/x/restart",
		} {
			method, path, _ := strings.Cut(request, " ")
			w := httptest.NewRecorder()
			e.Management().ServeHTTP(w, httptest.NewRequest(method, extension.ManagementPath+path, nil))
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || !strings.Contains(w.Body.String(), "the disk is away") {
				t.Errorf("%s: %d %s", request, w.Code, w.Body)
			}
		}
	})
}
