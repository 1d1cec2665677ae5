package azuretest

import (
	"net/http"
	"slices"
	"strings"
)

var (
	errEntityExists    = &serviceError{http.StatusConflict, "EntityAlreadyExists", "The specified entity already exists."}
	errConditionNotMet = &serviceError{http.StatusPreconditionFailed, "UpdateConditionNotSatisfied", "The row has another ETag."}
	errNeedsIfMatch    = &serviceError{http.StatusBadRequest, "MissingRequiredHeader", "If-Match is missing."}
)

// change is one write of an entity: a request's, or one of a batch's.
type change struct {
	op         Op
	target     target
	ifMatch    string
	properties []property
	quiet      bool // the client does not want to see what it inserted
	level      metadataLevel
	contentID  string
}

// routeEntities finds out what a request wants of a table's entities, and checks its arguments.
func (x *exchange) routeEntities(method string, t target) *serviceError {
	c := change{target: t, ifMatch: x.Header.Get("If-Match"), quiet: x.Header.Get("Prefer") == "return-no-content", level: x.level()}
	switch {
	case method == http.MethodGet && t.entity:
		x.Op, x.effect = OpGetEntity, x.getEntity
		return nil
	case method == http.MethodGet:
		x.Op = OpQueryEntities
		return x.queryEntities()
	}
	f := c.read(method, x.Body)
	x.Op, x.Key, x.Row = c.op, c.target.pk, c.target.rk
	if f != nil {
		return f
	}
	x.effect = func() *response {
		t, f := x.table()
		if f != nil {
			return x.fail(f)
		}
		r, f := c.plan(t)
		if f != nil {
			return x.fail(f)
		}
		x.commit(t, &c, r)
		return x.changed(&c, r)
	}
	return nil
}

// read finds out what kind of change a request is and reads the entity that it carries.
func (c *change) read(method string, body []byte) *serviceError {
	switch {
	case method == http.MethodPost && !c.target.entity:
		c.op = OpInsertEntity
	case method == http.MethodPut && c.target.entity:
		c.op = OpReplaceEntity
	case (method == "MERGE" || method == http.MethodPatch) && c.target.entity:
		c.op = OpMergeEntity
	case method == http.MethodDelete && c.target.entity:
		c.op = OpDeleteEntity
	default:
		return errUnsupportedVerb
	}
	if c.op == OpDeleteEntity {
		if c.ifMatch == "" {
			return errNeedsIfMatch
		}
	} else if f := c.readEntity(body); f != nil {
		return f
	}
	if c.ifMatch != "" && c.ifMatch != "*" && !(strings.HasPrefix(c.ifMatch, `W/"`) && strings.HasSuffix(c.ifMatch, `"`)) {
		return errInvalidInput.with("The etag value '%s' specified in one of the request headers is not valid.", c.ifMatch)
	}
	if f := checkKey("PartitionKey", c.target.pk); f != nil {
		return f
	}
	return checkKey("RowKey", c.target.rk)
}

// readEntity reads the entity; its keys must be those of the URL.
func (c *change) readEntity(body []byte) *serviceError {
	properties, f := parseProperties(body)
	if f != nil {
		return f
	}
	keys := map[string]*string{"PartitionKey": &c.target.pk, "RowKey": &c.target.rk}
	found := 0
	c.properties = properties[:0]
	for _, p := range properties {
		key := keys[p.name]
		if key == nil {
			c.properties = append(c.properties, p)
			continue
		}
		found++
		if p.typ != edmString || c.op != OpInsertEntity && p.text != *key {
			return errInvalidInput
		}
		*key = p.text
	}
	if c.op == OpInsertEntity && found < len(keys) {
		return errNeedValue
	}
	return nil
}

// plan checks a change against the table and returns the row that it would store, or, for a delete, the one that it would remove.
func (c *change) plan(t *table) (*row, *serviceError) {
	old := t.get(c.target.pk, c.target.rk)
	switch {
	case c.op == OpInsertEntity && old != nil:
		return nil, errEntityExists
	case c.op != OpInsertEntity && c.ifMatch != "" && old == nil:
		return nil, errResourceNotFound
	case c.op != OpInsertEntity && c.ifMatch != "" && c.ifMatch != "*" && c.ifMatch != old.etag():
		return nil, errConditionNotMet
	case c.op == OpDeleteEntity:
		return old, nil
	}
	r := &row{pk: c.target.pk, rk: c.target.rk, properties: c.properties}
	if c.op == OpMergeEntity && old != nil {
		r.properties = merged(old.properties, c.properties)
	}
	return r, checkProperties(r.pk, r.rk, r.properties)
}

// merged returns old with the properties of changes put in their places or behind.
func merged(old, changes []property) []property {
	out := slices.Clone(old)
	for _, p := range changes {
		if i := slices.IndexFunc(out[:len(old)], func(o property) bool { return o.name == p.name }); i >= 0 {
			out[i] = p
		} else {
			out = append(out, p)
		}
	}
	return out
}

// commit does what was planned.
func (x *exchange) commit(t *table, c *change, r *row) {
	if c.op == OpDeleteEntity {
		t.remove(r)
		return
	}
	r.tick = x.s.tick(x.now)
	t.put(r)
}

// changed answers to a change.
func (x *exchange) changed(c *change, r *row) *response {
	switch {
	case c.op == OpDeleteEntity:
		return respond(http.StatusNoContent)
	case c.op != OpInsertEntity:
		return respond(http.StatusNoContent, "ETag", r.etag())
	}
	url := x.s.Endpoint(Table) + "/" + c.target.table + "(PartitionKey='" + escapeKey(r.pk) + "',RowKey='" + escapeKey(r.rk) + "')"
	if c.quiet {
		return respond(http.StatusNoContent, "ETag", r.etag(), "Location", url, "DataServiceId", url, "Preference-Applied", "return-no-content")
	}
	return respond(http.StatusCreated, "ETag", r.etag(), "Location", url).json(c.level, x.appendRow(nil, r, nil, c.level, true))
}

func (x *exchange) getEntity() *response {
	t, f := x.table()
	if f != nil {
		return x.fail(f)
	}
	r := t.get(x.Key, x.Row)
	if r == nil {
		return x.fail(errResourceNotFound)
	}
	return respond(http.StatusOK, "ETag", r.etag()).json(x.level(), x.appendRow(nil, r, x.selected(), x.level(), true))
}
