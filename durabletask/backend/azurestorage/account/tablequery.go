package account

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// MaxPage is how many rows, blobs or containers a page has at most for tables (blobs: 5,000).
const MaxPage = 1000

// Query says which rows of a table to read. The zero value is the first page of all.
type Query struct {
	// Filter is an OData expression; texts in it go through [Quote]. Empty takes all rows.
	Filter string
	// Select names the columns to return; none means all. PartitionKey and RowKey are only returned if named.
	Select []string
	// Top is how many rows the page has at most; 0 is [MaxPage].
	Top int
	// Next is that of the page before.
	Next string
}

// Page is a page of rows in the order of their keys. There may be none although more pages follow.
type Page struct {
	// Rows are JSON objects, with the member odata.etag.
	Rows []json.RawMessage
	// Next continues the query; empty on the last page. It holds keys of rows.
	Next string
}

const (
	nextPartition = "NextPartitionKey"
	nextRow       = "NextRowKey"
)

var errNext = errors.New("query table: Next was not made by a query: pass on that of the page before, unchanged")

// Query returns a page of rows. [NotFound] if there is no such table.
func (t *Table) Query(ctx context.Context, q Query) (page Page, err error) {
	var o aztables.ListEntitiesOptions
	if q.Filter != "" {
		o.Filter = &q.Filter
	}
	if len(q.Select) > 0 {
		o.Select = new(strings.Join(q.Select, ","))
	}
	if q.Top > 0 {
		o.Top = new(int32(min(q.Top, MaxPage)))
	}
	if q.Next != "" {
		next, err := url.ParseQuery(q.Next)
		if err != nil || !next.Has(nextPartition) {
			return Page{}, errNext
		}
		o.NextPartitionKey = new(next.Get(nextPartition))
		if next.Has(nextRow) {
			o.NextRowKey = new(next.Get(nextRow))
		}
	}
	r := &request{kind: "query rows", repeat: true, call: func(ctx context.Context) error {
		_, err := t.client.NewListEntitiesPager(&o).NextPage(ctx)
		return err
	}}
	r.read = func(answer *reply) error {
		var list struct {
			Value []json.RawMessage `json:"value"`
		}
		if err := json.Unmarshal(answer.body, &list); err != nil {
			return errCutShort
		}
		page = Page{Rows: list.Value, Next: nextOf(answer.header)}
		return nil
	}
	_, err = t.do(ctx, r)
	return page, err
}

// nextOf makes the continuation of what the headers say.
func nextOf(h http.Header) string {
	next := url.Values{}
	for _, name := range []string{nextPartition, nextRow} {
		if values := h.Values("X-Ms-Continuation-" + name); len(values) > 0 {
			next.Set(name, values[0])
		}
	}
	return next.Encode()
}
