package account

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	tableContent    = "application/json;odata=minimalmetadata"
	kindCreateTable = "create table"
)

// Table is a table of the account.
type Table struct {
	a    *Account
	name string
}

// Key is what a row is found by.
type Key struct{ Partition, Row string }

// Action is what is done to a row.
type Action int

// The actions. Those without a condition don't care whether the row is there; Replace, Merge and Delete need it, and its ETag.
const (
	// Insert adds a row that is not there; otherwise [AlreadyExists].
	Insert Action = iota
	// InsertOrReplace writes the row, whatever was there.
	InsertOrReplace
	// InsertOrMerge writes the columns, and leaves alone others that were there.
	InsertOrMerge
	// Replace writes a row that is there and has the ETag; otherwise [NotFound] or [PreconditionFailed].
	Replace
	// Merge writes columns of a row that is there and has the ETag; otherwise [NotFound] or [PreconditionFailed].
	Merge
	// Delete removes a row that is there and has the ETag; otherwise [NotFound] or [PreconditionFailed].
	Delete
)

// AnyETag is the ETag of every row that is there.
const AnyETag = "*"

// Op is something to do to a row.
type Op struct {
	Action Action
	Key    Key
	// ETag is the condition of Replace, Merge and Delete.
	ETag string
	// Row is a JSON object with a member per column, PartitionKey and RowKey among them; nothing for Delete.
	Row json.RawMessage
}

// Name returns the name of the table.
func (t *Table) Name() string { return t.name }

// Create makes the table and reports whether it did so; false if it was there (or an earlier try, whose answer was lost, made it).
// A table of that name that is being deleted is waited for, up to two minutes. [NoTables] says that the account has none.
func (t *Table) Create(ctx context.Context) (bool, error) {
	r := t.request(kindCreateTable, http.MethodPost, "/Tables", http.StatusNoContent, http.StatusCreated)
	r.repeat = true
	r.body, r.content = []byte(`{"TableName":`+strconv.Quote(t.name)+`}`), tableContent
	r.headers = []header{{"Prefer", "return-no-content"}}
	_, err := t.a.do(ctx, r)
	if AlreadyExists(err) {
		return false, nil
	}
	return err == nil, err
}

// Delete removes the table with all its rows and reports whether it was there.
func (t *Table) Delete(ctx context.Context) (bool, error) {
	r := t.request("delete table", http.MethodDelete, "/Tables("+quoted(t.name)+")", http.StatusNoContent, http.StatusNotFound)
	r.repeat = true
	answer, err := t.a.do(ctx, r)
	return err == nil && answer.status == http.StatusNoContent, err
}

// Get returns a row, as JSON with the member odata.etag, and its ETag. [NotFound] if it, or the table, is not there.
func (t *Table) Get(ctx context.Context, k Key) (row json.RawMessage, etag string, err error) {
	r := t.request("get row", http.MethodGet, t.rowPath(k), http.StatusOK)
	r.repeat = true
	r.read = func(answer *reply) error {
		if !json.Valid(answer.body) {
			return errCutShort
		}
		row, etag = answer.body, answer.header.Get("Etag")
		return nil
	}
	_, err = t.a.do(ctx, r)
	return row, etag, err
}

// Write does something to one row and returns its new ETag. It is not repeated after an ambiguous failure.
func (t *Table) Write(ctx context.Context, op Op) (etag string, err error) {
	p, err := t.part(op)
	if err != nil {
		return "", fmt.Errorf("%s: table %q: %w", op.Action, t.name, err)
	}
	r := t.request(op.Action.String(), p.method, p.path, http.StatusNoContent, http.StatusCreated)
	r.headers, r.body = p.headers, p.body
	if r.body != nil {
		r.content = tableContent
	}
	answer, err := t.a.do(ctx, r)
	if err != nil {
		return "", err
	}
	return answer.header.Get("Etag"), nil
}

// part is a request to a row, alone or in a transaction.
type part struct {
	method, path string
	headers      []header
	body         []byte
}

func (t *Table) part(op Op) (part, error) {
	p := part{path: t.rowPath(op.Key), body: op.Row}
	conditional := false
	switch op.Action {
	case Insert:
		p.method, p.path = http.MethodPost, "/"+t.name
		p.headers = []header{{"Prefer", "return-no-content"}}
	case InsertOrReplace:
		p.method = http.MethodPut
	case InsertOrMerge:
		p.method = http.MethodPatch
	case Replace:
		p.method, conditional = http.MethodPut, true
	case Merge:
		p.method, conditional = http.MethodPatch, true
	case Delete:
		p.method, conditional, p.body = http.MethodDelete, true, nil
	default:
		return p, fmt.Errorf("unknown action %d", op.Action)
	}
	if conditional != (op.ETag != "") {
		return p, fmt.Errorf("row %q %q: %s is the one with the ETag", op.Key.Partition, op.Key.Row, "Replace, Merge or Delete")
	}
	if conditional {
		p.headers = []header{{"If-Match", op.ETag}}
	}
	if op.Action != Delete && len(op.Row) == 0 {
		return p, fmt.Errorf("row %q %q is empty", op.Key.Partition, op.Key.Row)
	}
	return p, nil
}

// String returns what the action is called in errors.
func (a Action) String() string {
	names := [...]string{"insert row", "insert or replace row", "insert or merge row", "replace row", "merge row", "delete row"}
	if a < 0 || int(a) >= len(names) {
		return "action " + strconv.Itoa(int(a))
	}
	return names[a]
}

func (t *Table) rowPath(k Key) string {
	return "/" + t.name + "(PartitionKey=" + quoted(k.Partition) + ",RowKey=" + quoted(k.Row) + ")"
}

// quoted is a text in an address: between single quotes, with those in it doubled, and escaped.
func quoted(s string) string {
	return "'" + url.PathEscape(strings.ReplaceAll(s, "'", "''")) + "'"
}

// Quote returns a text as it stands in a filter: between single quotes, with those in it doubled.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (t *Table) request(kind, method, path string, accept ...int) *request {
	return &request{kind: kind, resource: "table " + strconv.Quote(t.name), service: tableService, method: method, path: path, accept: accept}
}
