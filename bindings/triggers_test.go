package bindings_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/google/go-cmp/cmp"
)

type order struct{ N int }

func onOrder(context.Context, *bindings.QueueMessage[order], *bindings.DurableClient) error {
	return nil
}

func onBlob(context.Context, *bindings.BlobContent, *bindings.DurableClient) error { return nil }

func onRaw(context.Context, *bindings.Invocation, *bindings.DurableClient) error { return nil }

func onTime(context.Context, *bindings.TimerInfo, *bindings.DurableClient) error { return nil }

func onEvent(context.Context, *bindings.GridEvent[order], *bindings.DurableClient) error { return nil }

// TestFunctionModels shows what function.json says of each kind of function.
func TestFunctionModels(t *testing.T) {
	t.Parallel()
	audit := bindings.ToQueue[order]("audit", bindings.QueueTarget{Queue: "audit", Connection: "Other"})
	copies := bindings.ToBlob("copy", bindings.BlobTarget{Path: "copies/{rand-guid}"})
	bus := bindings.To("serviceBus", "bus", map[string]any{"queueName": "q"})
	orders := bindings.QueueSource{Queue: "orders", Connection: "Other"}
	for _, c := range []struct {
		trigger bindings.HostTrigger
		want    string
		bundle  bool
	}{
		{
			bindings.HTTP("Start", bindings.Route{Pattern: "/orders/{id?}", Methods: []string{"post", "POST"}, Auth: bindings.AuthAdmin}, nothing),
			`{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"admin","methods":["post"],"route":"orders/{id?}"},{"type":"http","direction":"out","name":"res"}]}`, false,
		},
		{
			bindings.HTTP("With", bindings.Route{}, nothing, copies, bus),
			`{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"function","route":"With"},{"type":"http","direction":"out","name":"res"},` +
				`{"type":"blob","direction":"out","name":"copy","path":"copies/{rand-guid}"},{"type":"serviceBus","direction":"out","name":"bus","queueName":"q"}]}`, true,
		},
		{
			bindings.Queue("OnOrder", orders, onOrder, audit),
			`{"bindings":[{"type":"queueTrigger","direction":"in","name":"msg","connection":"Other","dataType":"binary","queueName":"orders"},` +
				`{"type":"queue","direction":"out","name":"audit","connection":"Other","queueName":"audit"}]}`, true,
		},
		{
			bindings.Queue("OnPoison", orders.Poison(), onOrder),
			`{"bindings":[{"type":"queueTrigger","direction":"in","name":"msg","connection":"Other","dataType":"binary","queueName":"orders-poison"}]}`, true,
		},
		{
			bindings.Blob("OnBlob", bindings.BlobSource{Path: "uploads/{name}.csv", Connection: "Other", EventGrid: true}, onBlob),
			`{"bindings":[{"type":"blobTrigger","direction":"in","name":"blob","connection":"Other","dataType":"binary","path":"uploads/{name}.csv","source":"EventGrid"}]}`, true,
		},
		{bindings.EventGrid("OnEvent", onEvent), `{"bindings":[{"type":"eventGridTrigger","direction":"in","name":"event"}]}`, true},
		{
			bindings.Timer("Tick", bindings.Schedule{Cron: "0 * * * * *", Retry: bindings.FixedDelay(3, 90*time.Second)}, onTime),
			`{"retry":{"strategy":"fixedDelay","maxRetryCount":3,"delayInterval":"00:01:30"},"bindings":[{"type":"timerTrigger","direction":"in","name":"timer","schedule":"0 * * * * *"}]}`, false,
		},
		{
			bindings.Raw("OnHub", bindings.Binding{Type: "eventHubTrigger", Properties: map[string]any{"dataType": "string"}}, onRaw,
				bindings.ExponentialBackoff(bindings.Forever, time.Second, time.Hour)),
			`{"retry":{"strategy":"exponentialBackoff","maxRetryCount":-1,"minimumInterval":"00:00:01","maximumInterval":"01:00:00"},` +
				`"bindings":[{"type":"eventHubTrigger","direction":"in","name":"value","dataType":"string"}]}`, true,
		},
	} {
		f := c.trigger.Function()
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, string(text)); diff != "" || bindings.NeedsBundle(f) != c.bundle || !strings.Contains(c.trigger.Place(), "triggers_test.go:") {
			t.Errorf("%s at %s (-want +got):\n%s", c.trigger.Name(), c.trigger.Place(), diff)
		}
		if f.Bindings[0].Type != c.trigger.Type() {
			t.Errorf("%s is a %s", c.trigger.Name(), c.trigger.Type())
		}
	}
}

// TestMisuse shows that every constructor says what to type instead.
func TestMisuse(t *testing.T) {
	t.Parallel()
	source, target := bindings.QueueSource{Queue: "orders"}, bindings.QueueTarget{Queue: "audit"}
	audit := bindings.ToQueue[order]("audit", target)
	raw := func(kind, name string) func() {
		return func() { bindings.Raw("F", bindings.Binding{Type: kind, Name: name}, onRaw) }
	}
	for name, c := range map[string]struct {
		misuse func()
		want   string
	}{
		"no function":         {func() { bindings.Queue[order]("F", source, nil) }, `bindings.Queue("OnOrder"`},
		"no blob function":    {func() { bindings.Blob("F", bindings.BlobSource{Path: "a1b/c"}, nil) }, `bindings.Blob("OnUpload"`},
		"no event function":   {func() { bindings.EventGrid[order]("F", nil) }, `bindings.EventGrid("OnBlobCreated"`},
		"no raw function":     {func() { bindings.Raw("F", bindings.Binding{Type: "xTrigger"}, nil) }, `bindings.Raw("OnOrder"`},
		"a name with a digit": {func() { bindings.Queue("1st", source, onOrder) }, `such as "OnOrder"`},
		"a name with a space": {func() { bindings.HTTP("a b", bindings.Route{}, nothing) }, "begin with a letter"},
		"the host's own name": {func() { bindings.HTTP("Host", bindings.Route{}, nothing) }, "can't be the name of a function"},
		"capitals in a queue": {func() { bindings.Queue("F", bindings.QueueSource{Queue: "Orders"}, onOrder) }, `bindings.Queue(…, …{Queue: "new-orders"})`},
		"a short queue":       {func() { bindings.ToQueue[order]("q", bindings.QueueTarget{Queue: "ab"}) }, "bindings.ToQueue("},
		"two hyphens":         {func() { bindings.Queue("F", bindings.QueueSource{Queue: "a--b"}, onOrder) }, "single hyphens"},
		"a connection string": {func() {
			bindings.Queue("F", bindings.QueueSource{Queue: "abc", Connection: "AccountKey=secret"}, onOrder)
		}, "the name of an app setting"},
		"a container alone":    {func() { bindings.Blob("F", bindings.BlobSource{Path: "uploads"}, onBlob) }, `{Path: "uploads/{name}.csv"}`},
		"a reserved parameter": {func() { bindings.Blob("F", bindings.BlobSource{Path: "uploads/{Uri}"}, onBlob) }, "such as {file}"},
		"a parameter's hyphen": {func() { bindings.Blob("F", bindings.BlobSource{Path: "uploads/{a-b}"}, onBlob) }, "such as {file}"},
		"an output's name":     {func() { bindings.ToBlob("$return", bindings.BlobTarget{Path: "abc/d"}) }, `such as "audit"`},
		"an output twice":      {func() { bindings.Queue("F", source, onOrder, audit, audit) }, "give the output another name"},
		"an output named res":  {func() { bindings.HTTP("F", bindings.Route{}, nothing, bindings.ToQueue[order]("Res", target)) }, "give the output another name"},
		"a nil output":         {func() { bindings.Queue("F", source, onOrder, nil) }, "define outputs before"},
		"an HTTP output":       {func() { bindings.To("http", "res", nil) }, "http.ResponseWriter"},
		"a binary output":      {func() { bindings.To("queue", "q", map[string]any{"dataType": "binary"}) }, "leave it out"},
		"a durable output":     {func() { bindings.To("durableClient", "c", nil) }, "the client that each function is handed"},
		"no type":              {raw("", ""), `bindings.Raw("OnOrder"`},
		"a durable trigger":    {raw("orchestrationTrigger", ""), "durabletask.New"},
		"not a trigger":        {raw("serviceBus", ""), "end in Trigger"},
		"a trigger of its own": {raw("queueTrigger", ""), "bindings.Queue"},
		"a raw trigger's name": {raw("serviceBusTrigger", "a b"), "leave it out"},
		"retries of a queue":   {func() { bindings.Queue("F", source, onOrder, bindings.FixedDelay(1, time.Second)) }, "maxDequeueCount"},
		"retries of a route":   {func() { bindings.HTTP("F", bindings.Route{}, nothing, bindings.FixedDelay(1, time.Second)) }, "the caller repeats"},
		"retries of a bus": {func() {
			bindings.Raw("F", bindings.Binding{Type: "serviceBusTrigger"}, onRaw, bindings.FixedDelay(1, time.Second))
		}, "eventHubTrigger"},
		"retries of a timer": {func() {
			bindings.Timer("F", bindings.Schedule{Cron: "0 * * * * *"}, onTime, bindings.FixedDelay(1, time.Second))
		}, "Retry: …"},
		"no retries":            {func() { bindings.FixedDelay(0, time.Second) }, "bindings.FixedDelay(3"},
		"half a second":         {func() { bindings.FixedDelay(1, time.Second/2) }, "a number of seconds"},
		"the wrong way round":   {func() { bindings.ExponentialBackoff(1, time.Hour, time.Second) }, "bindings.ExponentialBackoff(5"},
		"no body at all":        {func() { bindings.HTTP("F", bindings.Route{}, nothing, bindings.MaxBody(0)) }, "bindings.Unlimited"},
		"a method of one's own": {func() { bindings.HTTP("F", bindings.Route{Methods: []string{"fetch"}}, nothing) }, "GET, POST"},
		"a level of one's own":  {func() { bindings.HTTP("F", bindings.Route{Auth: 7}, nothing) }, "bindings.AuthAdmin"},
		"a reserved route":      {func() { bindings.HTTP("F", bindings.Route{Pattern: "administrators/{id}"}, nothing) }, "keeps to itself"},
		"a setting in a route":  {func() { bindings.HTTP("F", bindings.Route{Pattern: "%ROUTE%"}, nothing) }, "leaves routes alone"},
	} {
		if text := panicOf(c.misuse); !strings.HasPrefix(text, "bindings: ") || !strings.Contains(text, c.want) || strings.Contains(text, "secret") {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
}

// invoke runs a function for an invocation that has these data.
func invoke(t *testing.T, f bindings.HostTrigger, data string) (*bindings.Outcome, error) {
	t.Helper()
	in := &bindings.Invocation{ID: "one", Function: f.Name()}
	if err := json.Unmarshal([]byte(data), &in.Data); err != nil {
		t.Fatal(err)
	}
	return f.Answer(in.With(t.Context()), in, nil)
}

func TestEvents(t *testing.T) {
	t.Parallel()
	grid := `{"id":"1","topic":"/t","subject":"s","eventType":"Made","eventTime":"2026-11-23T17:00:00.1234567Z","dataVersion":"2","metadataVersion":"1","data":{"N":7}}`
	cloud := `{"specversion":"1.0","id":"2","source":"/s","type":"Made","time":"2026-11-23T17:00:00Z","data":{"N":8},"more":true}`
	quoted := strconv.Quote
	var got []string
	f := bindings.EventGrid("OnEvent", func(_ context.Context, e *bindings.GridEvent[order], _ *bindings.DurableClient) error {
		got = append(got, fmt.Sprintf("%s %s %s %q %d %d %v %q %v",
			e.ID, e.Type, e.Source, e.Subject, e.Time.Unix(), e.Data.N, e.CloudEvent, e.DataVersion, strings.Contains(string(e.Raw), "more")))
		return nil
	})
	for _, data := range []string{grid, quoted(grid), quoted(quoted(grid)), cloud, quoted(cloud)} {
		if _, err := invoke(t, f, `{"event":`+data+`}`); err != nil {
			t.Errorf("%s: %v", data, err)
		}
	}
	first, second := `1 Made /t "s" 1795453200 7 false "2" false`, `2 Made /s "" 1795453200 8 true "" true`
	if diff := cmp.Diff([]string{first, first, first, second, second}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for data, want := range map[string]string{`{}`: "neither schema", `"text"`: "can't be a", `{"eventType":"T","data":[1]}`: "no bindings_test.order", `7`: "can't be a"} {
		if _, err := invoke(t, f, `{"event":`+data+`}`); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", data, err, want)
		}
	}
	var text string
	bytes := bindings.EventGrid("OnBytes", func(_ context.Context, e *bindings.GridEvent[string], _ *bindings.DurableClient) error {
		text += e.Data + ";"
		return nil
	})
	for _, data := range []string{`{"specversion":"1.0","type":"T","data_base64":"aGk="}`, `{"eventType":"T","data":"hi"}`, `{"eventType":"T","data":{"a":1}}`} {
		if _, err := invoke(t, bytes, `{"event":`+data+`}`); err != nil {
			t.Error(err)
		}
	}
	if text != `hi;hi;{"a":1};` {
		t.Error(text)
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	number := bindings.ToQueue[order]("number", bindings.QueueTarget{Queue: "numbers"})
	text := bindings.ToQueue[string]("text", bindings.QueueTarget{Queue: "texts"})
	blob := bindings.ToBlob("blob", bindings.BlobTarget{Path: "abc/{name}"})
	other := bindings.To("serviceBus", "other", nil)
	var late func() error
	f := bindings.Queue("F", bindings.QueueSource{Queue: "orders"}, func(ctx context.Context, _ *bindings.QueueMessage[[]byte], _ *bindings.DurableClient) error {
		late = func() error { return other.Send(ctx, []byte("late")) }
		for _, c := range []struct {
			err  error
			want string
		}{
			{number.Send(ctx, order{7}), ""},
			{text.Send(ctx, "orders42"), ""}, // which the host would take for base64
			{text.Send(ctx, "again"), "has been written"},
			{blob.Send(ctx, nil), "nothing that is empty"},
			{blob.Send(ctx, []byte{0, 255}), ""},
			{bindings.ToBlob("more", bindings.BlobTarget{Path: "abc/{name}"}).Send(ctx, []byte("x")), "no output of the function F"},
		} {
			if (c.err == nil) != (c.want == "") || c.err != nil && !strings.Contains(c.err.Error(), c.want) {
				t.Errorf("%v, want %s", c.err, c.want)
			}
		}
		return nil
	}, number, text, blob, other)
	out, err := invoke(t, f, `{"msg":"aGk="}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"number": "eyJOIjo3fQ==", "text": "b3JkZXJzNDI=", "blob": "AP8="}, out.Outputs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := late(); err == nil || !strings.Contains(err.Error(), "is over") {
		t.Errorf("after the end: %v", err)
	}
	if err := text.Send(t.Context(), "x"); !errors.Is(err, bindings.ErrNoHost) {
		t.Errorf("without the host: %v", err)
	}
}

// TestAnswersThatTheHostSpoils shows what becomes of answers that the output of HTTP functions can't carry (custom-handler §4.2).
func TestAnswersThatTheHostSpoils(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   string // the output in JSON, or the error
	}{
		"nothing":        {func(http.ResponseWriter) {}, `{"statusCode":200,"body":""}`},
		"text":           {func(w http.ResponseWriter) { fmt.Fprint(w, "hi") }, `{"statusCode":200,"headers":{"Content-Type":"text/plain; charset=utf-8"},"body":"hi"}`},
		"JSON":           {func(w http.ResponseWriter) { bindings.WriteJSON(w, 404, 7) }, `{"statusCode":404,"headers":{"Content-Type":"application/json; charset=utf-8"},"body":"7"}`},
		"several values": {func(w http.ResponseWriter) { w.Header()["X-A"] = []string{"1", "2"} }, `{"statusCode":200,"headers":{"X-A":"1, 2"},"body":""}`},
		"a date":         {func(w http.ResponseWriter) { fmt.Fprint(w, "2026-11-23T12:00:00Z") }, `"body":"2026-11-23T12:00:00Z\n"`},
		"an old date":    {func(w http.ResponseWriter) { fmt.Fprint(w, "/Date(1198908717056)/") }, `"body":"/Date(1198908717056)/\n"`},
		"a date in JSON": {func(w http.ResponseWriter) { fmt.Fprint(w, `"2026-11-23T12:00:00Z"`) }, `"body":"\"2026-11-23T12:00:00Z\""`},
		"a header's date": {
			func(w http.ResponseWriter) { w.Header().Set("X-At", "2026-11-23T12:00:00Z") }, `{"statusCode":200,"headers":{"X-At":"2026-11-23T12:00:00Z "},"body":""}`,
		},
		"late headers": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusCreated)
			w.Header().Set("X-A", "1")
			w.WriteHeader(http.StatusAccepted)
		}, `{"statusCode":201,"body":""}`},
		"no content": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent); fmt.Fprint(w, "hi") }, `{"statusCode":204,"body":""}`},
		"interim":    {func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints); fmt.Fprint(w, "hi") }, `"statusCode":200`},
		"framing": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "9")
			w.Header().Set("Connection", "close")
		}, `{"statusCode":200,"body":""}`},
		"one cookie":    {func(w http.ResponseWriter) { http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"}) }, `"Set-Cookie":"a=b"`},
		"two cookies":   {func(w http.ResponseWriter) { w.Header()["Set-Cookie"] = []string{"a=b", "c=d"} }, "2 Set-Cookie headers"},
		"bytes":         {func(w http.ResponseWriter) { w.Write([]byte{0xff}) }, "not UTF-8"},
		"umlaut header": {func(w http.ResponseWriter) { w.Header().Set("X-A", "ü") }, `header "X-A"`},
		"two lines":     {func(w http.ResponseWriter) { w.Header().Set("X-A", "a\r\nb") }, `header "X-A"`},
		"status 600":    {func(w http.ResponseWriter) { w.WriteHeader(600) }, "status 600"},
		"status 101":    {func(w http.ResponseWriter) { w.WriteHeader(http.StatusSwitchingProtocols) }, "status 101"},
	} {
		f := bindings.HTTP("F", bindings.Route{}, func(w http.ResponseWriter, _ *http.Request, _ *bindings.DurableClient) { c.answer(w) })
		out, err := invoke(t, f, `{"req":{"Url":"http://h/api/F","Method":"GET"}}`)
		got := fmt.Sprint(err)
		if err == nil {
			text, marshal := json.Marshal(out.Outputs["res"])
			got = string(text) + fmt.Sprint(marshal)
		}
		if !strings.Contains(got, c.want) || (err != nil) == strings.Contains(c.want, `":`) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestEncodings decodes values in as many layers as the host puts around them.
func TestEncodings(t *testing.T) {
	t.Parallel()
	in := &bindings.Invocation{Function: "F", Data: map[string]json.RawMessage{
		"object": json.RawMessage(`{"N":1}`), "text": json.RawMessage(`"\"hi\""`), "jsonText": json.RawMessage(`"\"{\\\"N\\\":2}\""`),
		"number": json.RawMessage(`"3"`), "list": json.RawMessage(`"[\"a\"]"`), "null": json.RawMessage(`"null"`), "bytes": json.RawMessage(`"1234"`),
		"date": json.RawMessage(`"2026-11-23T12:00:00"`),
	}}
	var o order
	var n int
	var list []string
	var null *order
	for name, target := range map[string]any{"object": &o, "number": &n, "list": &list, "null": &null} {
		if err := in.Decode(name, target); err != nil {
			t.Error(err)
		}
	}
	if o.N != 1 || n != 3 || len(list) != 1 || null != nil {
		t.Error(o, n, list, null)
	}
	if err := in.Decode("jsonText", &o); err != nil || o.N != 2 {
		t.Error(o, err)
	}
	for name, want := range map[string]string{"text": "hi", "jsonText": `{"N":2}`, "date": "2026-11-23T12:00:00"} {
		if text, err := in.Text(name); text != want || err != nil {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if content, err := in.Bytes("bytes"); string(content) != "\xd7\x6d\xf8" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	for _, wrong := range []func() error{
		func() error { _, err := in.Text("object"); return err },
		func() error { _, err := in.Bytes("text"); return err },
		func() error { return in.Decode("text", &n) },
		func() error { return in.Decode("missing", &n) },
	} {
		if err := wrong(); err == nil || !strings.Contains(err.Error(), "of F") {
			t.Error(err)
		}
	}
}

func TestRetryIsSeen(t *testing.T) {
	t.Parallel()
	in := &bindings.Invocation{Metadata: map[string]json.RawMessage{
		"RetryContext": json.RawMessage(`{"RetryCount":1,"MaxRetryCount":2,"Exception":{"ClassName":"X"},"Instance":null,"State":{}}`),
	}}
	if r := in.Retry(); r.Count != 1 || r.Most != 2 {
		t.Errorf("%+v", r)
	}
	if r := (&bindings.Invocation{}).Retry(); r.Count != 0 {
		t.Errorf("%+v", r)
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var app strings.Builder
	in := &bindings.Invocation{ID: "one", Log: slog.New(slog.NewTextHandler(&app, nil))}
	log := bindings.Logger(in.With(t.Context())).With("a", 1).WithGroup("g")
	log.Info("first", "b", 2)
	log.Debug("hidden")
	want := []string{"level=INFO msg=first a=1 g.b=2"}
	if !strings.Contains(app.String(), want[0]) {
		t.Errorf("the app logged %s", app.String())
	}
	if diff := cmp.Diff(want, in.Logs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for range 2000 {
		in.AddLog("x")
	}
	if lines := in.Logs(); len(lines) != 1001 || !strings.Contains(lines[1000], "1001 more lines") {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
	if bindings.Logger(t.Context()) == nil || bindings.InvocationID(t.Context()) != "" {
		t.Error("without an invocation")
	}
}
