package azuretest

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Limits of a batch, from the service's documentation.
const (
	MaxBatchOperations = 100
	MaxBatchBytes      = 4 << 20
)

var (
	errBatchPartitions = &Failure{http.StatusBadRequest, "CommandsInBatchActOnDifferentPartitions", "All commands in a batch must operate on same entity group."}
	errBatchRepeat     = &Failure{http.StatusBadRequest, "InvalidDuplicateRow", "The batch request contains multiple changes with same row key. An entity can appear only once in a batch request."}
	errBatchTooLong    = &Failure{http.StatusBadRequest, "InvalidInput", "The batch request operation exceeds the maximum 100 changes per change set."}
	errNotImplemented  = &Failure{http.StatusNotImplemented, "NotImplemented", "The requested operation is not implemented on the specified resource."}
)

// part is one operation of a batch as it was sent.
type part struct {
	method, url string
	header      http.Header
	body        []byte
	contentID   string
}

// routeBatch reads a batch. What is wrong with one of its operations becomes that operation's answer.
func (x *exchange) routeBatch() *Failure {
	if len(x.Body) > MaxBatchBytes {
		return errBodyTooLarge
	}
	parts, f := parseBatch(x.Header.Get("Content-Type"), x.Body)
	if f != nil {
		return f
	}
	changes := make([]change, len(parts))
	failed, failure := -1, (*Failure)(nil)
	if len(parts) > MaxBatchOperations {
		failed, failure = MaxBatchOperations-1, errBatchTooLong
	}
	rows := make(map[string]bool, len(parts))
	for i := range parts {
		if failure != nil {
			break
		}
		c, f := parts[i].change()
		changes[i] = c
		if i == 0 {
			x.Resource, x.Key = c.target.table, c.target.pk
		}
		switch first := &changes[0].target; {
		case f != nil:
		case c.target.pk != first.pk || !strings.EqualFold(c.target.table, first.table):
			f = errBatchPartitions
		case rows[c.target.rk]:
			f = errBatchRepeat
		}
		rows[c.target.rk] = true
		if f != nil {
			failed, failure = i, f
		}
	}
	x.effect = func() *response {
		if failure != nil {
			return x.batchFailed(parts, failed, failure)
		}
		return x.applyBatch(parts, changes)
	}
	return nil
}

// change reads one operation.
func (p *part) change() (change, *Failure) {
	u, err := url.Parse(p.url)
	if err != nil {
		return change{}, errInvalidURI
	}
	path, err := url.PathUnescape(strings.TrimPrefix(u.EscapedPath(), "/"))
	if err != nil {
		return change{}, errInvalidURI
	}
	if u.Host != "" { // with a host the account's name comes first
		_, path, _ = strings.Cut(path, "/")
	}
	t, f := parseTarget(path)
	if f != nil {
		return change{}, f
	}
	c := change{
		target: t, ifMatch: p.header.Get("If-Match"), quiet: p.header.Get("Prefer") == "return-no-content",
		level: levelOf(p.header.Get("Accept"), u.Query().Get("$format")), contentID: p.contentID,
	}
	method := p.method
	if override := p.header.Get("X-Http-Method"); method == http.MethodPost && override != "" {
		method = override
	}
	if method == http.MethodGet {
		return c, errNotImplemented.with("A change set has no queries.")
	}
	if f := checkTableName(t.table); f != nil {
		return c, f
	}
	return c, c.read(method, p.body)
}

// applyBatch does all of a batch or nothing.
func (x *exchange) applyBatch(parts []part, changes []change) *response {
	t, f := x.table()
	if f != nil {
		return x.batchFailed(parts, 0, f)
	}
	rows := make([]*row, len(changes))
	for i := range changes {
		if rows[i], f = changes[i].plan(t); f != nil {
			return x.batchFailed(parts, i, f)
		}
	}
	b, boundary := x.startBatch()
	for i := range changes {
		c := &changes[i]
		x.commit(t, c, rows[i])
		startPart(b, boundary)
		res := x.changed(c, rows[i])
		writePart(b, res, c.contentID)
	}
	return x.endBatch(b, boundary)
}

// batchFailed answers for a batch of which nothing was done: one part, whose message begins with the number of the operation.
func (x *exchange) batchFailed(parts []part, i int, f *Failure) *response {
	b, boundary := x.startBatch()
	startPart(b, boundary)
	res := x.fail(f.with("%d:%s", i, f.Message))
	writePart(b, res, parts[i].contentID)
	return x.endBatch(b, boundary)
}

func (x *exchange) startBatch() (b *bytes.Buffer, boundary string) {
	b, boundary = new(bytes.Buffer), x.requestID
	b.WriteString("--batchresponse_" + boundary + "\r\nContent-Type: multipart/mixed; boundary=changesetresponse_" + boundary + "\r\n\r\n")
	return b, boundary
}

func startPart(b *bytes.Buffer, boundary string) {
	b.WriteString("--changesetresponse_" + boundary + "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n")
}

// partHeaders are the headers of a part in the order in which the service writes them.
var partHeaders = [...]string{"Content-Type", "Cache-Control", "Preference-Applied", "Location", "DataServiceId", "ETag"}

func writePart(b *bytes.Buffer, res *response, contentID string) {
	b.WriteString("HTTP/1.1 " + strconv.Itoa(res.status) + " " + http.StatusText(res.status) + "\r\n")
	if contentID != "" {
		b.WriteString("Content-ID: " + contentID + "\r\n")
	}
	b.WriteString("X-Content-Type-Options: nosniff\r\nDataServiceVersion: 3.0;\r\n")
	for _, name := range partHeaders {
		if v := res.header[http.CanonicalHeaderKey(name)]; len(v) > 0 {
			b.WriteString(name + ": " + v[0] + "\r\n")
		}
	}
	b.WriteString("\r\n")
	b.Write(res.body)
	b.WriteString("\r\n")
}

func (x *exchange) endBatch(b *bytes.Buffer, boundary string) *response {
	b.WriteString("--changesetresponse_" + boundary + "--\r\n--batchresponse_" + boundary + "--\r\n")
	res := respond(http.StatusAccepted, "Content-Type", "multipart/mixed; boundary=batchresponse_"+boundary, "Cache-Control", "no-cache")
	res.body = b.Bytes()
	return res
}

// parseBatch reads the multipart body of a batch: one change set, and in it the operations.
func parseBatch(contentType string, body []byte) ([]part, *Failure) {
	boundary := boundaryOf(contentType)
	if boundary == "" {
		return nil, errInvalidInput
	}
	sections, ok := split(body, boundary)
	if !ok || len(sections) != 1 {
		return nil, errInvalidInput
	}
	header, set, ok := parseHeader(sections[0])
	if !ok {
		return nil, errInvalidInput
	}
	if boundary = boundaryOf(header.Get("Content-Type")); boundary == "" {
		if strings.HasPrefix(header.Get("Content-Type"), "application/http") {
			return nil, errNotImplemented.with("A batch is one change set here; a batch of one query is not implemented.")
		}
		return nil, errInvalidInput
	}
	if sections, ok = split(set, boundary); !ok || len(sections) == 0 {
		return nil, errInvalidInput
	}
	parts := make([]part, len(sections))
	for i, section := range sections {
		outer, request, ok := parseHeader(section)
		if !ok || !strings.HasPrefix(outer.Get("Content-Type"), "application/http") {
			return nil, errInvalidInput
		}
		line, rest, ok := cutLine(request)
		fields := strings.Fields(string(line))
		if !ok || len(fields) != 3 || !strings.HasPrefix(fields[2], "HTTP/1.") {
			return nil, errInvalidInput
		}
		p := &parts[i]
		p.method, p.url, p.contentID = fields[0], fields[1], outer.Get("Content-Id")
		if p.header, p.body, ok = parseHeader(rest); !ok {
			return nil, errInvalidInput
		}
		if id := p.header.Get("Content-Id"); id != "" {
			p.contentID = id
		}
	}
	return parts, nil
}

func boundaryOf(contentType string) string {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/mixed" {
		return ""
	}
	return params["boundary"]
}

// split cuts a multipart body at its delimiters. ok is false when the closing one is missing.
func split(body []byte, boundary string) (sections [][]byte, ok bool) {
	delimiter := []byte("--" + boundary)
	start := -1 // of the section that is open
	for at := 0; at <= len(body); {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			return nil, false
		}
		i += at
		at = i + len(delimiter)
		if i > 0 && body[i-1] != '\n' {
			continue // a delimiter stands at the beginning of a line
		}
		if start >= 0 {
			sections = append(sections, bytes.TrimSuffix(bytes.TrimSuffix(body[start:max(start, i)], []byte("\n")), []byte("\r")))
		}
		if bytes.HasPrefix(body[at:], []byte("--")) {
			return sections, true
		}
		_, rest, ok := cutLine(body[at:])
		if !ok {
			return nil, false
		}
		start = len(body) - len(rest)
		at = start
	}
	return nil, false
}

// cutLine cuts after the first line, which ends in LF or CRLF.
func cutLine(text []byte) (line, rest []byte, ok bool) {
	line, rest, ok = bytes.Cut(text, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest, ok
}

// parseHeader reads header lines up to an empty one, or to the end.
func parseHeader(text []byte) (header http.Header, body []byte, ok bool) {
	header = http.Header{}
	for len(text) > 0 {
		var line []byte
		line, text, _ = cutLine(text)
		if len(line) == 0 {
			return header, text, true
		}
		name, v, ok := strings.Cut(string(line), ":")
		if !ok {
			return nil, nil, false
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(v))
	}
	return header, nil, true
}
