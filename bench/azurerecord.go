package main

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// exchange is a request and its answer.
type exchange struct {
	Begin, End   time.Duration // since the recording began
	Service      string        // the name of its endpoint in a connection string
	Method, Path string        // the path after the endpoint, escaped, with its query
	Header       http.Header
	Body         []byte
	Status       int
	AnswerHeader http.Header
	Answer       []byte
}

// recording is a stream of requests, in the order in which they were sent.
type recording struct {
	endpoints map[string]string // by name in the connection string

	mu      sync.Mutex
	started time.Time
	stream  stream
}

// stream is what is kept of a recording.
type stream struct {
	Exchanges []*exchange
	Mark      time.Duration // when the load began: what was sent before it is preparation
	Took      time.Duration // the load
	AtOnce    int           // requests under way at once during the load, at most
}

func newRecording(connection string) *recording {
	return &recording{endpoints: endpointsOf(connection), started: time.Now()}
}

// endpointsOf finds the addresses of the services in a connection string.
func endpointsOf(connection string) map[string]string {
	found := map[string]string{}
	for part := range strings.SplitSeq(connection, ";") {
		if name, value, _ := strings.Cut(part, "="); strings.HasSuffix(name, "Endpoint") {
			found[name] = strings.TrimSuffix(value, "/")
		}
	}
	return found
}

// begin notes a request that is about to be sent.
func (r *recording) begin(q *http.Request, body []byte) *exchange {
	x := &exchange{Method: q.Method, Header: q.Header.Clone(), Body: body}
	address := q.URL.String()
	for name, endpoint := range r.endpoints {
		if rest, ok := strings.CutPrefix(address, endpoint); ok {
			x.Service, x.Path = name, rest
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	x.Begin = time.Since(r.started)
	r.stream.Exchanges = append(r.stream.Exchanges, x)
	return x
}

// end notes its answer.
func (r *recording) end(x *exchange, res *http.Response, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x.End, x.Status, x.AnswerHeader, x.Answer = time.Since(r.started), res.StatusCode, res.Header.Clone(), body
}

// mark says that the load begins.
func (r *recording) mark() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stream.Mark = time.Since(r.started)
}

// write keeps what was recorded until now and has been answered.
func (r *recording) write(file string, took time.Duration, atOnce int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := stream{Mark: r.stream.Mark, Took: took, AtOnce: atOnce}
	for _, x := range r.stream.Exchanges {
		if x.Status != 0 && x.Begin <= s.Mark+took {
			s.Exchanges = append(s.Exchanges, x)
		}
	}
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	if err := errors.Join(gob.NewEncoder(f).Encode(s), f.Close()); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

func readStream(file string) (*stream, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	defer func() { _ = f.Close() }()
	s := &stream{}
	if err := gob.NewDecoder(f).Decode(s); err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	return s, nil
}

// token is something in an answer that later requests use and that differs from run to run.
type token struct {
	of   string // the message's id, or the entity's or blob's path
	text string // the pop receipt or ETag; empty for a message's id
}

// issued finds the tokens in an answer, in an order that depends only on its shape. body is the request's.
func issued(x *exchange, body []byte, header http.Header, answer []byte) []token {
	switch {
	case x.Service == "QueueEndpoint":
		if receipt := header.Get("X-Ms-Popreceipt"); receipt != "" {
			return []token{{messageOf(x.Path), receipt}}
		}
		return messagesIn(answer)
	case x.Service == "TableEndpoint" && strings.HasPrefix(x.Path, "/$batch"):
		return batchTags(body, answer)
	case x.Service == "TableEndpoint" && x.Method == http.MethodGet && len(answer) > 0 && answer[0] == '{':
		return rowTags(x.Path, answer)
	}
	if tag := header.Get("ETag"); tag != "" {
		return []token{{resourceOf(x, body), tag}}
	}
	return nil
}

// resourceOf names what a single request's ETag belongs to: the blob or container by its path, a row as entityPath does.
func resourceOf(x *exchange, body []byte) string {
	path, _, _ := strings.Cut(x.Path, "?")
	if x.Service != "TableEndpoint" {
		return path
	}
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	path = strings.TrimPrefix(path, "/")
	if x.Method == http.MethodPost { // an insert has the keys in its body
		return entityPath(path, keysIn(body))
	}
	return path
}

var message = regexp.MustCompile(`<MessageId>([^<]*)</MessageId>(?s:.*?)<PopReceipt>([^<]*)</PopReceipt>`)

func messagesIn(answer []byte) []token {
	var all []token
	for _, m := range message.FindAllSubmatch(answer, -1) {
		id := string(m[1])
		all = append(all, token{id, ""}, token{id, string(m[2])})
	}
	return all
}

// messageOf is the id in the path of a message, or "".
func messageOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if _, id, ok := strings.Cut(path, "/messages/"); ok {
		return id
	}
	return ""
}

var (
	partLine = regexp.MustCompile(`(?m)^(POST|PUT|MERGE|PATCH|DELETE|GET) (\S+) HTTP/1\.1\r?$`)
	partETag = regexp.MustCompile(`(?mi)^(HTTP/1\.1 |ETag: *)(.*?)\r?$`)
	bodyKeys = regexp.MustCompile(`"(PartitionKey|RowKey)":"((?:[^"\\]|\\.)*)"`)
)

// batchEntities are the paths of a batch's entities, in order.
func batchEntities(body []byte) []string {
	lines := partLine.FindAllSubmatchIndex(body, -1)
	all := make([]string, len(lines))
	for i, at := range lines {
		address := string(body[at[4]:at[5]])
		if u, err := url.Parse(address); err == nil {
			address = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
		}
		if !strings.Contains(address, "(") { // an insert has the keys in its body
			end := len(body)
			if i+1 < len(lines) {
				end = lines[i+1][0]
			}
			address = entityPath(address, keysIn(body[at[1]:end]))
		}
		all[i] = address
	}
	return all
}

func keysIn(body []byte) map[string]string {
	keys := map[string]string{}
	for _, m := range bodyKeys.FindAllSubmatch(body, 2) {
		keys[string(m[1])] = string(m[2])
	}
	return keys
}

func entityPath(table string, keys map[string]string) string {
	return fmt.Sprintf("%s(PartitionKey='%s',RowKey='%s')", table, keys["PartitionKey"], keys["RowKey"])
}

// batchTags finds the ETags in the answer to a batch.
func batchTags(body, answer []byte) []token {
	entities := batchEntities(body)
	var all []token
	part := -1
	for _, m := range partETag.FindAllSubmatch(answer, -1) {
		if strings.HasPrefix(string(m[1]), "HTTP") {
			part++
			continue
		}
		if part >= 0 && part < len(entities) {
			all = append(all, token{entities[part], string(m[2])})
		}
	}
	return all
}

// rowTags finds the ETags in the answer to a query or to the read of a row.
func rowTags(path string, answer []byte) []token {
	table, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "(")
	var page struct {
		Value []map[string]any `json:"value"`
	}
	var row map[string]any
	if json.Unmarshal(answer, &page) != nil || json.Unmarshal(answer, &row) != nil {
		return nil
	}
	if page.Value == nil {
		page.Value = []map[string]any{row}
	}
	var all []token
	for _, row := range page.Value {
		partition, _ := row["PartitionKey"].(string)
		key, _ := row["RowKey"].(string)
		if tag, _ := row["odata.etag"].(string); tag != "" {
			all = append(all, token{entityPath(table, map[string]string{"PartitionKey": partition, "RowKey": key}), tag})
		}
	}
	return all
}

// uses finds the tokens that a request needs, and calls f for each with the place of its text in path, header or body.
type use struct {
	token token
	where string // "id", "receipt", "if-match", "body"
	at    [2]int // in the body
}

var matchLine = regexp.MustCompile(`(?mi)^If-Match: *(.*?)\r?$`)

func uses(x *exchange) []use {
	var all []use
	if id := messageOf(x.Path); x.Service == "QueueEndpoint" && id != "" {
		all = append(all, use{token: token{id, ""}, where: "id"})
		if u, err := url.Parse(x.Path); err == nil {
			all = append(all, use{token: token{id, u.Query().Get("popreceipt")}, where: "receipt"})
		}
	}
	if tag := x.Header.Get("If-Match"); tag != "" && tag != "*" {
		all = append(all, use{token: token{resourceOf(x, x.Body), tag}, where: "if-match"})
	}
	if x.Service != "TableEndpoint" || !strings.HasPrefix(x.Path, "/$batch") {
		return all
	}
	lines, entities := partLine.FindAllIndex(x.Body, -1), batchEntities(x.Body)
	for _, m := range matchLine.FindAllSubmatchIndex(x.Body, -1) {
		tag := string(x.Body[m[2]:m[3]])
		part, _ := slices.BinarySearchFunc(lines, m[0], func(line []int, at int) int { return line[0] - at })
		if tag != "*" && part > 0 {
			all = append(all, use{token{entities[part-1], tag}, "body", [2]int{m[2], m[3]}})
		}
	}
	return all
}
