package azuretest

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

var (
	errContainerExists   = &serviceError{http.StatusConflict, "ContainerAlreadyExists", "The specified container already exists."}
	errContainerNotFound = &serviceError{http.StatusNotFound, "ContainerNotFound", "The specified container does not exist."}
	errContainerDying    = &serviceError{http.StatusConflict, "ContainerBeingDeleted", "The specified container is being deleted. Try operation later."}
)

type container struct {
	name     string
	metadata map[string]string
	tick     int64 // its ETag
	modified time.Time
	lease    lease
	blobs    map[string]*blob
}

// blobETag writes a moment as queues and blobs write ETags.
func blobETag(tick int64) string { return fmt.Sprintf(`"0x%X"`, uint64(tick)) }

// routeBlobs finds out what a request wants of the blob service.
func (x *exchange) routeBlobs() *serviceError {
	name, path, inContainer := strings.Cut(x.path, "/")
	var err, err2 error
	x.Resource, err = url.PathUnescape(name)
	x.Key, err2 = url.PathUnescape(path)
	if err != nil || err2 != nil {
		return errInvalidURI
	}
	comp, restype := x.Query.Get("comp"), x.Query.Get("restype")
	if x.Resource == "" {
		if x.Method == http.MethodGet && comp == "list" {
			x.Op, x.effect = OpListContainers, x.listContainers
			return nil
		}
		return errInvalidURI
	}
	if f := checkQueueName(x.Resource); f != nil {
		return f
	}
	if inContainer && x.Key != "" {
		return x.routeBlob(comp)
	}
	if restype != "container" {
		return errInvalidURI
	}
	read := x.Method == http.MethodGet || x.Method == http.MethodHead
	switch {
	case comp == "" && x.Method == http.MethodPut:
		x.Op, x.effect = OpCreateContainer, x.createContainer
	case comp == "" && x.Method == http.MethodDelete:
		x.Op, x.effect = OpDeleteContainer, x.withContainer(x.deleteContainer)
	case (comp == "" || comp == "metadata") && read:
		x.Op, x.effect = OpGetContainer, x.withContainer(x.getContainer)
	case comp == "metadata" && x.Method == http.MethodPut:
		x.Op, x.effect = OpSetContainerMetadata, x.withContainer(x.setContainerMetadata)
	case comp == "list" && x.Method == http.MethodGet:
		x.Op, x.effect = OpListBlobs, x.withContainer(x.listBlobs)
	case comp == "lease" && x.Method == http.MethodPut:
		c, f := x.leaseCall()
		x.Op = OpContainerLease + Op(c.action)
		x.effect = x.withContainer(func(ct *container) *response { return x.leaseContainer(ct, c) })
		return f
	default:
		return errUnsupportedVerb
	}
	return nil
}

func (x *exchange) withContainer(do func(*container) *response) func() *response {
	return func() *response {
		c := x.s.containers[x.Resource]
		switch {
		case c != nil:
			return do(c)
		case x.s.isDying(Blob, x.Resource, x.now):
			return x.fail(errContainerDying)
		}
		return x.fail(errContainerNotFound)
	}
}

func (x *exchange) createContainer() *response {
	if x.s.containers[x.Resource] != nil {
		return x.fail(errContainerExists)
	}
	if x.s.isDying(Blob, x.Resource, x.now) {
		return x.fail(errContainerDying)
	}
	c := &container{name: x.Resource, metadata: x.metadata(), blobs: map[string]*blob{}}
	c.touch(x)
	x.s.containers[c.name] = c
	return c.stamp(respond(http.StatusCreated))
}

func (c *container) touch(x *exchange) { c.tick, c.modified = x.s.tick(x.now), x.now }

// stamp puts the headers that say which version of the container the answer is about.
func (c *container) stamp(res *response) *response {
	res.header["Etag"] = []string{blobETag(c.tick)}
	res.header["Last-Modified"] = []string{c.modified.UTC().Format(http.TimeFormat)}
	return res
}

func (x *exchange) deleteContainer(c *container) *response {
	if f := c.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Container", true, x.now); f != nil {
		return x.fail(f)
	}
	delete(x.s.containers, c.name)
	x.s.bury(Blob, c.name, x.now)
	return respond(http.StatusAccepted)
}

func (x *exchange) getContainer(c *container) *response {
	if f := c.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Container", false, x.now); f != nil {
		return x.fail(f)
	}
	res := c.stamp(respond(http.StatusOK))
	writeMetadata(res.header, c.metadata)
	c.lease.headers(res.header, x.now)
	return res
}

func (x *exchange) setContainerMetadata(c *container) *response {
	if f := c.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Container", false, x.now); f != nil {
		return x.fail(f)
	}
	c.metadata = x.metadata()
	c.touch(x)
	return c.stamp(respond(http.StatusOK))
}

func (x *exchange) leaseContainer(c *container, call leaseCall) *response {
	res, f := c.lease.apply(call, x.s.newID, x.now)
	if f != nil {
		return x.fail(f)
	}
	return c.stamp(res)
}

func (x *exchange) listContainers() *response {
	names, next, f := x.page(slices.Collect(maps.Keys(x.s.containers)))
	if f != nil {
		return x.fail(f)
	}
	var b bytes.Buffer
	x.startList(&b, "")
	b.WriteString("<Containers>")
	for _, name := range names {
		c := x.s.containers[name]
		b.WriteString("<Container><Name>" + name + "</Name><Properties>")
		element(&b, "Last-Modified", c.modified.UTC().Format(http.TimeFormat))
		element(&b, "Etag", blobETag(c.tick))
		c.lease.elements(&b, x.now)
		b.WriteString("</Properties>")
		if slices.Contains(x.include(), "metadata") {
			metadataXML(&b, c.metadata)
		}
		b.WriteString("</Container>")
	}
	b.WriteString("</Containers>")
	return x.endList(&b, next)
}

func (l *lease) elements(b *bytes.Buffer, now time.Time) {
	status, state, duration := l.describe(now)
	element(b, "LeaseStatus", status)
	element(b, "LeaseState", state)
	if duration != "" {
		element(b, "LeaseDuration", duration)
	}
}
