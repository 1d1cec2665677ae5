package azuretest

import (
	"bytes"
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	errQueueExists   = &Failure{http.StatusConflict, "QueueAlreadyExists", "The specified queue already exists."}
	errQueueNotFound = &Failure{http.StatusNotFound, "QueueNotFound", "The specified queue does not exist."}
	errQueueDying    = &Failure{http.StatusConflict, "QueueBeingDeleted", "The specified queue is being deleted."}
)

// maxListPage is how many names one answer lists at most.
const maxListPage = 5000

// queueName is what queues and containers may be called.
var queueName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const (
	minNameLength = 3
	maxNameLength = 63
)

func checkQueueName(name string) *Failure {
	if len(name) < minNameLength || len(name) > maxNameLength {
		return errNameLength
	}
	if !queueName.MatchString(name) {
		return errInvalidName
	}
	return nil
}

// queue is a queue with its messages, found by id and ordered by when they can be seen.
type queue struct {
	name     string
	metadata map[string]string
	messages map[string]*message
	order    messageHeap
	expiry   time.Time // when the first message with an end expires; zero when none does
}

func newQueue(name string, metadata map[string]string) *queue {
	return &queue{name: name, metadata: metadata, messages: map[string]*message{}}
}

// routeQueues finds out what a request wants of the queue service.
func (x *exchange) routeQueues() *Failure {
	segments := strings.Split(x.path, "/")
	for i := range segments {
		var err error
		if segments[i], err = url.PathUnescape(segments[i]); err != nil {
			return errInvalidURI
		}
	}
	x.Resource = segments[0]
	if len(segments) > 1 && segments[1] != "messages" || len(segments) > 3 {
		return errInvalidURI
	}
	if len(segments) == 3 {
		x.Key = segments[2]
	}
	comp := x.Query.Get("comp")
	switch {
	case x.Resource == "" && x.method == http.MethodGet && comp == "list":
		x.Op, x.effect = OpListQueues, x.listQueues
	case x.Resource == "":
		return errInvalidURI
	case len(segments) == 1:
		return x.routeQueue(comp)
	default:
		return x.routeMessages(len(segments) == 3)
	}
	return nil
}

func (x *exchange) routeQueue(comp string) *Failure {
	switch {
	case x.method == http.MethodPut && comp == "":
		x.Op, x.effect = OpCreateQueue, x.createQueue
	case x.method == http.MethodDelete && comp == "":
		x.Op, x.effect = OpDeleteQueue, x.deleteQueue
	case (x.method == http.MethodGet || x.method == http.MethodHead) && comp == "metadata":
		x.Op, x.effect = OpGetQueue, x.getQueue
	case x.method == http.MethodPut && comp == "metadata":
		x.Op, x.effect = OpSetQueueMetadata, x.setQueueMetadata
	default:
		return errUnsupportedVerb
	}
	return checkQueueName(x.Resource)
}

// metadata reads the x-ms-meta-… headers.
func (x *exchange) metadata() map[string]string {
	var m map[string]string
	for name, values := range x.Header {
		if key, ok := strings.CutPrefix(name, "X-Ms-Meta-"); ok && key != "" {
			if m == nil {
				m = map[string]string{}
			}
			m[strings.ToLower(key)] = strings.Join(values, ",")
		}
	}
	return m
}

func writeMetadata(h http.Header, metadata map[string]string) {
	for key, value := range metadata {
		h.Set("x-ms-meta-"+key, value)
	}
}

func (x *exchange) createQueue() *response {
	metadata := x.metadata()
	if x.s.isDying(Queue, x.Resource, x.now) {
		return x.fail(errQueueDying)
	}
	if q := x.s.queues[x.Resource]; q != nil {
		if !maps.Equal(q.metadata, metadata) {
			return x.fail(errQueueExists)
		}
		return respond(http.StatusNoContent)
	}
	x.s.queues[x.Resource] = newQueue(x.Resource, metadata)
	return respond(http.StatusCreated)
}

func (x *exchange) deleteQueue() *response {
	if x.s.queues[x.Resource] == nil {
		return x.fail(x.noQueue())
	}
	delete(x.s.queues, x.Resource)
	x.s.bury(Queue, x.Resource, x.now)
	return respond(http.StatusNoContent)
}

// noQueue says why the queue is not there.
func (x *exchange) noQueue() *Failure {
	if x.s.isDying(Queue, x.Resource, x.now) {
		return errQueueDying
	}
	return errQueueNotFound
}

func (x *exchange) getQueue() *response {
	q := x.s.queues[x.Resource]
	if q == nil {
		return x.fail(x.noQueue())
	}
	q.expire(x.now)
	res := respond(http.StatusOK, "x-ms-approximate-messages-count", strconv.Itoa(len(q.messages)))
	writeMetadata(res.header, q.metadata)
	return res
}

func (x *exchange) setQueueMetadata() *response {
	q := x.s.queues[x.Resource]
	if q == nil {
		return x.fail(x.noQueue())
	}
	q.metadata = x.metadata()
	return respond(http.StatusNoContent)
}

func (x *exchange) listQueues() *response {
	names, next, f := x.page(slices.Collect(maps.Keys(x.s.queues)))
	if f != nil {
		return x.fail(f)
	}
	var b bytes.Buffer
	x.startList(&b, "")
	b.WriteString("<Queues>")
	for _, name := range names {
		b.WriteString("<Queue><Name>" + name + "</Name>")
		if slices.Contains(x.include(), "metadata") {
			metadataXML(&b, x.s.queues[name].metadata)
		}
		b.WriteString("</Queue>")
	}
	b.WriteString("</Queues>")
	return x.endList(&b, next)
}

func (x *exchange) include() []string { return strings.Split(x.Query.Get("include"), ",") }

// page picks the names that a listing asks for, and the marker of the next page.
func (x *exchange) page(names []string) (page []string, next string, f *Failure) {
	limit, f := x.queryInt("maxresults", maxListPage, 1, maxListPage)
	if f != nil {
		return nil, "", f
	}
	limit = min(limit, x.s.listPage())
	prefix, marker := x.Query.Get("prefix"), x.Query.Get("marker")
	slices.Sort(names)
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) || name < marker {
			continue
		}
		if len(page) == limit {
			return page, name, nil
		}
		page = append(page, name)
	}
	return page, "", nil
}

// listPage is how many names one answer lists: small pages of entities mean small pages of names too.
func (s *Service) listPage() int {
	if s.options.PageSize < MaxQueryPage {
		return s.options.PageSize
	}
	return maxListPage
}

func (x *exchange) startList(b *bytes.Buffer, attributes string) {
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="` + x.s.Endpoint(x.kind) + `/"` + attributes + `>`)
	for _, e := range [][2]string{{"Prefix", "prefix"}, {"Marker", "marker"}, {"MaxResults", "maxresults"}, {"Delimiter", "delimiter"}} {
		if value := x.Query.Get(e[1]); value != "" {
			element(b, e[0], value)
		}
	}
}

func (x *exchange) endList(b *bytes.Buffer, next string) *response {
	element(b, "NextMarker", next)
	b.WriteString("</EnumerationResults>")
	return respond(http.StatusOK).xml(b.Bytes())
}

func element(b *bytes.Buffer, name, value string) {
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(value)) // a buffer takes everything
	b.WriteString("</" + name + ">")
}

func metadataXML(b *bytes.Buffer, metadata map[string]string) {
	b.WriteString("<Metadata>")
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		element(b, key, metadata[key])
	}
	b.WriteString("</Metadata>")
}
