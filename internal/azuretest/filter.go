package azuretest

import (
	"bytes"
	"encoding/base64"
)

// expression is a parsed $filter.
type expression interface {
	holds(r *row) bool
	span() span // which rows can hold at all
}

// span is the part of a table in which a filter can hold.
type span struct{ partition, row interval }

// interval is the keys from least to most, both included.
type interval struct {
	least, most string
	bounded     bool // most counts
	empty       bool
}

func everything() span { return span{} }

// below says whether the interval ends below key.
func (i interval) below(key string) bool { return i.empty || i.bounded && compareKeys(key, i.most) > 0 }

// single returns the only key of the interval, or "".
func (i interval) single() string {
	if i.bounded && i.least == i.most {
		return i.least
	}
	return ""
}

func (i interval) and(o interval) interval {
	i.least = later(i.least, o.least)
	if o.bounded && (!i.bounded || compareKeys(o.most, i.most) < 0) {
		i.most, i.bounded = o.most, true
	}
	i.empty = i.empty || o.empty || i.bounded && compareKeys(i.least, i.most) > 0
	return i
}

type (
	both       struct{ a, b expression }
	either     struct{ a, b expression }
	negation   struct{ e expression }
	comparison struct {
		name, op string
		v        value
	}
)

func (e both) holds(r *row) bool { return e.a.holds(r) && e.b.holds(r) }

func (e either) holds(r *row) bool { return e.a.holds(r) || e.b.holds(r) }

func (e negation) holds(r *row) bool { return !e.e.holds(r) }

func (e both) span() span {
	a, b := e.a.span(), e.b.span()
	return span{a.partition.and(b.partition), a.row.and(b.row)}
}

func (either) span() span { return everything() }

func (negation) span() span { return everything() }

func (e comparison) span() (s span) {
	i := interval{}
	switch e.op {
	case "eq":
		i = interval{least: e.v.text, most: e.v.text, bounded: true}
	case "ge", "gt":
		i.least = e.v.text
	case "le", "lt":
		i.most, i.bounded = e.v.text, true
	}
	switch {
	case e.v.typ != edmString:
	case e.name == "PartitionKey":
		s.partition = i
	case e.name == "RowKey":
		s.row = i
	}
	return s
}

// holds compares; a property that is absent, or whose type the literal does not have, never holds.
func (e comparison) holds(r *row) bool {
	v, ok := r.value(e.name)
	if !ok {
		return false
	}
	c, ok := compareValues(&v, &e.v)
	if !ok {
		return false
	}
	switch e.op {
	case "eq":
		return c == 0
	case "ne":
		return c != 0
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	case "lt":
		return c < 0
	}
	return c <= 0
}

func (r *row) value(name string) (value, bool) {
	switch name {
	case "PartitionKey":
		return value{text: r.pk}, true
	case "RowKey":
		return value{text: r.rk}, true
	case "Timestamp":
		return value{typ: edmDateTime, num: r.tick}, true
	}
	for i := range r.properties {
		if r.properties[i].name == name {
			return r.properties[i].value, true
		}
	}
	return value{}, false
}

func isNumeric(t edm) bool { return t == edmInt32 || t == edmInt64 || t == edmDouble }

func compareValues(a, b *value) (int, bool) {
	switch {
	case a.typ == edmDouble && isNumeric(b.typ), b.typ == edmDouble && isNumeric(a.typ):
		x, y := a.float(), b.float()
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, x == y // not a number compares with nothing
	case isNumeric(a.typ) && isNumeric(b.typ), a.typ == b.typ && (a.typ == edmBoolean || a.typ == edmDateTime):
		switch {
		case a.num < b.num:
			return -1, true
		case a.num > b.num:
			return 1, true
		}
		return 0, true
	case a.typ != b.typ:
		return 0, false
	case a.typ == edmBinary:
		x, _ := base64.StdEncoding.DecodeString(a.text)
		y, _ := base64.StdEncoding.DecodeString(b.text)
		return bytes.Compare(x, y), true
	}
	return compareKeys(a.text, b.text), true
}

func (v *value) float() float64 {
	if v.typ == edmDouble {
		return v.real
	}
	return float64(v.num)
}
