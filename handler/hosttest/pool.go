package hosttest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// pool is the connections to one program: probes and invocations use the same, as with the host's client.
type pool struct {
	address string
	mu      sync.Mutex
	idle    []*conn
	all     map[*conn]struct{}
	closed  bool
	wg      sync.WaitGroup
}

// conn is a connection. While it is idle a goroutine reads from it, so that it is known when the program closes it.
type conn struct {
	net.Conn
	r     *bufio.Reader
	watch chan error
}

// call is a request of the host to the program.
type call struct {
	method, target string
	header         header
	body           []byte
	chunked        bool
	stream         io.Reader   // instead of body
	sent           atomic.Bool // the stream
}

// closedRetries is how often the host's client repeats a request without a body whose connection was closed before an answer began.
const closedRetries = 3

// chunkSize is how the host cuts what it sends, in bytes.
const chunkSize = 4096

// errSending is a request that got no whole answer.
var errSending = errors.New("An error occurred while sending the request")

var errPoolClosed = errors.New("the program is gone")

func newPool(port int) *pool {
	return &pool{address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), all: map[*conn]struct{}{}}
}

// do sends a request and reads the whole answer.
func (p *pool) do(ctx context.Context, c *call) (*response, error) {
	for tries := 0; ; tries++ {
		answer, release, err := p.open(ctx, c)
		if err == nil {
			if answer.body, err = io.ReadAll(answer.stream); err != nil {
				err = fmt.Errorf("%w: %w", errSending, err)
			}
			answer.stream = nil
			release(err == nil)
		}
		if errors.Is(err, errClosedEarly) && len(c.body) == 0 && c.stream == nil && !c.chunked && tries < closedRetries {
			continue
		}
		if err != nil {
			return nil, err
		}
		return answer, nil
	}
}

// errClosedEarly is a connection that was closed before an answer began.
var errClosedEarly = errors.New("the response ended prematurely (ResponseEnded)")

// open sends a request and reads the head of the answer. release gives the connection back, or closes it.
func (p *pool) open(ctx context.Context, c *call) (answer *response, release func(again bool), err error) {
	k, err := p.take(ctx)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = k.Close() })
	fail := func(err error) (*response, func(bool), error) {
		stop()
		p.drop(k)
		return nil, nil, fmt.Errorf("%w: %w", errSending, err)
	}
	if c.stream == nil {
		if err := c.write(k); err != nil {
			return fail(err)
		}
	} else { // the answer may begin before the body ends
		p.wg.Go(func() {
			if c.write(k) == nil {
				c.sent.Store(true)
			}
		})
	}
	answer, whole, err := readResponse(k.r, c.method)
	if errors.Is(err, io.EOF) || err != nil && strings.Contains(err.Error(), "connection reset") {
		err = errClosedEarly
	}
	if err != nil {
		return fail(err)
	}
	whole = whole && !c.header.has("Connection", "close")
	return answer, func(again bool) {
		if stop() && again && whole && (c.stream == nil || c.sent.Load()) {
			p.give(k)
		} else {
			p.drop(k)
		}
	}, nil
}

// write puts a request on the wire.
func (c *call) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	writeHead(b, c.method+" "+c.target+" HTTP/1.1", c.header)
	switch {
	case c.stream != nil && c.chunked:
		if err := b.Flush(); err != nil {
			return err //nolint:wrapcheck // open says what failed
		}
		buffer := make([]byte, chunkSize)
		for {
			n, err := c.stream.Read(buffer)
			if n > 0 {
				_, _ = fmt.Fprintf(b, "%x\r\n%s\r\n", n, buffer[:n])
				if err := b.Flush(); err != nil {
					return err //nolint:wrapcheck // open says what failed
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err //nolint:wrapcheck // open says what failed
			}
		}
		_, _ = b.WriteString("0\r\n\r\n")
	case c.stream != nil:
		if err := b.Flush(); err != nil {
			return err //nolint:wrapcheck // open says what failed
		}
		if _, err := io.Copy(w, c.stream); err != nil {
			return err //nolint:wrapcheck // open says what failed
		}
	case c.chunked:
		writeChunks(b, c.body, chunkSize)
	default:
		_, _ = b.Write(c.body)
	}
	return b.Flush() //nolint:wrapcheck // open says what failed
}

// take returns an idle connection that is still open, or a new one.
func (p *pool) take(ctx context.Context) (*conn, error) {
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, errPoolClosed
		}
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			break
		}
		k := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		_ = k.SetReadDeadline(time.Unix(1, 0)) // ends the watch
		var timeout net.Error
		if err := <-k.watch; errors.As(err, &timeout) && timeout.Timeout() {
			_ = k.SetReadDeadline(time.Time{})
			return k, nil
		}
		p.drop(k)
	}
	var dialer net.Dialer
	plain, err := dialer.DialContext(ctx, "tcp4", p.address)
	if err != nil {
		return nil, fmt.Errorf("connection refused (%s): %w", p.address, err)
	}
	k := &conn{Conn: plain, r: bufio.NewReader(plain), watch: make(chan error, 1)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = plain.Close() // nothing was sent
		return nil, errPoolClosed
	}
	p.all[k] = struct{}{}
	return k, nil
}

// give puts a connection back.
func (p *pool) give(k *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = k.Close() // the program may have closed it
		return
	}
	p.wg.Go(func() {
		_, err := k.r.Peek(1)
		k.watch <- err // nil if the program has sent what nobody asked for
	})
	p.idle = append(p.idle, k)
}

func (p *pool) drop(k *conn) {
	_ = k.Close() // the program may have closed it
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, k)
}

// close ends all connections, with what is under way on them.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	for k := range p.all {
		_ = k.Close() // the program may have closed it
	}
	p.mu.Unlock()
	p.wg.Wait()
}
