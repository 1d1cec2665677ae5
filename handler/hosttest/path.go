package hosttest

import (
	"errors"
	"strings"
)

var errPath = errors.New("the web server of the host refuses this path")

// decodePath decodes the path of a request as the host's web server does: %2F stays, what is no escape stays, dots are resolved. It refuses bytes that
// are not ASCII, and %00.
func decodePath(raw string) (string, error) {
	if !strings.HasPrefix(raw, "/") {
		return "", errPath
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c >= 0x80:
			return "", errPath
		case c == '%' && i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2]):
			d := unhex(raw[i+1])<<4 | unhex(raw[i+2])
			switch d {
			case 0:
				return "", errPath
			case '/':
				b.WriteString(raw[i : i+3])
			default:
				b.WriteByte(d)
			}
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return resolveDots(b.String()), nil
}

// resolveDots removes . and .. from a path.
func resolveDots(path string) string {
	var out []string
	parts := strings.Split(path, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		switch {
		case part == "." && last:
			out = append(out, "")
		case part == ".":
		case part == ".." && len(out) > 1:
			out = out[:len(out)-1]
			if last {
				out = append(out, "")
			}
		case part == "..":
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, part)
		}
	}
	return strings.Join(out, "/")
}

// encodePath is a decoded path as the host writes it in a URL.
func encodePath(path string) string {
	const keep = "-._~!$&'()*+,;=:@/"
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]):
			b.WriteString(strings.ToUpper(path[i : i+3]))
			i += 2
		case isAlphanumeric(c) || strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			writeEscape(&b, c)
		}
	}
	return b.String()
}

// forwardedPath is the path under which the program sees a forwarded request: a ? or # that was escaped ends it, and \ has become /.
func forwardedPath(decoded string) string {
	if i := strings.IndexAny(decoded, "?#"); i >= 0 {
		decoded = decoded[:i]
	}
	return encodePath(resolveDots(strings.ReplaceAll(decoded, `\`, "/")))
}

// parameterOf is a part of a query.
type queryPart struct{ name, value string }

// parseQuery reads a query as the host does; a name without = has an empty value.
func parseQuery(raw string) []queryPart {
	var out []queryPart
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		out = append(out, queryPart{decodeQuery(name), decodeQuery(value)})
	}
	return out
}

func decodeQuery(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b.WriteByte(' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return validUTF8([]byte(b.String()))
}

// queryGroups puts the values of a name together, at the place of the first.
func queryGroups(parts []queryPart) []group {
	h := make(header, 0, len(parts))
	for _, p := range parts {
		h.add(p.name, p.value)
	}
	return h.groups()
}

// forwardedQuery is the query that the program sees: values of one name are joined.
func forwardedQuery(raw string) string {
	var out []string
	for _, g := range queryGroups(parseQuery(raw)) {
		out = append(out, encodeQuery(g.name)+"="+encodeQuery(strings.Join(g.values, ",")))
	}
	if len(out) == 0 {
		return ""
	}
	return "?" + strings.Join(out, "&")
}

func encodeQuery(s string) string {
	const keep = "-._~!$()*,;@"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlphanumeric(c) || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			writeEscape(&b, c)
		}
	}
	return b.String()
}

func writeEscape(b *strings.Builder, c byte) {
	const hex = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(hex[c>>4])
	b.WriteByte(hex[c&15])
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
