package handler

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/azdurable/azdurable/bindings"
)

// template is one of the paths of an HTTP function, as the Functions host compares them: in any letter case, with or without a slash at the end.
type template struct {
	trigger  *bindings.HTTPTrigger
	segments []segment
}

// segment is one part of a path. Lower kinds win over higher ones.
type segment struct {
	kind    int
	literal string
	check   *regexp.Regexp
}

const (
	literalSegment = iota
	checkedSegment
	anySegment
	restSegment
)

// templates are the paths of functions below a prefix, the more particular ones first.
func templates(prefix string, triggers []*bindings.HTTPTrigger) []template {
	var all []template
	for _, t := range triggers {
		for _, path := range t.Paths() {
			all = append(all, template{t, segmentsOf(prefix + path)})
		}
	}
	slices.SortStableFunc(all, func(a, b template) int {
		return slices.CompareFunc(a.segments, b.segments, func(x, y segment) int { return x.kind - y.kind })
	})
	return all
}

// segmentsOf takes a pattern of a router apart.
func segmentsOf(pattern string) []segment {
	var found []segment
	for part := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		inner, isParameter := strings.CutPrefix(part, "{")
		_, check, checked := strings.Cut(strings.TrimSuffix(inner, "}"), ":")
		switch {
		case part == "":
		case part == "*":
			found = append(found, segment{kind: restSegment})
		case isParameter && checked:
			found = append(found, segment{kind: checkedSegment, check: regexp.MustCompile("^(?:" + check + ")$")})
		case isParameter:
			found = append(found, segment{kind: anySegment})
		default:
			found = append(found, segment{kind: literalSegment, literal: part})
		}
	}
	return found
}

// takes reports whether a function is called with a verb.
func (t *template) takes(method string) bool {
	methods := t.trigger.Route().Methods
	return len(methods) == 0 || slices.Contains(methods, method)
}

// canonical spells a path, which is still encoded, as the router knows it. It reports false if the template doesn't fit.
func (t *template) canonical(path string) (string, bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if parts[0] == "" && len(parts) == 1 {
		parts = nil
	}
	var out strings.Builder
	for i, s := range t.segments {
		if s.kind == restSegment { // it may be empty, and keeps a slash at its end
			return out.String() + "/" + strings.Join(parts[min(i, len(parts)):], "/"), true
		}
		if i >= len(parts) || parts[i] == "" {
			return "", false
		}
		text := parts[i]
		if decoded, err := url.PathUnescape(text); err == nil {
			text = decoded
		}
		switch {
		case s.kind == literalSegment && !strings.EqualFold(text, s.literal), s.kind == checkedSegment && !s.check.MatchString(text):
			return "", false
		case s.kind == literalSegment:
			out.WriteString("/" + s.literal)
		default:
			out.WriteString("/" + parts[i])
		}
	}
	if rest := parts[min(len(t.segments), len(parts)):]; len(rest) > 1 || len(rest) == 1 && rest[0] != "" {
		return "", false
	}
	if out.Len() == 0 {
		return "/", true
	}
	return out.String(), true
}
