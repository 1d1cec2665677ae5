package azuretest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	errTableExists   = &Failure{http.StatusConflict, "TableAlreadyExists", "The table specified already exists."}
	errTableNotFound = &Failure{http.StatusNotFound, "TableNotFound", "The table specified does not exist."}
	errTableDying    = &Failure{http.StatusConflict, "TableBeingDeleted", "The specified table is being deleted. Try operation later."}
)

var tableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

func checkTableName(name string) *Failure {
	if len(name) < minNameLength || len(name) > maxNameLength {
		return errNameLength
	}
	if !tableName.MatchString(name) || strings.EqualFold(name, "tables") {
		return errInvalidName
	}
	return nil
}

// table is a table: its partitions in the order of their keys, and by key.
type table struct {
	name       string // as it was created; names differ by more than case
	partitions []*partition
	byKey      map[string]*partition
}

// partition is the rows with one PartitionKey in the order of their RowKeys. A stored row never changes: a write puts a new one in its place.
type partition struct {
	key  string
	rows []*row
}

type row struct {
	pk, rk     string
	tick       int64 // the Timestamp, and with it the ETag
	properties []property
}

func newTable(name string) *table { return &table{name: name, byKey: map[string]*partition{}} }

func (p *partition) find(rk string) (int, bool) {
	return slices.BinarySearchFunc(p.rows, rk, func(r *row, rk string) int { return compareKeys(r.rk, rk) })
}

func (t *table) find(pk string) (int, bool) {
	return slices.BinarySearchFunc(t.partitions, pk, func(p *partition, pk string) int { return compareKeys(p.key, pk) })
}

func (t *table) get(pk, rk string) *row {
	p := t.byKey[pk]
	if p == nil {
		return nil
	}
	if i, ok := p.find(rk); ok {
		return p.rows[i]
	}
	return nil
}

func (t *table) put(r *row) {
	p := t.byKey[r.pk]
	if p == nil {
		p = &partition{key: r.pk}
		i, _ := t.find(r.pk)
		t.partitions = slices.Insert(t.partitions, i, p)
		t.byKey[r.pk] = p
	}
	if i, ok := p.find(r.rk); ok {
		p.rows[i] = r
	} else {
		p.rows = slices.Insert(p.rows, i, r)
	}
}

func (t *table) remove(r *row) {
	p := t.byKey[r.pk]
	i, _ := p.find(r.rk)
	p.rows = slices.Delete(p.rows, i, i+1)
	if len(p.rows) == 0 {
		i, _ := t.find(p.key)
		t.partitions = slices.Delete(t.partitions, i, i+1)
		delete(t.byKey, p.key)
	}
}

// compareKeys orders keys by UTF-16 code units, as the service does. In UTF-8 only U+E000 to U+FFFF and what is beyond stand the other way round.
func compareKeys(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		const private, beyond = 0xEE, 0xF0 // first bytes of U+E000 and of U+10000
		if x >= private && y >= private && (x >= beyond) != (y >= beyond) {
			x, y = y, x
		}
		if x < y {
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}

// routeTables finds out what a request wants of the table service.
func (x *exchange) routeTables() *Failure {
	path, err := url.PathUnescape(x.path)
	if err != nil {
		return errInvalidURI
	}
	method := x.method
	if override := x.Header.Get("X-Http-Method"); method == http.MethodPost && override != "" {
		method = override
	}
	switch {
	case path == "$batch" && method == http.MethodPost:
		x.Op = OpBatch
		return x.routeBatch()
	case path == "Tables" && method == http.MethodGet:
		x.Op, x.effect = OpListTables, x.listTables
		return nil
	case path == "Tables" && method == http.MethodPost:
		x.Op = OpCreateTable
		return x.createTable()
	case strings.HasPrefix(path, "Tables('") && strings.HasSuffix(path, "')"):
		x.Resource = path[len("Tables('") : len(path)-len("')")]
		if method != http.MethodDelete {
			return errUnsupportedVerb
		}
		x.Op, x.effect = OpDeleteTable, x.deleteTable
		return checkTableName(x.Resource)
	}
	target, f := parseTarget(path)
	if f != nil {
		return f
	}
	x.Resource, x.Key, x.Row = target.table, target.pk, target.rk
	if f := checkTableName(x.Resource); f != nil {
		return f
	}
	return x.routeEntities(method, target)
}

// target is what a table URL addresses: a table, or an entity of it.
type target struct {
	table, pk, rk string
	entity        bool
}

// parseTarget reads Table, Table() and Table(PartitionKey='…',RowKey='…').
func parseTarget(path string) (target, *Failure) {
	name, keys, ok := strings.Cut(path, "(")
	t := target{table: name}
	if !ok || keys == ")" {
		return t, nil
	}
	rest, ok := strings.CutSuffix(keys, ")")
	if !ok {
		return t, errInvalidURI
	}
	pk, rest, ok := keyOf(rest, "PartitionKey=")
	if !ok || !strings.HasPrefix(rest, ",") {
		return t, errInvalidURI
	}
	rk, rest, ok := keyOf(strings.TrimLeft(rest[1:], " "), "RowKey=")
	if !ok || rest != "" {
		return t, errInvalidURI
	}
	t.pk, t.rk, t.entity = pk, rk, true
	return t, nil
}

// keyOf reads name'…', in which ” stands for one quote.
func keyOf(text, name string) (key, rest string, ok bool) {
	text, ok = strings.CutPrefix(text, name)
	if !ok {
		return "", "", false
	}
	return quoted(text)
}

// quoted reads a quoted text at the beginning of text.
func quoted(text string) (inner, rest string, ok bool) {
	if !strings.HasPrefix(text, "'") {
		return "", "", false
	}
	for i := 1; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			i++
			continue
		}
		return strings.ReplaceAll(text[1:i], "''", "'"), text[i+1:], true
	}
	return "", "", false
}

// level says how much metadata the client wants.
func (x *exchange) level() metadataLevel {
	return levelOf(x.Header.Get("Accept"), x.Query.Get("$format"))
}

func levelOf(accept, format string) metadataLevel {
	if format != "" {
		accept = format
	}
	switch {
	case strings.Contains(accept, "odata=nometadata"):
		return noMetadata
	case strings.Contains(accept, "odata=fullmetadata"):
		return fullMetadata
	}
	return minimalMetadata
}

var contentTypes = [...]string{"nometadata", "minimalmetadata", "fullmetadata"}

func (r *response) json(level metadataLevel, body []byte) *response {
	r.header["Content-Type"] = []string{"application/json;odata=" + contentTypes[level] + ";streaming=true;charset=utf-8"}
	r.header["Cache-Control"] = []string{"no-cache"}
	r.header["X-Content-Type-Options"] = []string{"nosniff"}
	r.body = body
	return r
}

func (x *exchange) table() (*table, *Failure) {
	name := strings.ToLower(x.Resource)
	if t := x.s.tables[name]; t != nil {
		return t, nil
	}
	if x.s.isDying(Table, name, x.now) {
		return nil, errTableDying
	}
	return nil, errTableNotFound
}

func (x *exchange) createTable() *Failure {
	var body struct{ TableName string }
	if err := json.Unmarshal(x.Body, &body); err != nil {
		return errInvalidInput
	}
	x.Resource = body.TableName
	x.effect = func() *response {
		_, f := x.table()
		switch f {
		case nil:
			return x.fail(errTableExists)
		case errTableDying:
			return x.fail(f)
		}
		x.s.tables[strings.ToLower(x.Resource)] = newTable(x.Resource)
		url := x.s.Endpoint(Table) + "/Tables('" + x.Resource + "')"
		if x.Header.Get("Prefer") == "return-no-content" {
			return respond(http.StatusNoContent, "Preference-Applied", "return-no-content", "DataServiceId", url, "Location", url)
		}
		b := []byte(`{`)
		if x.level() != noMetadata {
			b = append(b, `"odata.metadata":"`+x.s.Endpoint(Table)+`/$metadata#Tables/@Element",`...)
		}
		return respond(http.StatusCreated, "Location", url).json(x.level(), append(b, `"TableName":"`+x.Resource+`"}`...))
	}
	return checkTableName(x.Resource)
}

func (x *exchange) deleteTable() *response {
	if _, f := x.table(); f != nil {
		return x.fail(errResourceNotFound) // the row of the table in the list of tables
	}
	delete(x.s.tables, strings.ToLower(x.Resource))
	x.s.bury(Table, strings.ToLower(x.Resource), x.now)
	return respond(http.StatusNoContent)
}

func (x *exchange) listTables() *response {
	var filter expression
	if text := x.Query.Get("$filter"); text != "" {
		var err error
		if filter, err = parseFilter(text); err != nil {
			return x.fail(errInvalidInput.with("%s %s", errInvalidInput.Message, err.Error()))
		}
	}
	limit, f := x.queryInt("$top", MaxQueryPage, 1, MaxQueryPage)
	if f != nil {
		return x.fail(errInvalidInput)
	}
	limit = min(limit, x.s.options.PageSize)
	from, _ := readToken(x.Query.Get("NextTableName"))
	res := respond(http.StatusOK)
	b := []byte(`{`)
	if x.level() != noMetadata {
		b = append(b, `"odata.metadata":"`+x.s.Endpoint(Table)+`/$metadata#Tables",`...)
	}
	b = append(b, `"value":[`...)
	n := 0
	for _, name := range slices.Sorted(maps.Keys(x.s.tables)) {
		t := x.s.tables[name]
		if name < from || filter != nil && !filter.holds(&row{properties: []property{{"TableName", value{text: t.name}}}}) {
			continue
		}
		if n == limit {
			res.header.Set("x-ms-continuation-NextTableName", writeToken(name))
			break
		}
		if n > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"TableName":"`+t.name+`"}`...)
		n++
	}
	return res.json(x.level(), append(b, "]}"...))
}

// etag returns the ETag of a row.
func (r *row) etag() string {
	return `W/"datetime'` + strings.ReplaceAll(timeOf(r.tick).Format("2006-01-02T15:04:05.0000000Z"), ":", "%3A") + `'"`
}

// appendRow appends a row in JSON; selected nil means all properties.
func (x *exchange) appendRow(b []byte, r *row, selected []string, level metadataLevel, single bool) []byte {
	b = append(b, '{')
	start := len(b)
	endpoint := x.s.Endpoint(Table)
	if level != noMetadata {
		if single {
			b = append(b, `,"odata.metadata":"`+endpoint+`/$metadata#`+x.Resource+`/@Element"`...)
		}
		if level == fullMetadata {
			link := x.Resource + "(PartitionKey='" + escapeKey(r.pk) + "',RowKey='" + escapeKey(r.rk) + "')"
			b = append(b, `,"odata.type":"`+x.s.options.Account+"."+x.Resource+`","odata.id":`...)
			b = appendJSON(b, endpoint+"/"+link)
			b = append(b, `,"odata.editLink":`...)
			b = appendJSON(b, link)
		}
		b = append(b, `,"odata.etag":`...)
		b = appendJSON(b, r.etag())
	}
	wants := func(name string) bool { return selected == nil || slices.Contains(selected, name) }
	if wants("PartitionKey") {
		b = append(b, `,"PartitionKey":`...)
		b = appendJSON(b, r.pk)
	}
	if wants("RowKey") {
		b = append(b, `,"RowKey":`...)
		b = appendJSON(b, r.rk)
	}
	if wants("Timestamp") {
		v := value{typ: edmDateTime, text: edmTime(timeOf(r.tick))}
		if level == fullMetadata {
			b = appendProperty(b, "Timestamp", &v, level)
		} else {
			b = append(b, `,"Timestamp":"`+v.text+`"`...)
		}
	}
	for i := range r.properties {
		if p := &r.properties[i]; wants(p.name) {
			b = appendProperty(b, p.name, &p.value, level)
		}
	}
	if len(b) > start {
		b = slices.Delete(b, start, start+1) // the first comma
	}
	return append(b, '}')
}

func escapeKey(key string) string { return url.PathEscape(strings.ReplaceAll(key, "'", "''")) }

func (x *exchange) top() (int, *Failure) {
	text := x.Query.Get("$top")
	if text == "" {
		return MaxQueryPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > MaxQueryPage {
		return 0, errInvalidInput
	}
	return n, nil
}
