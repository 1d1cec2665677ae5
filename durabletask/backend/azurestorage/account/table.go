package account

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

const (
	tableContent    = "application/json;odata=minimalmetadata"
	kindCreateTable = "create table"
)

// Table is a table of the account.
type Table struct {
	a      *Account
	name   string
	client *aztables.Client
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
	_, err := t.do(ctx, &request{kind: kindCreateTable, repeat: true, noContent: true, call: func(ctx context.Context) error {
		_, err := t.client.CreateTable(ctx, nil)
		return err
	}})
	if AlreadyExists(err) {
		return false, nil
	}
	return err == nil, err
}

// Delete removes the table with all its rows and reports whether it was there.
func (t *Table) Delete(ctx context.Context) (bool, error) {
	_, err := t.do(ctx, &request{kind: "delete table", repeat: true, call: func(ctx context.Context) error {
		_, err := t.client.Delete(ctx, nil)
		return err
	}})
	return wasThere(err)
}

// Get returns a row, as JSON with the member odata.etag, and its ETag. [NotFound] if it, or the table, is not there.
func (t *Table) Get(ctx context.Context, k Key) (row json.RawMessage, etag string, err error) {
	if k.sdkRefuses() {
		return t.find(ctx, k)
	}
	r := &request{kind: "get row", repeat: true, call: func(ctx context.Context) error {
		_, err := t.client.GetEntity(ctx, k.Partition, k.Row, nil)
		return err
	}}
	r.read = func(answer *reply) error {
		if !json.Valid(answer.body) {
			return errCutShort
		}
		row, etag = answer.body, answer.header.Get("ETag")
		return nil
	}
	_, err = t.do(ctx, r)
	return row, etag, err
}

// Write does something to one row and returns its new ETag. It is not repeated after an ambiguous failure.
func (t *Table) Write(ctx context.Context, op Op) (etag string, err error) {
	if op.Key.sdkRefuses() {
		etags, err := t.Submit(ctx, []Op{op})
		if err != nil {
			return "", err
		}
		return etags[0], nil
	}
	p, err := t.part(op)
	if err != nil {
		return "", fmt.Errorf("%s: table %q: %w", op.Action, t.name, err)
	}
	r := &request{kind: op.Action.String(), noContent: op.Action == Insert, call: func(ctx context.Context) error { return t.write(ctx, op) }}
	if op.Action != Delete {
		r.own = &ownBody{p.body, tableContent}
	}
	answer, err := t.do(ctx, r)
	if err != nil {
		return "", err
	}
	return answer.header.Get("ETag"), nil
}

// write has the SDK write a row that is only a key.
func (t *Table) write(ctx context.Context, op Op) (err error) {
	key, ifMatch := op.Key.alone(), azcore.ETag(op.ETag)
	mode := aztables.UpdateModeReplace
	if op.Action == Merge || op.Action == InsertOrMerge {
		mode = aztables.UpdateModeMerge
	}
	switch op.Action {
	case Insert:
		_, err = t.client.AddEntity(ctx, key, nil)
	case InsertOrReplace, InsertOrMerge:
		_, err = t.client.UpsertEntity(ctx, key, &aztables.UpsertEntityOptions{UpdateMode: mode})
	case Replace, Merge:
		_, err = t.client.UpdateEntity(ctx, key, &aztables.UpdateEntityOptions{IfMatch: &ifMatch, UpdateMode: mode})
	case Delete:
		_, err = t.client.DeleteEntity(ctx, op.Key.Partition, op.Key.Row, &aztables.DeleteEntityOptions{IfMatch: &ifMatch})
	}
	return err
}

// sdkRefuses reports whether the partition key is empty. The service takes such keys, and the rows of partitions have them; the SDK's calls for one row
// do not.
func (k Key) sdkRefuses() bool { return k.Partition == "" }

// find is Get by a query.
func (t *Table) find(ctx context.Context, k Key) (json.RawMessage, string, error) {
	page, err := t.Query(ctx, Query{Filter: "PartitionKey eq " + Quote(k.Partition) + " and RowKey eq " + Quote(k.Row)})
	if err != nil {
		return nil, "", err
	}
	if len(page.Rows) == 0 {
		return nil, "", &Error{Kind: "get row", Resource: "table " + strconv.Quote(t.name), Status: http.StatusNotFound, Code: "ResourceNotFound", Row: -1}
	}
	var tag struct {
		ETag string `json:"odata.etag"`
	}
	if err := json.Unmarshal(page.Rows[0], &tag); err != nil {
		return nil, "", fmt.Errorf("read row %q %q of table %q: %w", k.Partition, k.Row, t.name, err)
	}
	return page.Rows[0], tag.ETag, nil
}

// alone is a row that has nothing but its key.
func (k Key) alone() []byte {
	row, err := json.Marshal(map[string]string{"PartitionKey": k.Partition, "RowKey": k.Row})
	if err != nil {
		panic("account: two strings are no JSON: " + err.Error())
	}
	return row
}

// part is a request to a row, alone or in a transaction.
type part struct {
	method, path string
	headers      []header
	body         []byte
}

type header struct{ name, value string }

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

func (t *Table) do(ctx context.Context, r *request) (*reply, error) {
	r.service, r.resource = tableService, "table "+strconv.Quote(t.name)
	return t.a.do(ctx, r)
}
