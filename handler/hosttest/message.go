package hosttest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"slices"
	"strconv"
	"strings"
)

// HTTP/1.1 as it goes over the wire. net/http hides what matters here: the order and spelling of header fields, reason phrases, raw paths, framing.

// maxHead limits the lines before a body, in bytes: the limit of the host's client; its server allows half of it.
const maxHead = 64 << 10

var (
	errHead   = errors.New("the head of the message is longer than 64 KB")
	errSyntax = errors.New("this is not HTTP")
)

// request is what a client sends.
type request struct {
	method, target, version string
	header                  header
	length                  int64 // of the body; -1 for chunked
	body                    io.Reader
}

// response is an answer whose body has been read, or is streamed.
type response struct {
	status int
	reason string
	header header
	body   []byte
	stream io.Reader   // instead of body
	ended  func() bool // after the stream: whether the request was read whole; nil for yes
	traced bool        // by Application Insights, which adds a field
	// unframed says that the body is sent with whatever framing the header claims.
	unframed bool
}

// readHead reads the first line and the fields.
func readHead(r *bufio.Reader) (line string, h header, err error) {
	left := maxHead
	next := func() (string, error) {
		text, err := r.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			if left -= len(text); left < 0 {
				return "", errHead
			}
			kept := bytes.Clone(text)
			text, err = r.ReadSlice('\n')
			text = slices.Concat(kept, text)
		}
		if err != nil {
			if len(text) > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
		if left -= len(text); left < 0 {
			return "", errHead
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	if line, err = next(); err != nil {
		return "", nil, err
	}
	for {
		text, err := next()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", nil, err
		}
		if text == "" {
			return line, h, nil
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return "", nil, errSyntax
		}
		h.add(name, strings.Trim(value, " \t"))
	}
}

// readRequest reads the head of a request; the body is read from r as it is asked for. io.EOF means that there are no more requests.
func readRequest(r *bufio.Reader) (*request, error) {
	line, h, err := readHead(r)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !strings.HasPrefix(parts[2], "HTTP/1.") {
		return nil, errSyntax
	}
	q := &request{method: parts[0], target: parts[1], version: parts[2], header: h, body: http.NoBody}
	if h.has("Transfer-Encoding", "chunked") {
		q.length, q.body = -1, chunks(r)
		return q, nil
	}
	if text, ok := h.get("Content-Length"); ok {
		if q.length, err = strconv.ParseInt(text, 10, 64); err != nil || q.length < 0 {
			return nil, errSyntax
		}
		q.body = exactly(r, q.length)
	}
	return q, nil
}

// readResponse reads an answer to a request; interim answers are passed over. The body is left in the stream, and whole says whether the
// connection can be used again once that has been read.
func readResponse(r *bufio.Reader, method string) (p *response, whole bool, err error) {
	for {
		line, h, err := readHead(r)
		if err != nil {
			return nil, false, err
		}
		version, rest, _ := strings.Cut(line, " ")
		code, reason, _ := strings.Cut(rest, " ")
		status, err := strconv.Atoi(code)
		if err != nil || !strings.HasPrefix(version, "HTTP/1.") || len(code) != 3 || status < http.StatusContinue {
			return nil, false, fmt.Errorf("%w: %.40q", errSyntax, line)
		}
		if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
			continue
		}
		p := &response{status: status, reason: reason, header: h, stream: http.NoBody}
		whole := version == "HTTP/1.1" && !h.has("Connection", "close")
		text, sized := h.get("Content-Length")
		switch {
		case method == http.MethodHead, status < 200, status == http.StatusNoContent, status == http.StatusNotModified:
		case h.has("Transfer-Encoding", "chunked"):
			p.stream = chunks(r)
		case sized:
			length, err := strconv.ParseInt(text, 10, 64)
			if err != nil || length < 0 {
				return nil, false, errSyntax
			}
			p.stream = exactly(r, length)
		default:
			p.stream, whole = r, false
		}
		return p, whole, nil
	}
}

// exactly reads n bytes, and calls it an error if there are fewer.
func exactly(r io.Reader, n int64) io.Reader { return &exact{r, n} }

type exact struct {
	r    io.Reader
	left int64
}

func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if errors.Is(err, io.EOF) && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err //nolint:wrapcheck // a reader's error is its source's
}

// chunks reads a chunked body and the trailers behind it.
func chunks(r *bufio.Reader) io.Reader { return &chunked{r: r, body: httputil.NewChunkedReader(r)} }

type chunked struct {
	r    *bufio.Reader
	body io.Reader
	done bool
}

func (c *chunked) Read(p []byte) (int, error) {
	if c.done {
		return 0, io.EOF
	}
	n, err := c.body.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err //nolint:wrapcheck // a reader's error is its source's
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return n, io.ErrUnexpectedEOF
		}
		if strings.TrimRight(line, "\r\n") == "" {
			c.done = true
			return n, io.EOF
		}
	}
}

// writeHead writes the first line and the fields.
func writeHead(w io.StringWriter, line string, h header) {
	_, _ = w.WriteString(line + "\r\n") // a writer that keeps its error
	for _, f := range h {
		_, _ = w.WriteString(f.name + ": " + f.value + "\r\n")
	}
	_, _ = w.WriteString("\r\n")
}

// writeChunks writes a body in chunks of at most size bytes.
func writeChunks(w io.Writer, body []byte, size int) {
	for len(body) > 0 {
		n := min(size, len(body))
		_, _ = fmt.Fprintf(w, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	_, _ = io.WriteString(w, "0\r\n\r\n")
}
