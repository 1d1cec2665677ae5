package azuretest

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	errQueueExists   = &serviceError{http.StatusConflict, "QueueAlreadyExists", "The specified queue already exists."}
	errQueueNotFound = &serviceError{http.StatusNotFound, "QueueNotFound", "The specified queue does not exist."}
	errQueueDying    = &serviceError{http.StatusConflict, "QueueBeingDeleted", "The specified queue is being deleted."}
)

// queueName is what queues and containers may be called.
var queueName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const (
	minNameLength = 3
	maxNameLength = 63
)

func checkQueueName(name string) *serviceError {
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
func (x *exchange) routeQueues() *serviceError {
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
	case x.Resource == "" && x.Method == http.MethodGet && comp == "list":
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

func (x *exchange) routeQueue(comp string) *serviceError {
	switch {
	case x.Method == http.MethodPut && comp == "":
		x.Op, x.effect = OpCreateQueue, x.createQueue
	case x.Method == http.MethodDelete && comp == "":
		x.Op, x.effect = OpDeleteQueue, x.deleteQueue
	case (x.Method == http.MethodGet || x.Method == http.MethodHead) && comp == "metadata":
		x.Op, x.effect = OpGetQueue, x.getQueue
	case x.Method == http.MethodPut && comp == "metadata":
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
		h.Set("X-Ms-Meta-"+key, value)
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
func (x *exchange) noQueue() *serviceError {
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
