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
	for i := range len(s) {
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
