package azuretest

import (
	"bytes"
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
	errBatchPartitions = &serviceError{http.StatusBadRequest, "CommandsInBatchActOnDifferentPartitions", "The batch has rows of several partitions or tables."}
	errBatchRepeat     = &serviceError{http.StatusBadRequest, "InvalidDuplicateRow", "The batch has several changes of one row."}
	errBatchTooLong    = &serviceError{http.StatusBadRequest, "InvalidInput", "The batch has more than 100 changes."}
	errNotImplemented  = &serviceError{http.StatusNotImplemented, "NotImplemented", "Not implemented."}
)

// routeBatch reads a batch. What is wrong with one of its operations becomes that operation's answer.
func (x *exchange) routeBatch() *serviceError {
	if len(x.Body) > MaxBatchBytes {
		return errBodyTooLarge
	}
	parts, f := parseBatch(x.Header.Get("Content-Type"), x.Body)
	if f != nil {
		return f
	}
	changes := make([]change, len(parts))
	failed, failure := -1, (*serviceError)(nil)
	if len(parts) > MaxBatchOperations {
		failed, failure = MaxBatchOperations-1, errBatchTooLong
	}
	rows := make(map[string]bool, len(parts))
	for i := range parts {
		if failure != nil {
			break
		}
		c, refused := parts[i].change()
		changes[i] = c
		if i == 0 {
			x.Resource, x.Key = c.target.table, c.target.pk
		}
		switch first := &changes[0].target; {
		case refused != nil:
		case c.target.pk != first.pk || !strings.EqualFold(c.target.table, first.table):
			refused = errBatchPartitions
		case rows[c.target.rk]:
			refused = errBatchRepeat
		}
		rows[c.target.rk] = true
		if refused != nil {
			failed, failure = i, refused
		}
	}
	x.refuseBatch = func(f *serviceError) *response { return x.batchFailed(parts, 0, f) }
	x.effect = func() *response {
		if failure != nil {
			return x.batchFailed(parts, failed, failure)
		}
		return x.applyBatch(parts, changes)
	}
	return nil //nolint:nilerr // the failure is the effect's to tell
}

// change reads one operation.
func (p *part) change() (change, *serviceError) {
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
func (x *exchange) batchFailed(parts []part, i int, f *serviceError) *response {
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
