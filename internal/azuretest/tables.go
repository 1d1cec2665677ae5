package azuretest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	errTableExists   = &serviceError{http.StatusConflict, "TableAlreadyExists", "The table specified already exists."}
	errTableNotFound = &serviceError{http.StatusNotFound, "TableNotFound", "The table specified does not exist."}
	errTableDying    = &serviceError{http.StatusConflict, "TableBeingDeleted", "The specified table is being deleted. Try operation later."}
)

var tableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

func checkTableName(name string) *serviceError {
	if len(name) < minNameLength || len(name) > maxNameLength {
		return errNameLength
	}
	if !tableName.MatchString(name) || strings.EqualFold(name, "tables") {
		return errInvalidName
	}
	return nil
}

// routeTables finds out what a request wants of the table service.
func (x *exchange) routeTables() *serviceError {
	path, err := url.PathUnescape(x.path)
	if err != nil {
		return errInvalidURI
	}
	method := x.Method
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

func (x *exchange) table() (*table, *serviceError) {
	name := strings.ToLower(x.Resource)
	if t := x.s.tables[name]; t != nil {
		return t, nil
	}
	if x.s.isDying(Table, name, x.now) {
		return nil, errTableDying
	}
	return nil, errTableNotFound
}

func (x *exchange) createTable() *serviceError {
	var body struct {
		TableName string `json:"TableName"`
	}
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
			res.header.Set("X-Ms-Continuation-Nexttablename", writeToken(name))
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
