package extension_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/extension"
)

// wire is a network in memory: what it dials is accepted, and bubbles know when it waits.
type wire struct {
	conns chan net.Conn
	done  chan struct{}
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error   { close(w.done); return nil }
func (w *wire) Addr() net.Addr { return &net.TCPAddr{} }

func (w *wire) dial() net.Conn {
	client, server := net.Pipe()
	w.conns <- server
	return client
}

// serve runs test against a real server of the management API.
func serve(t *testing.T, test func(h *hub, w *wire, busy func() bool)) {
	t.Helper()
	start(t, extension.Options{}, func(h *hub) {
		requests := make(chan struct{}, 16) // one for each request that is being answered
		server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests <- struct{}{}
			defer func() { <-requests }()
			h.Management().ServeHTTP(w, r)
		})}
		network := &wire{make(chan net.Conn), make(chan struct{})}
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(network) }()
		test(h, network, func() bool { synctest.Wait(); return len(requests) > 0 })
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// answered reads an answer.
func answered(conn net.Conn) (status int, err error) {
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// A client that leaves while it waits takes its request with it, at once.
func TestClientLeavesDuringAWait(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"orchestrators/WaitEvent/x?timeout=3600&pollingInterval=1",
		"instances/run/restart?timeout=3600&pollingInterval=60",
		"instances/run/restartWithOptions?newInstanceId=y&timeout=3600&pollingInterval=60",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			serve(t, func(h *hub, w *wire, busy func() bool) {
				h.begin("WaitEvent", "run", "1")
				conn := w.dial()
				fmt.Fprintf(conn, "POST %s/%s HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1", extension.ManagementPath, path)
				time.Sleep(time.Minute)
				if !busy() {
					t.Error("the request does not wait")
				}
				before := time.Now()
				conn.Close()
				if busy() || !time.Now().Equal(before) {
					t.Error("the request goes on without its client")
				}
			})
		})
	}
}

// A client that does not read holds up only itself; an instance that ends meanwhile is answered when it reads.
func TestClientReadsLate(t *testing.T) {
	t.Parallel()
	serve(t, func(h *hub, w *wire, _ func() bool) {
		conn := w.dial()
		fmt.Fprintf(conn, "POST %s/orchestrators/Timer/x?timeout=60&pollingInterval=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n5", extension.ManagementPath)
		time.Sleep(time.Hour)
		other := h.get("/instances/x")
		if status, err := answered(conn); err != nil || status != http.StatusOK || other.Code != http.StatusOK {
			t.Errorf("%d, %v; another client gets %d", status, err, other.Code)
		}
		conn.Close()
	})
}

// A client that sends slowly is waited for; one that stops in the middle and leaves has started nothing.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	serve(t, func(h *hub, w *wire, busy func() bool) {
		const body = `{"slow":"but sure"}`
		for _, leave := range []bool{false, true} {
			for path, want := range map[string]int{"orchestrators/Echo/slow": 202, "instances/run/raiseEvent/other": 202, "entities/Counter/slow?op=input": 202} {
				h.begin("WaitEvent", "run", "1")
				conn := w.dial()
				id := fmt.Sprint("-", leave)
				fmt.Fprintf(conn, "POST %s/%s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", extension.ManagementPath,
					strings.Replace(path, "slow", "slow"+id, 1), len(body))
				for i := range body {
					time.Sleep(time.Second)
					if leave && i == len(body)/2 {
						break
					}
					if _, err := io.WriteString(conn, body[i:i+1]); err != nil {
						t.Fatal(err)
					}
				}
				if leave {
					conn.Close()
					if busy() {
						t.Errorf("%s: the request goes on without its client", path)
					}
				} else if status, err := answered(conn); err != nil || status != want {
					t.Errorf("%s: %d, %v", path, status, err)
				}
				conn.Close()
				h.ask(http.MethodPost, "/instances/run/terminate", nil, "")
			}
		}
		if w := h.get("/instances/slow-true"); w.Code != http.StatusNotFound {
			t.Errorf("half a body has started an instance: %s", w.Body)
		}
		if w := h.get("/entities/Counter/slow-true"); w.Code != http.StatusNotFound {
			t.Errorf("half a body has signalled an entity: %s", w.Body)
		}
	})
}

// A purge of many stops when its client leaves, and whoever asks again goes on.
func TestClientLeavesDuringAPurge(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		for i := range 20 {
			h.begin("Echo", fmt.Sprint("i", i), "1")
		}
		ctx, cancel := context.WithCancel(h.t.Context())
		cancel()
		w := httptest.NewRecorder()
		h.Management().ServeHTTP(w, httptest.NewRequest(http.MethodDelete, extension.ManagementPath+"/instances?createdTimeFrom=2000-01-01", nil).WithContext(ctx))
		if w.Body.Len() > 0 {
			t.Errorf("an answer for nobody: %d %s", w.Code, w.Body)
		}
		if w := h.ask(http.MethodDelete, "/instances?createdTimeFrom=2000-01-01", nil, ""); w.Body.String() != `{"instancesDeleted":20}` {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// Large and odd input is answered like any other.
func TestLargeInput(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 1<<20)
	deep := strings.Repeat("[", 1<<20)
	nested := strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)
	start(t, extension.Options{}, func(h *hub) {
		h.begin("WaitEvent", "run", "1")
		for _, row := range []struct {
			request, contentType, body string
			status                     int
		}{
			{"GET /instances/" + large, "", "", 404},
			{"POST /orchestrators/Echo/" + large, "", "1", 202},
			{"GET /instances/" + large, "", "", 200},
			{"DELETE /instances/" + large, "", "", 200},
			{"POST /orchestrators/" + large, "", "1", 202},
			{"POST /orchestrators/Echo", "", `"` + large + `"`, 202},
			{"POST /orchestrators/Echo", "", deep, 400},
			{"POST /orchestrators/Echo", "", nested, 202},
			{"POST /orchestrators/Echo?version=" + large, "", "1", 202},
			{"POST /instances/run/raiseEvent/" + large, "application/json", "1", 202},
			{"POST /instances/run/raiseEvent/e", "application/json", deep, 400},
			{"POST /instances/run/raiseEvent/e", "application/json", nested, 202},
			{"POST /instances/run/raiseEvent/e", large, "1", 400},
			{"POST /instances/run/raiseEvent/e", "application/json; charset=utf-16", "1", 202},
			{"POST /instances/run/raiseEvent/e", "application/json; =", "1", 202},
			{"POST /instances/run/raiseEvent/e", ";application/json", "1", 400},
			{"POST /instances/run/raiseEvent/e", "application/json, text/plain", "1", 400},
			{"POST /entities/Counter/k?op=input", "text/plain", large, 202},
			{"POST /entities/Counter/k?op=input", "application/octet-stream", "\xff\xfe", 400},
			{"POST /entities/Counter/" + large + "?op=get", "", "", 202},
			{"GET /instances?instanceIdPrefix=" + large, "", "", 200},
			{"GET /instances?" + strings.Repeat("runtimeStatus=Failed&", 50_000), "", "", 200},
			{"GET /instances?" + strings.Repeat("&", 1<<20), "", "", 200},
			{"GET " + strings.Repeat("/x", 1<<19), "", "", 404},
			{"GET " + strings.Repeat("/", 1<<20), "", "", 404},
			{"POST /instances/run/suspend?reason=" + large, "", "", 202},
			{"POST /instances/run/resume?reason=%F0%9F%98%80", "", "", 202},
			{"POST /instances/run/terminate?reason=%FF%00", "", "", 202},
			{"GET /instances/run?showHistory=true", "", "", 200},
		} {
			method, path, _ := strings.Cut(row.request, " ")
			w := h.ask(method, path, map[string]string{"Content-Type": row.contentType}, row.body)
			if w.Code != row.status {
				t.Errorf("%.60s %.40s %.20q: %d %.300s, want %d", row.request, row.contentType, row.body, w.Code, w.Body, row.status)
			}
		}
		w := h.ask(http.MethodGet, "/instances", map[string]string{"X-Ms-Continuation-Token": large}, "")
		if w.Code != http.StatusOK || w.Body.String() != "[]" {
			t.Errorf("a large token: %d %.100s", w.Code, w.Body)
		}
	})
}
