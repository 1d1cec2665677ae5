package azuretest

import (
	"slices"
	"strings"
)

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

// etag returns the ETag of a row.
func (r *row) etag() string {
	return `W/"datetime'` + strings.ReplaceAll(timeOf(r.tick).Format("2006-01-02T15:04:05.0000000Z"), ":", "%3A") + `'"`
}
