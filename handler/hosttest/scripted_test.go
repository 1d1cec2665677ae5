package hosttest

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// script is what a recorded program was told to answer.
type script struct {
	Status     int
	Reason     string
	Headers    [][2]string
	Body       string
	BodyBase64 []byte
	Repeat     int
	Raw        string
	RawClose   bool
	Chunked    bool
	Close      bool
	Chunks     []struct{ D string }
}

// scripted is a program within the test: a web server that gives recorded answers and keeps what it is asked. It writes answers as the recorder did, a
// Node program.
type scripted struct {
	mu       sync.Mutex
	answers  []*script
	requests []string
	changed  chan struct{} // closed with every request; nil if nobody waits
}

// until waits for a number of requests.
func (s *scripted) until(n int) {
	for {
		s.mu.Lock()
		if len(s.requests) >= n {
			s.mu.Unlock()
			return
		}
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed := s.changed
		s.mu.Unlock()
		<-changed
	}
}

// launch is a launcher: it starts the server instead of a program.
func (s *scripted) launch(l *launch) (program, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(l.port))
	if err != nil {
		return nil, err
	}
	p := &scriptedProgram{s: s, listener: listener, open: map[net.Conn]struct{}{}, ended: make(chan struct{})}
	p.wg.Go(p.serve)
	return p, nil
}

// play sets the answers to come and forgets the requests so far.
func (s *scripted) play(answers []*script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers, s.requests = answers, nil
}

func (s *scripted) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// next keeps a request and returns the answer to it: the last one again when there are no more.
func (s *scripted) next(request string) *script {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	if len(s.answers) == 0 {
		return &script{Status: http.StatusOK, Headers: [][2]string{{"Content-Type", "application/json"}}, Body: "{}"}
	}
	a := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return a
}

// scriptedProgram is one life of the server.
type scriptedProgram struct {
	s        *scripted
	listener net.Listener
	mu       sync.Mutex
	open     map[net.Conn]struct{}
	closed   bool
	ended    chan struct{}
	once     sync.Once
	wg       sync.WaitGroup
}

func (p *scriptedProgram) pid() int                { return 1 }
func (p *scriptedProgram) exited() <-chan struct{} { return p.ended }
func (p *scriptedProgram) code() int               { return 137 }
func (p *scriptedProgram) interrupt()              { p.kill() }

func (p *scriptedProgram) kill() {
	p.once.Do(func() {
		p.listener.Close()
		p.mu.Lock()
		p.closed = true
		for c := range p.open {
			c.Close()
		}
		p.mu.Unlock()
		p.wg.Wait()
		close(p.ended)
	})
}

func (p *scriptedProgram) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		if p.closed {
			c.Close()
		} else {
			p.open[c] = struct{}{}
			p.wg.Go(func() { p.connection(c) })
		}
		p.mu.Unlock()
	}
}

func (p *scriptedProgram) connection(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		q, err := readRequest(r)
		if err != nil {
			return
		}
		body, err := io.ReadAll(q.body)
		if err != nil {
			return
		}
		if q.target == "/" && len(q.header) == 1 { // a probe
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			continue
		}
		seen := q.method + " " + q.target + "\n"
		for _, f := range q.header {
			seen += f.name + ": " + f.value + "\n"
		}
		if utf8.Valid(body) && !strings.Contains(string(body), "\x00") {
			seen += "\n" + string(body)
		} else {
			seen += "\n" + base64.StdEncoding.EncodeToString(body)
		}
		if !p.s.next(normal(seen)).write(c, q) {
			return
		}
	}
}

// write answers as the recorder did, and reports whether the connection goes on.
func (a *script) write(w io.Writer, q *request) bool {
	switch {
	case a.Close:
		return false
	case a.Raw != "":
		raw := []byte(a.Raw)
		if strings.ContainsFunc(a.Raw, func(r rune) bool { return r >= 0x80 }) { // recorded as latin-1
			raw = nil
			for _, r := range a.Raw {
				raw = append(raw, byte(r))
			}
		}
		w.Write(raw)
		return !a.RawClose
	}
	closes := q.header.has("Connection", "close")
	body := []byte(a.Body)
	if a.BodyBase64 != nil {
		body = a.BodyBase64
	}
	if a.Repeat > 0 {
		body = []byte(strings.Repeat("x", a.Repeat))
	}
	for _, c := range a.Chunks {
		body = append(body, c.D...)
	}
	var h header
	for _, f := range a.Headers {
		h.add(f[0], f[1])
	}
	h.add("Date", time.Now().UTC().Format(http.TimeFormat))
	if _, own := h.get("Connection"); !own {
		if closes {
			h.add("Connection", "close")
		} else {
			h.add("Connection", "keep-alive")
			h.add("Keep-Alive", "timeout=120")
		}
	}
	chunked := a.Chunked || len(a.Chunks) > 0
	_, sized := h.get("Content-Length")
	switch {
	case a.Status == 204 || a.Status == 304 || sized:
	case chunked:
		h.add("Transfer-Encoding", "chunked")
	default:
		h.add("Content-Length", strconv.Itoa(len(body)))
	}
	reason := a.Reason
	if reason == "" {
		reason = nodeReason(a.Status)
	}
	b := bufio.NewWriter(w)
	writeHead(b, fmt.Sprintf("HTTP/1.1 %d %s", a.Status, reason), h)
	switch {
	case q.method == http.MethodHead || a.Status == 204 || a.Status == 304:
	case chunked:
		writeChunks(b, body, 1024)
	default:
		b.Write(body)
	}
	b.Flush()
	return !h.has("Connection", "close")
}

func nodeReason(status int) string {
	if status == http.StatusTeapot {
		return "I'm a Teapot"
	}
	if s := http.StatusText(status); s != "" {
		return s
	}
	return "unknown"
}
