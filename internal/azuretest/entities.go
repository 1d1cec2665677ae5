package azuretest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// MaxQueryPage is how many entities one answer to a query has at most.
const MaxQueryPage = 1000

var (
	errEntityExists    = &Failure{http.StatusConflict, "EntityAlreadyExists", "The specified entity already exists."}
	errConditionNotMet = &Failure{http.StatusPreconditionFailed, "UpdateConditionNotSatisfied", "The update condition specified in the request was not satisfied."}
	errNeedsIfMatch    = &Failure{http.StatusBadRequest, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified."}
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
func (x *exchange) routeEntities(method string, t target) *Failure {
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
func (c *change) read(method string, body []byte) *Failure {
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
func (c *change) readEntity(body []byte) *Failure {
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
func (c *change) plan(t *table) (*row, *Failure) {
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

func (x *exchange) selected() []string {
	text := x.Query.Get("$select")
	if text == "" || text == "*" {
		return nil
	}
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

func (x *exchange) queryEntities() *Failure {
	var filter expression
	all := everything()
	if text := x.Query.Get("$filter"); text != "" {
		var err error
		if filter, err = parseFilter(text); err != nil {
			return errInvalidInput.with("%s %s", errInvalidInput.Message, err.Error())
		}
		all = filter.span()
	}
	limit, f := x.top()
	if f != nil {
		return f
	}
	fromPK, ok1 := readToken(x.Query.Get("NextPartitionKey"))
	fromRK, ok2 := readToken(x.Query.Get("NextRowKey"))
	if !ok1 || !ok2 {
		return errInvalidInput
	}
	x.Key = all.partition.single()
	limit = min(limit, x.s.options.PageSize)
	x.effect = func() *response {
		t, f := x.table()
		if f != nil {
			return x.fail(f)
		}
		return x.queryPage(t, filter, all, fromPK, fromRK, limit)
	}
	return nil
}

// queryPage walks over the rows that the filter's span leaves, from where the last page ended.
func (x *exchange) queryPage(t *table, filter expression, all span, fromPK, fromRK string, limit int) *response {
	level, selected := x.level(), x.selected()
	res := respond(http.StatusOK)
	b := []byte(`{`)
	if level != noMetadata {
		b = append(b, `"odata.metadata":"`+x.s.Endpoint(Table)+`/$metadata#`+x.Resource+`",`...)
	}
	b = append(b, `"value":[`...)
	n := 0
	first, _ := t.find(later(all.partition.least, fromPK))
pages:
	for _, p := range t.partitions[first:] {
		if all.partition.below(p.key) {
			break
		}
		start := all.row.least
		if p.key == fromPK {
			start = later(start, fromRK)
		}
		i, _ := p.find(start)
		for _, r := range p.rows[i:] {
			if all.row.below(r.rk) {
				break
			}
			if filter != nil && !filter.holds(r) {
				continue
			}
			if n == limit {
				res.header["X-Ms-Continuation-Nextpartitionkey"] = []string{writeToken(r.pk)}
				res.header["X-Ms-Continuation-Nextrowkey"] = []string{writeToken(r.rk)}
				break pages
			}
			if n > 0 {
				b = append(b, ',')
			}
			b = x.appendRow(b, r, selected, level, false)
			n++
		}
	}
	return res.json(level, append(b, "]}"...))
}

func later(a, b string) string {
	if compareKeys(a, b) < 0 {
		return b
	}
	return a
}

// Continuation tokens look like the service's, which clients hand back as they got them: a version, the length and the key in base64.
func writeToken(key string) string {
	text := base64.StdEncoding.EncodeToString([]byte(key))
	return fmt.Sprintf("1!%d!%s", len(text), text)
}

func readToken(token string) (key string, ok bool) {
	if token == "" {
		return "", true
	}
	parts := strings.SplitN(token, "!", 3)
	if len(parts) != 3 || parts[0] != "1" || parts[1] != strconv.Itoa(len(parts[2])) {
		return "", false
	}
	text, err := base64.StdEncoding.DecodeString(parts[2])
	return string(text), err == nil
}
