package bindings

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// parameter matches one {parameter} of a route: rest or not, its name, its constraint, optional or not.
var parameter = regexp.MustCompile(`^\{(\*?)([A-Za-z_]\w*)(?::(\w+))?(\??)\}$`)

// restParameter finds the parameter that takes the rest of a path.
var restParameter = regexp.MustCompile(`\{\*([A-Za-z_]\w*)`)

// constraints are those of Functions routes that a router can check, as regular expressions.
var constraints = map[string]string{
	"":         "",
	"int":      `-?[0-9]+`,
	"long":     `-?[0-9]+`,
	"alpha":    `[A-Za-z]+`,
	"bool":     `(?i:true|false)`,
	"guid":     `[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}`,
	"required": "",
}

// paths turns a route into the patterns of a router: one more for each optional parameter at its end.
func paths(function, pattern string) []string {
	wrong := func(segment, reason string) string {
		return fmt.Sprintf("bindings: the route %q of %q can't be served: %q %s; write it like orchestrators/{name}/{instanceId?}",
			pattern, function, segment, reason)
	}
	for _, reserved := range reservedRoutes {
		if trimmed := strings.Trim(pattern, "/"); len(trimmed) >= len(reserved) && strings.EqualFold(trimmed[:len(reserved)], reserved) {
			panic(wrong(trimmed, "begins with "+reserved+", which the Functions host keeps to itself"))
		}
	}
	if strings.Contains(pattern, "%") {
		panic(wrong("%", "stands for no setting, because the host leaves routes alone"))
	}
	path, optional := "", false
	var found []string
	for segment := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		if !strings.ContainsAny(segment, "{}*") && segment != "" {
			if optional {
				panic(wrong(segment, "stands behind an optional parameter"))
			}
			path += "/" + segment
			continue
		}
		m := parameter.FindStringSubmatch(segment)
		if m == nil {
			panic(wrong(segment, "is neither a word nor a {parameter}"))
		}
		check, known := constraints[m[3]]
		switch {
		case !known:
			panic(wrong(segment, "has a constraint that is not supported (int, long, alpha, bool and guid are)"))
		case optional && m[4] == "":
			panic(wrong(segment, "stands behind an optional parameter"))
		case m[4] != "":
			found, optional = append(found, path), true
		}
		switch {
		case m[1] != "":
			return append(found, path+"/*") // whatever follows is part of it
		case check != "":
			path += "/{" + m[2] + ":" + check + "}"
		default:
			path += "/{" + m[2] + "}"
		}
	}
	return append(found, path)
}

// Param returns a parameter of the route that the request came by, decoded; empty if it is optional and was left out. The
// name of a rest parameter is "*".
func Param(r *http.Request, name string) string {
	value := r.PathValue(name)
	if r.URL.RawPath == "" { // the router went by the decoded path
		return value
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}
