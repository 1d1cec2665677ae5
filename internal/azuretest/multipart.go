package azuretest

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
)

// part is one operation of a batch as it was sent.
type part struct {
	method, url string
	header      http.Header
	body        []byte
	contentID   string
}

// parseBatch reads the multipart body of a batch: one change set, and in it the operations.
func parseBatch(contentType string, body []byte) ([]part, *serviceError) {
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
		p.method, p.url, p.contentID = fields[0], fields[1], outer.Get("Content-ID")
		if p.header, p.body, ok = parseHeader(rest); !ok {
			return nil, errInvalidInput
		}
		if id := p.header.Get("Content-ID"); id != "" {
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
