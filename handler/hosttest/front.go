package hosttest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// front is the web server of the host.
type front struct {
	host     *Host
	listener net.Listener
	mu       sync.Mutex
	open     map[net.Conn]struct{}
	closed   bool
	wg       sync.WaitGroup
}

func newFront(h *Host) (*front, error) {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for requests: %w", err)
	}
	return &front{host: h, listener: l, open: map[net.Conn]struct{}{}}, nil
}

func (f *front) address() string { return f.listener.Addr().String() }

// serve accepts connections until the host stops.
func (f *front) serve() {
	f.wg.Go(func() {
		for {
			c, err := f.listener.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			if f.closed {
				f.mu.Unlock()
				_ = c.Close() // nobody is to be told
				return
			}
			f.open[c] = struct{}{}
			f.wg.Go(func() { f.connection(c) })
			f.mu.Unlock()
		}
	})
	f.wg.Go(func() {
		<-f.host.stopped
		f.end()
	})
}

// end stops listening and closes connections; it does not wait.
func (f *front) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	_ = f.listener.Close() // it may have been closed before
	for c := range f.open {
		_ = c.Close() // as above
	}
}

func (f *front) close() {
	f.end()
	f.wg.Wait()
}

// connection answers the requests of one client, one after the other. A client that goes away does not end what it has asked for.
func (f *front) connection(c net.Conn) {
	defer func() {
		_ = c.Close() // the client may have gone first
		f.mu.Lock()
		delete(f.open, c)
		f.mu.Unlock()
	}()
	r, w := bufio.NewReader(c), bufio.NewWriter(c)
	for {
		q, err := readRequest(r)
		if errors.Is(err, errSyntax) || errors.Is(err, errHead) {
			writeResponse(w, &request{method: "GET"}, &response{status: http.StatusBadRequest})
			_ = w.Flush() // the connection ends anyway
		}
		if err != nil {
			return
		}
		if q.header.has("Expect", "100-continue") {
			q.body = &continuing{q.body, w, false}
		}
		p := f.answer(q)
		again := writeResponse(w, q, p)
		if p.stream != nil {
			again = copyStream(w, p) && again && (p.ended == nil || p.ended())
		}
		if err := w.Flush(); err != nil || !again {
			return
		}
		if _, err := io.Copy(io.Discard, q.body); err != nil {
			return
		}
	}
}

// continuing tells a client that waits for it to send its body.
type continuing struct {
	io.Reader
	w    *bufio.Writer
	told bool
}

// Read tells the client once.
func (c *continuing) Read(p []byte) (int, error) {
	if !c.told {
		c.told = true
		_, _ = c.w.WriteString("HTTP/1.1 100 Continue\r\n\r\n") // a writer that keeps its error
		if err := c.w.Flush(); err != nil {
			return 0, err //nolint:wrapcheck // a reader's error is its source's
		}
	}
	return c.Reader.Read(p) //nolint:wrapcheck // a reader's error is its source's
}

// writeResponse writes an answer, in the order of the host's web server, and reports whether the connection goes on. A body that is not sized goes out in
// chunks.
func writeResponse(w *bufio.Writer, q *request, p *response) bool {
	h := append(header{}, p.header...)
	_, sized := h.get("Content-Length")
	_, framed := h.get("Transfer-Encoding")
	bodiless := p.status == http.StatusNoContent || p.status == http.StatusNotModified || q.method == http.MethodHead
	chunks := false
	switch {
	case sized || p.status == http.StatusNoContent || p.stream != nil && framed:
	case framed:
		p.unframed = true
	case len(p.body) == 0 && p.stream == nil:
		h.set("Content-Length", "0")
	case p.stream != nil:
	default:
		chunks = true
		h.set("Transfer-Encoding", "chunked")
	}
	again := !q.header.has("Connection", "close") && q.version == "HTTP/1.1" && !h.has("Connection", "close") && !p.unframed
	if q.header.has("Connection", "close") && !h.has("Connection", "upgrade") {
		h.set("Connection", "close")
	}
	for _, f := range (header{{"Date", time.Now().UTC().Format(http.TimeFormat)}, {"Server", "Kestrel"}}) {
		if _, own := h.get(f.name); !own {
			h.add(f.name, f.value)
		}
	}
	if p.traced {
		h.add("Request-Context", "appId=")
	}
	writeHead(w, fmt.Sprintf("HTTP/1.1 %d %s", p.status, p.reasonPhrase()), h.inOrder(responseOrder))
	switch {
	case bodiless:
	case chunks:
		writeChunks(w, p.body, len(p.body))
	default:
		_, _ = w.Write(p.body) // a writer that keeps its error
	}
	return again
}

// reasonPhrase is the phrase of the answer, or the usual one.
func (p *response) reasonPhrase() string {
	if p.reason != "" {
		return p.reason
	}
	return http.StatusText(p.status)
}

// copyStream passes a body on as it comes.
func copyStream(w *bufio.Writer, p *response) bool {
	chunked := p.header.has("Transfer-Encoding", "chunked")
	buffer := make([]byte, chunkSize)
	for {
		n, err := p.stream.Read(buffer)
		switch {
		case n > 0 && chunked:
			_, _ = fmt.Fprintf(w, "%x\r\n%s\r\n", n, buffer[:n])
		case n > 0:
			_, _ = w.Write(buffer[:n]) // a writer that keeps its error
		}
		if w.Flush() != nil {
			return false
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false
		}
	}
	if chunked {
		_, _ = w.WriteString("0\r\n\r\n") // a writer that keeps its error
	}
	return true
}

// failed is what a caller is shown of a failure: nothing but the code.
func failed() *response { return &response{status: http.StatusInternalServerError} }

// answer finds what a request is for, and who may have it.
func (f *front) answer(q *request) *response {
	raw, query, _ := strings.Cut(q.target, "?")
	path, err := decodePath(raw)
	if err != nil {
		return &response{status: http.StatusBadRequest}
	}
	j := f.host.current()
	if j == nil {
		return &response{
			status: http.StatusServiceUnavailable, body: []byte("Function host is not running."),
			header: header{{"Content-Type", plainText}},
		}
	}
	if p := f.host.admin(q, path, query); p != nil {
		return p
	}
	found, parameters := j.app.find(path, q.method)
	if found == nil {
		if path == "/" && q.method == http.MethodGet {
			return homePage(f.host.options.Settings)
		}
		return &response{status: http.StatusNotFound}
	}
	c := &httpCall{request: q, path: path, query: query, function: found, parameters: parameters}
	c.caller = f.host.options.Keys.identify(q.header, parseQuery(query), found)
	if f.host.options.CoreTools {
		c.caller = caller{level: levelAdmin}
	}
	if f.host.options.disabled(found) {
		return &response{status: http.StatusNotFound}
	}
	if !c.caller.opens(found) {
		return &response{status: http.StatusUnauthorized}
	}
	mode := j.app.program.mode
	if !found.httpOnly() {
		mode = modeJSON
	}
	answer := j.serveFunction(c, mode)
	answer.traced = f.host.options.Trace
	return answer
}

// serveFunction calls a function in one of the three ways.
func (j *jobHost) serveFunction(c *httpCall, mode mode) *response {
	if mode == modeProxy {
		return j.proxy(c)
	}
	if c.length > 0 || c.length < 0 && j.app.config.flag(false, "extensions", "http", "enableChunkedRequestBinding") {
		var err error
		if c.content, err = j.host.readBody(c.request); err != nil {
			return failed()
		}
	}
	if mode == modeForward {
		return j.forward(c)
	}
	return j.answerJSON(c)
}

var errBodyLimit = errors.New("the request body is too large")

// readBody reads a body within the limit.
func (h *Host) readBody(q *request) ([]byte, error) {
	limit, err := strconv.ParseInt(h.options.Settings[settingBodyLimit], 10, 64)
	if err != nil {
		limit = defaultBodyLimit
	}
	if q.length > limit {
		return nil, errBodyLimit
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(q.body, limit+1))
	if err == nil && n > limit {
		err = errBodyLimit
	}
	return b.Bytes(), err //nolint:wrapcheck // answered with 500 whatever it is
}

// answerJSON calls an HTTP function in JSON mode.
func (j *jobHost) answerJSON(c *httpCall) *response {
	p := c.payload(time.Now())
	j.addInputs(c.function, &p, c)
	a, err := j.invoke(c.function, newGUID(), &p, &c.header)
	if err != nil {
		return failed()
	}
	answer, err := c.function.httpAnswer(a)
	if err == nil {
		err = j.host.writeOutputs(c.function, a, p.expander(c))
	}
	if err != nil {
		j.logf(Error, "Function."+c.function.name, "the answer can't be used: %v", err)
		return failed()
	}
	if answer.status < http.StatusOK || answer.status > 599 {
		j.host.failf("function %s answers its caller with the status code %d: it must be between 200 and 599", c.function.name, answer.status)
	}
	return answer
}

// homePage is what the host shows at / when no route takes it.
func homePage(settings map[string]string) *response {
	if strings.EqualFold(settings["AzureWebJobsDisableHomepage"], "true") {
		return &response{status: http.StatusNoContent}
	}
	const page = "<!DOCTYPE html><title>Your Functions app is up and running</title>"
	return &response{status: http.StatusOK, body: []byte(page), header: header{{"Content-Type", "text/html"}, {"Content-Length", strconv.Itoa(len(page))}}}
}
