package local

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// tokenPrefix marks the page tokens of this store.
const tokenPrefix = "l1."

// List returns a page of the instances that match.
func (b *Backend) List(ctx context.Context, q backend.Query) (backend.Page, error) {
	if err := b.enter(ctx, "list", q.Prefix, q.Token); err != nil {
		return backend.Page{}, err
	}
	size := q.PageSize
	switch {
	case size == 0:
		size = backend.DefaultPageSize
	case size < 0 || size > backend.MaxPageSize:
		return backend.Page{}, fmt.Errorf("list instances: page size %d is not between 1 and %d", size, backend.MaxPageSize)
	}
	var after any
	var err error
	if q.AnyOrder {
		after, err = parseKeyToken(q.Token)
	} else {
		after, err = parseToken(q.Token)
	}
	if err != nil {
		return backend.Page{}, fmt.Errorf("list instances: %w", err)
	}
	l := listing{size: size, byKey: q.AnyOrder, bits: statuses(q), from: math.MinInt64, to: math.MaxInt64}
	if !q.CreatedFrom.IsZero() {
		l.from = ticksUp(q.CreatedFrom)
	}
	if !q.CreatedTo.IsZero() {
		l.to = ticks(q.CreatedTo)
	}
	l.args = []any{after, q.Prefix, behind(q.Prefix), l.bits, l.from, l.to, q.OmitInput, size + 1}
	if err := b.readers.with(ctx, l.read); err != nil {
		return backend.Page{}, fmt.Errorf("list instances: %w", b.explain(err))
	}
	return l.page, nil
}

// listing is one page on its way.
type listing struct {
	size           int
	byKey          bool  // in the order of the file
	key            int64 // of the last row, if so
	bits, from, to int64 // the statuses wanted, and the times of creation
	args           []any // of the statements that have listed in them
	page           backend.Page
}

// read goes by the index that has the fewest rows to look at: that of instances that have not completed, if none other are wanted; that of times, if
// few were created then; else that of ids. Without the first two a page of a few among many instances would read all of them.
func (l *listing) read(c *conn) error {
	if l.byKey {
		return c.query(l.add, listByKey, l.args...)
	}
	if l.bits&(1<<history.Completed) == 0 {
		return c.query(l.add, listUncompleted, l.args...)
	}
	if l.from != math.MinInt64 || l.to != math.MaxInt64 {
		many := false
		err := c.query(func(*sqlite3.Stmt) error { many = true; return nil }, manyCreated, l.from, l.to, fewCreated)
		if err != nil {
			return err
		}
		if !many {
			return l.readCreated(c)
		}
	}
	return c.query(l.add, listStates, l.args...)
}

// fewCreated is how many instances may have been created between two times for it to be quicker to sort their ids than to go through all there are.
const fewCreated = 2_000

// readCreated goes by the times of creation. It sorts ids, not rows, which may be large.
func (l *listing) readCreated(c *conn) error {
	var ids []string
	err := c.query(func(r *sqlite3.Stmt) error { ids = append(ids, r.ColumnText(0)); return nil }, createdBetween, l.args[:6]...)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := c.query(l.add, listOne, append(slices.Clip(l.args), id)...); err != nil {
			return err
		}
		if l.page.Next != "" {
			break
		}
	}
	return nil
}

// add puts one row on the page; one that does not fit any more says where the next page begins.
func (l *listing) add(r *sqlite3.Stmt) error {
	switch {
	case len(l.page.Instances) < l.size:
	case l.byKey:
		l.page.Next = keyTokenPrefix + strconv.FormatInt(l.key, 10)
		return nil
	default:
		l.page.Next = token(l.page.Instances[l.size-1].Instance.ID)
		return nil
	}
	if l.byKey {
		l.key = r.ColumnInt64(keyColumn)
	}
	s, err := scanState(r)
	l.page.Instances = append(l.page.Instances, s)
	return err
}

// keyTokenPrefix marks the page tokens of lists in the order of the file.
const keyTokenPrefix = "k1."

// keyColumn is where listByKey has the key, behind the columns of a state.
const keyColumn = 16

// parseKeyToken returns the key behind which the page begins.
func parseKeyToken(token string) (int64, error) {
	if token == "" {
		return 0, nil
	}
	text, ok := strings.CutPrefix(token, keyTokenPrefix)
	key, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return 0, backend.ErrPageToken
	}
	return key, nil
}

func token(lastID string) string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(lastID))
}

// parseToken returns the id behind which the page begins. All ids are behind the empty one.
func parseToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	text, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return "", backend.ErrPageToken
	}
	id, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(id) == 0 {
		return "", backend.ErrPageToken
	}
	return string(id), nil
}

// behind returns the first text that is behind all with the prefix, as bytes are ordered.
func behind(prefix string) any {
	for n := len(prefix) - 1; n >= 0; n-- {
		if c := prefix[n]; c < math.MaxUint8 {
			return prefix[:n] + string([]byte{c + 1})
		}
	}
	return pastAllText{}
}

// statuses returns the states wanted as bits.
func statuses(q backend.Query) int64 {
	if len(q.Statuses) == 0 {
		return -1
	}
	var bits int64
	for _, s := range q.Statuses {
		bits |= 1 << s
	}
	return bits
}
