package hosttest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const queueIn = `{"type":"queueTrigger","name":"message","queueName":"work","connection":"AzureWebJobsStorage"}`

// TestMessageThatKills: three deaths come before five tries, so the message never reaches the poison queue and the host stops.
func TestMessageThatKills(t *testing.T) {
	t.Parallel()
	o := programApp(t, "serve", "", "CrashOnMessage=["+queueIn+"]")
	o.PlayOut = true
	h := Start(t, o)
	m := h.Enqueue("CrashOnMessage", "x")
	<-h.Stopped()
	if m.Poisoned() || len(h.Storage().Queue("work")) != 1 {
		t.Error("the message has left its queue")
	}
}

// TestMessagesAtOnce: messages are worked on side by side, but not more than a batch and the threshold.
func TestMessagesAtOnce(t *testing.T) {
	t.Parallel()
	h := Start(t, programApp(t, "serve", `"extensions":{"queues":{"batchSize":2,"newBatchThreshold":1}}`, "Both=["+queueIn+"]"))
	var messages []*Message
	for range 10 {
		messages = append(messages, h.Enqueue("Both", "x"))
	}
	for _, m := range messages {
		<-m.Done()
	}
	if most := ask(t, h).Most; most < 2 || most > 3 {
		t.Errorf("%d at once", most)
	}
	h.NoErrors()
}

// TestMessageOfAHostThatEnded: the message stays invisible, and another host gets it later, with a count of 2.
func TestMessageOfAHostThatEnded(t *testing.T) {
	t.Parallel()
	o := programApp(t, "serve", "", "Hang=["+queueIn+"]")
	o.Storage = NewStorage()
	h := Start(t, o)
	m := h.Enqueue("Hang", "x")
	h.Logged("Executing 'Functions.Hang'")
	h.Close()
	s := &scripted{}
	o.launch = s.launch
	h = Start(t, o)
	h.Ready()
	o.Storage.Expire()
	<-m.Done()
	if got := s.seen(); len(got) != 1 || !strings.Contains(got[0], `"DequeueCount":"2"`) {
		t.Errorf("%q", got)
	}
}

// TestVisibilityTimeout: a message that failed comes again after the delay, and is given up after the third time.
func TestVisibilityTimeout(t *testing.T) {
	t.Parallel()
	config := `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"node"}},` +
		`"extensions":{"queues":{"visibilityTimeout":"00:00:00.050","maxDequeueCount":3,"messageEncoding":"none"}}}`
	h, s := scriptedHost(t, Options{App: folder(t, []byte(config), map[string]rawJSON{"Work": rawJSON("[" + queueIn + "]")})})
	s.play([]*script{{Status: 500}})
	begin := time.Now()
	m := h.Enqueue("Work", "not base64!")
	<-m.Done()
	if got := len(s.seen()); got != 3 || !m.Poisoned() || time.Since(begin) < 100*time.Millisecond {
		t.Errorf("%d tries, poisoned %v, after %v", got, m.Poisoned(), time.Since(begin))
	}
	if got := h.Queue("work-poison"); len(got) != 1 || got[0] != "not base64!" {
		t.Errorf("%q", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	h := Start(t, programApp(t, "serve", "", "Hello"))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			w, err := h.Client().Get(h.URL + "/api/Hello")
			if err != nil {
				t.Error(err)
				return
			}
			w.Body.Close()
			if w.StatusCode != http.StatusNoContent {
				t.Error(w.Status)
			}
		})
	}
	wg.Wait()
	h.NoErrors()
}

// TestProxy: bodies are streamed both ways.
func TestProxy(t *testing.T) {
	t.Parallel()
	o := programApp(t, "serve", "", "stream")
	o.Settings["AzureFunctionsJobHost__customHandler__enableProxyingHttpRequest"] = "true"
	h := Start(t, o)
	body, sender := io.Pipe()
	r, err := http.NewRequest(http.MethodPost, h.URL+"/api/stream?x=%2F&x=1", body)
	if err != nil {
		t.Fatal(err)
	}
	w, err := h.Client().Do(r) // answers before the body is whole
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	lines := bufio.NewReader(w.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "first\n" {
		t.Fatal(line, err)
	}
	for i := range 3 {
		fmt.Fprintf(sender, "%d\n", i)
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintln(i) {
			t.Fatal(line, err)
		}
	}
	sender.Close()
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Error(rest, err)
	}
}

// TestProxiedRequest: what the program sees of a proxied request.
func TestProxiedRequest(t *testing.T) {
	t.Parallel()
	config := `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"node"},"enableProxyingHttpRequest":true}}`
	h, s := scriptedHost(t, Options{App: folder(t, []byte(config), map[string]rawJSON{"Hello": rawJSON("[" + httpIn + "," + httpOut + "]")})})
	s.play([]*script{{Status: 201, Headers: [][2]string{{"Content-Type", "text/plain"}, {"X-A", "1"}}, Body: "made"}})
	e := &exchange{Case: "proxied", ClientRequest: "GET /api/Hello?a=1&b=+&a=%2F HTTP/1.1\r\nHost: pub.example\r\nKeep-Alive: 5\r\nX-Azure-Functions-InvocationId: mine\r\n" +
		"X-Forwarded-Host: pub.example\r\nConnection: close\r\n\r\n"}
	got := exchangeRaw(t, h, e)
	if !strings.HasPrefix(got, "HTTP/1.1 201 Created\n") || !strings.Contains(got, "X-A: 1\n") || !strings.HasSuffix(got, "\n\nmade") {
		t.Error(got)
	}
	want := "GET /api/Hello?a=1&b=+&a=%2F\nHost: 127.0.0.1:PORT\nX-Forwarded-Host: pub.example\nX-Azure-Functions-HostVersion: 4.1037.0.0\n" +
		"X-Azure-Functions-InvocationId: GUID\nx-ms-invocation-id: GUID\n\n"
	compare(t, e.Case, "request to the program", strings.Join(s.seen(), "\n----\n"), want)
}

// TestVary: what is sent in another form means the same.
func TestVary(t *testing.T) {
	t.Parallel()
	h, s := scriptedHost(t, Options{Vary: true, App: folder(t, nil, map[string]rawJSON{"Work": rawJSON("[" + queueIn + "]")})})
	<-h.Enqueue("Work", "x<&>").Done()
	got := s.seen()
	if len(got) != 1 || !strings.Contains(got[0], "\n{\"Metadata\":{\"AnUnknownMember\":{\"a\":1},\"sys\"") ||
		!strings.HasSuffix(got[0], `"Data":{"AnUnknownMember":{"a":1},"message":"\"x<&>\""}}`) {
		t.Errorf("%q", got)
	}
}
