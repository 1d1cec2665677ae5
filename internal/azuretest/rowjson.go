package azuretest

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
)

// metadata is how much OData annotation an answer carries.
type metadataLevel byte

const (
	noMetadata metadataLevel = iota
	minimalMetadata
	fullMetadata
)

// appendProperty appends a property in JSON.
func appendProperty(b []byte, name string, v *value, level metadataLevel) []byte {
	// What the form of a JSON value says needs no annotation.
	annotate := level != noMetadata && (v.typ == edmInt64 || v.typ == edmDateTime || v.typ == edmGUID || v.typ == edmBinary ||
		v.typ == edmDouble && (math.IsNaN(v.real) || math.IsInf(v.real, 0)))
	if annotate {
		b = append(b, ',', '"')
		b = append(b, name...)
		b = append(b, `@odata.type":"`...)
		b = append(b, edmNames[v.typ]...)
		b = append(b, '"')
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	switch v.typ {
	case edmInt32:
		return strconv.AppendInt(b, v.num, 10)
	case edmInt64:
		b = append(b, '"')
		b = strconv.AppendInt(b, v.num, 10)
		return append(b, '"')
	case edmBoolean:
		return strconv.AppendBool(b, v.num != 0)
	case edmDouble:
		return appendDouble(b, v.real)
	default:
		return appendJSON(b, v.text)
	}
}

func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	if !bytes.ContainsAny(b[start:], ".e") {
		b = append(b, '.', '0') // else a reader would take it for an Int32
	}
	return b
}

// appendJSON appends a string in JSON.
func appendJSON(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
		start = i + 1
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// level says how much metadata the client wants.
func (x *exchange) level() metadataLevel {
	return levelOf(x.Header.Get("Accept"), x.Query.Get("$format"))
}

func levelOf(accept, format string) metadataLevel {
	if format != "" {
		accept = format
	}
	switch {
	case strings.Contains(accept, "odata=nometadata"):
		return noMetadata
	case strings.Contains(accept, "odata=fullmetadata"):
		return fullMetadata
	}
	return minimalMetadata
}

var contentTypes = [...]string{"nometadata", "minimalmetadata", "fullmetadata"}

func (r *response) json(level metadataLevel, body []byte) *response {
	r.header["Content-Type"] = []string{"application/json;odata=" + contentTypes[level] + ";streaming=true;charset=utf-8"}
	r.header["Cache-Control"] = []string{"no-cache"}
	r.header["X-Content-Type-Options"] = []string{"nosniff"}
	r.body = body
	return r
}

// appendRow appends a row in JSON; selected nil means all properties.
func (x *exchange) appendRow(b []byte, r *row, selected []string, level metadataLevel, single bool) []byte {
	b = append(b, '{')
	start := len(b)
	endpoint := x.s.Endpoint(Table)
	if level != noMetadata {
		if single {
			b = append(b, `,"odata.metadata":"`+endpoint+`/$metadata#`+x.Resource+`/@Element"`...)
		}
		if level == fullMetadata {
			link := x.Resource + "(PartitionKey='" + escapeKey(r.pk) + "',RowKey='" + escapeKey(r.rk) + "')"
			b = append(b, `,"odata.type":"`+x.s.options.Account+"."+x.Resource+`","odata.id":`...)
			b = appendJSON(b, endpoint+"/"+link)
			b = append(b, `,"odata.editLink":`...)
			b = appendJSON(b, link)
		}
		b = append(b, `,"odata.etag":`...)
		b = appendJSON(b, r.etag())
	}
	wants := func(name string) bool { return selected == nil || slices.Contains(selected, name) }
	if wants("PartitionKey") {
		b = append(b, `,"PartitionKey":`...)
		b = appendJSON(b, r.pk)
	}
	if wants("RowKey") {
		b = append(b, `,"RowKey":`...)
		b = appendJSON(b, r.rk)
	}
	if wants("Timestamp") {
		v := value{typ: edmDateTime, text: edmTime(timeOf(r.tick))}
		if level == fullMetadata {
			b = appendProperty(b, "Timestamp", &v, level)
		} else {
			b = append(b, `,"Timestamp":"`+v.text+`"`...)
		}
	}
	for i := range r.properties {
		if p := &r.properties[i]; wants(p.name) {
			b = appendProperty(b, p.name, &p.value, level)
		}
	}
	if len(b) > start {
		b = slices.Delete(b, start, start+1) // the first comma
	}
	return append(b, '}')
}
