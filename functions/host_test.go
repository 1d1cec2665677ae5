package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/handler/hosttest"
	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/slow"
)

// TestHost starts orchestrations through the host, and kills the program while they run: the host starts it again, and all of them end as if nothing had
// happened.
func TestHost(t *testing.T) {
	t.Parallel()
	h := startHosted(t, appFolder(t, nil))
	if a := h.Ask(http.MethodPost, "/api/orchestrators/HelloCities", ""); a.Status != http.StatusUnauthorized {
		t.Errorf("a caller without a key gets %d", a.Status)
	}
	h.mustStart("HelloCities", "hello", cities)
	if got := h.reaches("hello", "Completed"); !strings.Contains(got, `"output":`+greetings) {
		t.Error(got)
	}
	h.NoErrors()
	h.mustStart("Approval", "approval", "")
	h.reaches("approval", "Running")
	for i := range 10 {
		h.mustStart("HelloCities", instance(i), cities)
	}
	h.Kill()
	for i := range 10 {
		if got := h.reaches(instance(i), "Completed"); !strings.Contains(got, `"output":`+greetings) {
			t.Error(got)
		}
	}
	h.approves()
}

// TestHostRestart restarts the job host: the new program finds the file of the embedded store locked by the old one, and must wait for it, not leave.
func TestHostRestart(t *testing.T) {
	t.Parallel()
	h := startHosted(t, appFolder(t, nil))
	h.mustStart("Approval", "approval", "")
	h.reaches("approval", "Running")
	for _, mode := range []hosttest.RestartMode{hosttest.Overlap, hosttest.Linger, hosttest.Sequential} {
		h.Restart(mode)
		// Until it has the store the new program answers 503.
		id := fmt.Sprintf("after-%d", mode)
		h.until(func() bool { return h.start("HelloCities", id, cities).Status == http.StatusAccepted })
		h.reaches(id, "Completed")
	}
	h.approves()
}

// TestHostManyAtOnce forwards 1,000 requests at once.
func TestHostManyAtOnce(t *testing.T) {
	t.Parallel()
	h := startHosted(t, appFolder(t, nil))
	h.Ready()
	const requests = 1_000
	answers := make(chan string, requests)
	for i := range requests {
		r := h.request("HelloCities", fmt.Sprintf("many-%d", i), `["Oslo"]`)
		go func() { answers <- h.status(r) }()
	}
	for range requests {
		if got := <-answers; got != "202 Accepted" {
			t.Error(got)
		}
	}
	h.reaches("many-0", "Completed")
	h.NoErrors()
}

// TestHostInJSON starts an orchestration by a request that the host does not forward but wraps in JSON, in both of the forms that hosts send.
func TestHostInJSON(t *testing.T) {
	t.Parallel()
	if _, ok := any(HTTPStart).(interface{ Forwards() bool }); !ok {
		t.Skip("the handler does not take HTTP functions in JSON yet: this test runs as soon as it does")
	}
	for _, tools := range []bool{false, true} {
		o := appFolder(t, map[string]string{"AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest": "false"})
		o.CoreTools, o.Vary = tools, true
		h := startHosted(t, o)
		h.mustStart("HelloCities", "hello", cities)
		if got := h.reaches("hello", "Completed"); !strings.Contains(got, `"output":`+greetings) {
			t.Error(got)
		}
		if a := h.start("NoSuch", "none", ""); a.Status != http.StatusNotFound && a.Status != http.StatusBadRequest {
			t.Errorf("an unknown orchestration: %d %s", a.Status, a.Body)
		}
		h.NoErrors()
	}
}

// TestHostInterrupt is Ctrl-C under Core Tools: the program ends by itself, within the two seconds that it has.
func TestHostInterrupt(t *testing.T) {
	t.Parallel()
	o := appFolder(t, nil)
	o.CoreTools = true
	h := startHosted(t, o)
	h.mustStart("Approval", "approval", "")
	h.reaches("approval", "Running")
	if code := h.Interrupt(); code != 0 {
		t.Errorf("the program exits with %d: %v", code, h.Logs())
	}
	h = startHosted(t, o)
	h.approves()
}

// account is a storage account in memory that other processes reach.
type account struct {
	service   *azuretest.Service
	listeners map[azuretest.Kind]net.Listener
}

// newAccount reserves addresses; nothing answers there before serve.
func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{azuretest.New(azuretest.Options{}), map[azuretest.Kind]net.Listener{}}
	for _, kind := range []azuretest.Kind{azuretest.Blob, azuretest.Queue, azuretest.Table} {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		a.listeners[kind] = l
	}
	return a
}

// connection is the value of AzureWebJobsStorage.
func (a *account) connection() string {
	endpoint := func(kind azuretest.Kind) string {
		return fmt.Sprintf("http://%s/%s", a.listeners[kind].Addr(), a.service.Account())
	}
	return azuretest.ConnectionString(a.service.Account(), a.service.Key(), endpoint(azuretest.Blob), endpoint(azuretest.Queue), endpoint(azuretest.Table))
}

// close lets go of the addresses: connections to them are refused.
func (a *account) close() {
	for _, l := range a.listeners {
		l.Close()
	}
}

// serve answers at the addresses until the test ends.
func (a *account) serve(t *testing.T) {
	t.Helper()
	for kind, l := range a.listeners {
		l.Close()
		again, err := net.Listen("tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: a.service.Handler(kind)}
		go s.Serve(again)
		t.Cleanup(func() { s.Close() })
	}
}

// TestHostWithoutStorage starts while the storage account does not answer: the program is ready all the same, and what is asked of it waits until the account
// is there.
func TestHostWithoutStorage(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.close()
	h := startHosted(t, appFolder(t, map[string]string{"AzureWebJobsStorage": a.connection()}))
	h.Ready()
	pid := h.PID()
	h.Logged("connection refused")
	answered := make(chan string)
	r := h.request("HelloCities", "hello", cities)
	go func() { answered <- h.status(r) }()
	h.Logged("Executing 'Functions.HttpStart'")
	a.serve(t)
	if got := <-answered; got != "202 Accepted" {
		t.Error(got)
	}
	h.reaches("hello", "Completed")
	if h.PID() != pid {
		t.Error("the program did not stay up")
	}
}

// TestTwoHostsOnAzureStorage runs two instances of the app on one hub and kills the program of one of them.
func TestTwoHostsOnAzureStorage(t *testing.T) {
	slow.Test(t)
	t.Parallel()
	a := newAccount(t)
	a.serve(t)
	settings := map[string]string{"AzureWebJobsStorage": a.connection()}
	hosts := []*hosted{startHosted(t, appFolder(t, settings)), startHosted(t, appFolder(t, settings))}
	for _, h := range hosts {
		h.Ready()
	}
	const each = 10
	for i := range 2 * each {
		hosts[i%2].mustStart("HelloCities", instance(i), cities)
	}
	hosts[0].mustStart("Approval", "approval", "")
	hosts[0].reaches("approval", "Running")
	hosts[0].Kill()
	for i := range 2 * each {
		if got := hosts[1].reaches(instance(i), "Completed"); !strings.Contains(got, `"output":`+greetings) {
			t.Error(got)
		}
	}
	hosts[1].approves()
}
