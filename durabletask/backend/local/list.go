package local

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
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
	s := listStates
	var after any
	var err error
	if q.AnyOrder {
		s = listByKey
		after, err = parseKeyToken(q.Token)
	} else {
		after, err = parseToken(q.Token)
	}
	if err != nil {
		return backend.Page{}, fmt.Errorf("list instances: %w", err)
	}
	var page backend.Page
	err = b.readers.with(ctx, func(c *conn) error {
		from, to := int64(math.MinInt64), int64(math.MaxInt64)
		if !q.CreatedFrom.IsZero() {
			from = ticksUp(q.CreatedFrom)
		}
		if !q.CreatedTo.IsZero() {
			to = ticks(q.CreatedTo)
		}
		var key int64
		return c.query(func(r *sqlite3.Stmt) error {
			switch {
			case len(page.Instances) < size:
			case q.AnyOrder:
				page.Next = keyTokenPrefix + strconv.FormatInt(key, 10)
				return nil
			default:
				page.Next = token(page.Instances[size-1].Instance.ID)
				return nil
			}
			if q.AnyOrder {
				key = r.ColumnInt64(keyColumn)
			}
			s, err := scanState(r)
			page.Instances = append(page.Instances, s)
			return err
		}, s, after, q.Prefix, behind(q.Prefix), statuses(q), from, to, q.OmitInput, size+1)
	})
	if err != nil {
		return backend.Page{}, fmt.Errorf("list instances: %w", b.explain(err))
	}
	return page, nil
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
