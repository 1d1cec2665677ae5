package azurestorage

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// tokenPrefix marks the page tokens of this store.
const tokenPrefix = "a1."

// List returns a page of the instances that match.
func (b *Backend) List(ctx context.Context, q backend.Query) (backend.Page, error) {
	page, err := b.list(ctx, q)
	if err != nil {
		return backend.Page{}, fmt.Errorf("list instances: %w", err)
	}
	return page, nil
}

func (b *Backend) list(ctx context.Context, q backend.Query) (backend.Page, error) {
	size := q.PageSize
	switch {
	case size == 0:
		size = backend.DefaultPageSize
	case size < 0 || size > backend.MaxPageSize:
		return backend.Page{}, fmt.Errorf("page size %d is not between 1 and %d", size, backend.MaxPageSize)
	}
	after, err := parseToken(q.Token)
	if err != nil {
		return backend.Page{}, err
	}
	if err := b.alive(ctx); err != nil {
		return backend.Page{}, err
	}
	query := account.Query{Filter: filterOf(q, after)}
	if q.OmitInput {
		query.Select = columnsWithoutInput
	}
	var page backend.Page
	for { // a page of the service may be short, or empty, although more follow
		query.Top = size - len(page.Instances)
		rows, err := b.rows.Query(ctx, query)
		if err != nil {
			return backend.Page{}, err
		}
		if err := b.appendStates(ctx, &page, q, rows); err != nil {
			return backend.Page{}, err
		}
		query.Next = rows.Next
		if query.Next == "" {
			return page, nil
		}
		if n := len(page.Instances); n >= size {
			page.Next = tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(page.Instances[n-1].Instance.ID))
			return page, nil
		}
	}
}

// appendStates adds the states that rows show to a page.
func (b *Backend) appendStates(ctx context.Context, page *backend.Page, q backend.Query, rows account.Page) error {
	states := make([]*backend.InstanceState, len(rows.Rows))
	all := make([]int, len(rows.Rows))
	for n := range all {
		all[n] = n
	}
	err := parallel(all, func(n int) error {
		row, err := wire.DecodeInstanceRow(rows.Rows[n])
		if err != nil {
			return err
		}
		if !strings.HasPrefix(wire.UnescapeKey(row.PartitionKey), q.Prefix) {
			return nil
		}
		states[n], err = b.stateOf(ctx, &row, q.OmitInput)
		if account.NotFound(err) { // purged while we looked
			return nil
		}
		return err
	})
	for _, s := range states {
		if s != nil {
			page.Instances = append(page.Instances, s)
		}
	}
	return err
}

// columnsWithoutInput are the columns of a state but for the input.
var columnsWithoutInput = []string{
	"PartitionKey", "RowKey", "ExecutionId", "Name", "Version", "Output", "CustomStatus", "CreatedTime", "LastUpdatedTime", "CompletedTime", "RuntimeStatus",
	"ScheduledStartTime", "Generation", "Tags", "TagsBlobName", "FailureDetails", "ParentInstance", "Result", "CustomStatusBlobName",
}

// parseToken returns the id behind which a page begins: an instance may come and go between pages.
func parseToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	text, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return "", backend.ErrPageToken
	}
	id, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(id) == 0 || !utf8.Valid(id) {
		return "", backend.ErrPageToken
	}
	return string(id), nil
}

// filterOf makes the filter of a query. (DTFx: OrchestrationInstanceStatusQueryCondition.)
func filterOf(q backend.Query, after string) string {
	conditions := []string{"RowKey eq ''"}
	if after != "" {
		conditions = append(conditions, "PartitionKey gt "+account.Quote(wire.EscapeKey(after)))
	}
	if q.Prefix != "" {
		key := wire.EscapeKey(q.Prefix)
		conditions = append(conditions, "PartitionKey ge "+account.Quote(key))
		if end := behind(key); end != "" {
			conditions = append(conditions, "PartitionKey lt "+account.Quote(end))
		}
	}
	if !q.CreatedFrom.IsZero() {
		from := q.CreatedFrom.UTC().Truncate(history.Resolution)
		if from.Before(q.CreatedFrom) {
			from = from.Add(history.Resolution)
		}
		conditions = append(conditions, "CreatedTime ge "+dateTime(from))
	}
	if !q.CreatedTo.IsZero() {
		conditions = append(conditions, "CreatedTime le "+dateTime(q.CreatedTo))
	}
	if len(q.Statuses) > 0 {
		var either []string
		for _, s := range q.Statuses {
			either = append(either, "RuntimeStatus eq '"+s.String()+"'")
		}
		conditions = append(conditions, strings.Join(either, " or "))
	}
	if len(conditions) == 1 {
		return conditions[0]
	}
	return "(" + strings.Join(conditions, ") and (") + ")"
}

func dateTime(t time.Time) string {
	return "datetime'" + t.UTC().Format("2006-01-02T15:04:05.0000000Z") + "'"
}

// behind returns a text that is behind all with the prefix, in the order of UTF-16; it may be behind some others, too. Empty if there is none.
func behind(prefix string) string {
	for len(prefix) > 0 {
		r, n := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-n]
		const beforeSurrogates = 0xD7FF
		switch {
		case r == utf8.MaxRune || r == 0xFFFF: // the last of its kind: everything longer is in front of the next of the text before
			continue
		case r == beforeSurrogates:
			return prefix + string(rune(0x10000))
		default:
			return prefix + string(r+1)
		}
	}
	return ""
}
