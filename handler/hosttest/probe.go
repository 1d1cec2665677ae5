package hosttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

var errNotInitialized = errors.New("Initializing HttpWorker timed out.") //nolint:revive // the host's words

// untilReady probes the program until it answers. The budget is the sum of the pauses, as with the host.
func (w *worker) untilReady(ctx context.Context, connections *pool) error {
	left := w.job.app.initialization
	pause := time.NewTimer(probePause)
	defer pause.Stop()
	for {
		err := probe(ctx, connections)
		switch {
		case ctx.Err() != nil:
			return context.Canceled
		case err == nil, errors.Is(err, errSyntax):
			return nil
		case errors.Is(err, errClosedEarly):
			// The host calls this ready most of the time, and then invocations fail.
			w.job.host.failf("the program accepted a connection and closed it without an answer: it must listen only when it can serve")
			if w.job.host.options.PlayOut {
				return nil
			}
		}
		if left -= probePause; left < 0 {
			return errNotInitialized
		}
		pause.Reset(probePause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return context.Canceled
		}
	}
}

// maxRedirects is how many redirects the host's client follows.
const maxRedirects = 50

// probe asks for / with nothing but a Host field. Redirects are followed.
func probe(ctx context.Context, connections *pool) error {
	target := "/"
	for range maxRedirects {
		answer, err := connections.do(ctx, &call{method: "GET", target: target, header: header{{"Host", connections.address}}})
		if err != nil {
			return err
		}
		to := answer.redirect()
		if to == "" {
			return nil
		}
		target = local(to, connections.address)
	}
	return nil
}

// local is the target of a redirect on the same server.
func local(location, address string) string {
	return strings.TrimPrefix(location, "http://"+address)
}

// The pauses between the probes that a platform makes at random times.
const (
	firstLiveness = 50 * time.Millisecond
	lastLiveness  = time.Second
)

// liveness probes a ready program now and then. The host only logs what comes of it.
func (w *worker) liveness(ctx context.Context) {
	for {
		pause := time.NewTimer(firstLiveness + rand.N(lastLiveness-firstLiveness))
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
		s, _, connections, _ := w.look()
		if s != stateInitialized {
			continue
		}
		if err := probe(ctx, connections); err != nil {
			w.job.logf(Information, dispatcherClass, "The program did not answer a probe: %v", err)
		}
	}
}

// freePort finds a port of this machine that nobody listens on, as the host does: it may be taken before the program has it.
func freePort() (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
