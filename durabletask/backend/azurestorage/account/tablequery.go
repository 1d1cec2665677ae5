package account

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
func (t *Table) Query(ctx context.Context, q Query) (Page, error) {
	r := t.request("query rows", http.MethodGet, "/"+t.name+"()", http.StatusOK)
	r.repeat = true
	if q.Filter != "" {
		r.query = and(r.query, "$filter="+escapeQuery(q.Filter))
	}
	if len(q.Select) > 0 {
		r.query = and(r.query, "$select="+escapeQuery(strings.Join(q.Select, ",")))
	}
	if q.Top > 0 {
		r.query = and(r.query, "$top="+strconv.Itoa(min(q.Top, MaxPage)))
	}
	if q.Next != "" {
		next, err := url.ParseQuery(q.Next)
		if err != nil || !next.Has(nextPartition) {
			return Page{}, errNext
		}
		for _, name := range []string{nextPartition, nextRow} {
			if next.Has(name) {
				r.query = and(r.query, name+"="+escapeQuery(next.Get(name)))
			}
		}
	}
	var page Page
	r.read = func(answer *reply) error {
		var list struct{ Value []json.RawMessage }
		if err := json.Unmarshal(answer.body, &list); err != nil {
			return errCutShort
		}
		page = Page{Rows: list.Value, Next: nextOf(answer.header)}
		return nil
	}
	_, err := t.a.do(ctx, r)
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

// escapeQuery is url.QueryEscape, with %20 for a space: not every reader takes a plus for one.
func escapeQuery(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
