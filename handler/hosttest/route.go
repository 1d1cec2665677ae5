package hosttest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// route is the template of an HTTP function, without the prefix.
type route struct {
	template string
	methods  []string // upper case; none for all
	segments []segment
}

// segment is a part of a template between slashes.
type segment struct {
	literal     string // with parameter empty
	parameter   string
	constraints []string
	optional    bool
	rest        bool // takes in all that follows
	fallback    string
}

func newRoute(f *function) *route {
	trigger := f.trigger()
	r := &route{template: strings.Trim(trigger.property("route"), "/")}
	if r.template == "" {
		r.template = f.name
	}
	if list, ok := lookup(trigger.properties, "methods").([]any); ok {
		for _, m := range list {
			if s, ok := m.(string); ok {
				r.methods = append(r.methods, strings.ToUpper(s))
			}
		}
	}
	for part := range strings.SplitSeq(r.template, "/") {
		r.segments = append(r.segments, newSegment(part))
	}
	return r
}

func newSegment(part string) segment {
	if !strings.HasPrefix(part, "{") || !strings.HasSuffix(part, "}") {
		return segment{literal: part}
	}
	name := part[1 : len(part)-1]
	s := segment{rest: strings.HasPrefix(name, "*")}
	name = strings.TrimLeft(name, "*")
	if before, ok := strings.CutSuffix(name, "?"); ok {
		name, s.optional = before, true
	}
	if before, value, ok := strings.Cut(name, "="); ok {
		name, s.fallback = before, value
	}
	parts := strings.Split(name, ":")
	s.parameter, s.constraints = parts[0], parts[1:]
	return s
}

// allows reports whether the function takes a method.
func (r *route) allows(method string) bool {
	return len(r.methods) == 0 || slices.Contains(r.methods, strings.ToUpper(method))
}

func (r *route) overlaps(other *route) bool {
	return len(r.methods) == 0 || len(other.methods) == 0 || slices.ContainsFunc(r.methods, other.allows)
}

// parameter is a route value; unset is one that the path leaves out.
type parameter struct {
	name, value string
	unset       bool
}

// match finds the route values of a path, given as its parts.
func (r *route) match(parts []string) (values []parameter, ok bool) {
	for i, s := range r.segments {
		switch {
		case s.rest:
			if i >= len(parts) {
				return append(values, parameter{s.parameter, s.fallback, s.fallback == ""}), true
			}
			return append(values, parameter{name: s.parameter, value: strings.Join(parts[i:], "/")}), true
		case i >= len(parts) && s.parameter != "" && (s.optional || s.fallback != ""):
			values = append(values, parameter{s.parameter, s.fallback, s.fallback == ""})
		case i >= len(parts):
			return nil, false
		case s.parameter == "" && !strings.EqualFold(s.literal, parts[i]):
			return nil, false
		case s.parameter != "":
			for _, c := range s.constraints {
				if !fits(parts[i], c) {
					return nil, false
				}
			}
			values = append(values, parameter{name: s.parameter, value: parts[i]})
		}
	}
	return values, len(parts) <= len(r.segments)
}

var guid = regexp.MustCompile(`(?i)^[{(]?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}[)}]?$`)

// fits checks a constraint of a route. Ones that the double does not know let everything through.
func fits(value, constraint string) bool {
	name, argument, _ := strings.Cut(strings.TrimSuffix(constraint, ")"), "(")
	switch strings.ToLower(name) {
	case "int":
		_, err := strconv.ParseInt(value, 10, 32)
		return err == nil
	case "long":
		_, err := strconv.ParseInt(value, 10, 64)
		return err == nil
	case "float", "double", "decimal":
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	case "bool":
		return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	case "guid":
		return guid.MatchString(value)
	case "alpha":
		return !strings.ContainsFunc(value, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
	case "minlength":
		n, _ := strconv.Atoi(argument)
		return len(value) >= n
	case "maxlength":
		n, _ := strconv.Atoi(argument)
		return len(value) <= n
	case "regex":
		re, err := regexp.Compile("(?i)" + argument)
		return err == nil && re.MatchString(value)
	}
	return true
}

// rank orders segments: literals, then constrained parameters, then parameters, then what takes in the rest.
func (s *segment) rank() int {
	switch {
	case s.rest:
		return 4
	case s.parameter == "":
		return 1
	case len(s.constraints) > 0:
		return 2
	}
	return 3
}

// sortRoutes returns the HTTP functions without errors, the most specific templates first.
func sortRoutes(all []*function) []*function {
	var out []*function
	for _, f := range all {
		if f.route != nil && len(f.errors) == 0 {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b *function) int {
		for i := range min(len(a.route.segments), len(b.route.segments)) {
			if d := a.route.segments[i].rank() - b.route.segments[i].rank(); d != 0 {
				return d
			}
		}
		return len(b.route.segments) - len(a.route.segments)
	})
	return out
}

// find returns the function whose route fits a path (decoded, without the prefix) and a method.
func (a *app) find(path, method string) (*function, []parameter) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if parts[0] == "" {
		parts = nil
	}
	if slices.Contains(parts, "") || strings.Contains(path, "//") {
		return nil, nil
	}
	if a.prefix != "" {
		prefix := strings.Split(a.prefix, "/")
		if len(parts) < len(prefix) {
			return nil, nil
		}
		for i, p := range prefix {
			if !strings.EqualFold(p, parts[i]) {
				return nil, nil
			}
		}
		parts = parts[len(prefix):]
	}
	for _, f := range a.routes {
		if values, ok := f.route.match(parts); ok && f.route.allows(method) {
			return f, values
		}
	}
	return nil, nil
}
