package azuretest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// MaxComparisons is how many comparisons a filter may have, from the service's documentation.
const MaxComparisons = 15

const maxFilterDepth = 100 // of parentheses and nots

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

func (e both) holds(r *row) bool     { return e.a.holds(r) && e.b.holds(r) }
func (e either) holds(r *row) bool   { return e.a.holds(r) || e.b.holds(r) }
func (e negation) holds(r *row) bool { return !e.e.holds(r) }

func (e both) span() span {
	a, b := e.a.span(), e.b.span()
	return span{a.partition.and(b.partition), a.row.and(b.row)}
}
func (either) span() span   { return everything() }
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
		return strings.Compare(string(x), string(y)), true
	}
	return compareKeys(a.text, b.text), true
}

func (v *value) float() float64 {
	if v.typ == edmDouble {
		return v.real
	}
	return float64(v.num)
}

// parseFilter reads a $filter: comparisons (eq ne gt ge lt le) of a property with a literal, bare boolean properties, and, or, not, parentheses.
func parseFilter(text string) (expression, error) {
	p := &filterParser{rest: text}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if word := p.peek(); word != "" {
		return nil, fmt.Errorf("syntax error at %q in the filter", word)
	}
	if p.comparisons > MaxComparisons {
		return nil, fmt.Errorf("the filter has %d comparisons, more than %d", p.comparisons, MaxComparisons)
	}
	return e, nil
}

type filterParser struct {
	rest        string
	comparisons int
	depth       int
}

// token returns the first token of the rest and what is behind it: a parenthesis, a word, or a literal with its quotes.
func (p *filterParser) token() (token, rest string) {
	s := strings.TrimLeft(p.rest, " \t\r\n")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '(', ')':
			if i == 0 {
				return s[:1], s[1:]
			}
			return s[:i], s[i:]
		case ' ', '\t', '\r', '\n':
			return s[:i], s[i:]
		case '\'':
			if _, after, ok := quoted(s[i:]); ok {
				return s[:len(s)-len(after)], after
			}
			return s, "" // an unclosed quote is no literal, and the parser says so
		}
	}
	return s, ""
}

func (p *filterParser) peek() string {
	token, _ := p.token()
	return token
}

func (p *filterParser) next() (token string) {
	token, p.rest = p.token()
	return token
}

func (p *filterParser) or() (expression, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, fmt.Errorf("the filter is nested deeper than %d", maxFilterDepth)
	}
	defer func() { p.depth-- }()
	a, err := p.and()
	for err == nil && p.peek() == "or" {
		p.next()
		var b expression
		b, err = p.and()
		a = either{a, b}
	}
	return a, err
}

func (p *filterParser) and() (expression, error) {
	a, err := p.unary()
	for err == nil && p.peek() == "and" {
		p.next()
		var b expression
		b, err = p.unary()
		a = both{a, b}
	}
	return a, err
}

func (p *filterParser) unary() (expression, error) {
	switch p.peek() {
	case "":
		return nil, fmt.Errorf("the filter ends where a comparison should be")
	case "not":
		p.next()
		if p.depth++; p.depth > maxFilterDepth {
			return nil, fmt.Errorf("the filter is nested deeper than %d", maxFilterDepth)
		}
		defer func() { p.depth-- }()
		e, err := p.unary()
		return negation{e}, err
	case "(":
		p.next()
		e, err := p.or()
		if err == nil && p.next() != ")" {
			err = fmt.Errorf("a parenthesis of the filter is not closed")
		}
		return e, err
	}
	return p.compare()
}

// mirrored turns an operator round for a literal that stands on the left.
var mirrored = map[string]string{"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}

func (p *filterParser) compare() (expression, error) {
	p.comparisons++
	left := p.next()
	op := p.peek()
	if mirrored[op] == "" {
		if isIdentifier(left) && (op == "" || op == ")" || op == "and" || op == "or") {
			return comparison{left, "eq", value{typ: edmBoolean, num: 1}}, nil
		}
		return nil, fmt.Errorf("%q in the filter is no operator", op)
	}
	p.next()
	right := p.next()
	if v, ok := literal(right); ok && isIdentifier(left) {
		return comparison{left, op, v}, nil
	}
	if v, ok := literal(left); ok && isIdentifier(right) {
		return comparison{right, mirrored[op], v}, nil
	}
	return nil, fmt.Errorf("%q %s %q in the filter does not compare a property with a literal", left, op, right)
}

// literal reads a literal with its type.
func literal(token string) (value, bool) {
	if token == "true" || token == "false" {
		return valueOf(edmBoolean, token)
	}
	if i := strings.IndexByte(token, '\''); i >= 0 {
		text, rest, ok := quoted(token[i:])
		if !ok || rest != "" {
			return value{}, false
		}
		switch token[:i] {
		case "":
			return value{text: text}, true
		case "datetime":
			return valueOf(edmDateTime, text)
		case "guid":
			return valueOf(edmGUID, text)
		case "X", "binary":
			raw, err := hex.DecodeString(text)
			return value{typ: edmBinary, text: base64.StdEncoding.EncodeToString(raw)}, err == nil
		}
		return value{}, false
	}
	if token == "" || token[0] != '-' && !unicode.IsDigit(rune(token[0])) {
		return value{}, false
	}
	if n, ok := strings.CutSuffix(token, "L"); ok {
		return valueOf(edmInt64, n)
	}
	if strings.ContainsAny(token, ".eE") {
		return valueOf(edmDouble, token)
	}
	if v, ok := valueOf(edmInt32, token); ok {
		return v, true
	}
	return valueOf(edmInt64, token)
}
