package durablehttp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Headers are those of a request or a response, in order. A name is there once, in any letter case.
//
// They are stored as an object whose members are a text for one value and a list of texts for any other number (ext: HttpHeadersConverter.cs).
type Headers []Header

// Header is one of them.
type Header struct {
	Name   string
	Values []string
}

// HeadersOf puts a map in the order of its names. Names that differ in letter case only become one.
func HeadersOf(h http.Header) Headers {
	var all Headers
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		all.set(name, append(slices.Clone(all.Values(name)), h[name]...))
	}
	return all
}

// HTTP returns the headers as a map, with canonical names.
func (h Headers) HTTP() http.Header {
	all := make(http.Header, len(h))
	for _, e := range h {
		all[http.CanonicalHeaderKey(e.Name)] = slices.Clone(e.Values)
	}
	return all
}

// Values returns those of a header, in any letter case; nil if there is none.
func (h Headers) Values(name string) []string {
	for _, e := range h {
		if strings.EqualFold(e.Name, name) {
			return e.Values
		}
	}
	return nil
}

func (h *Headers) set(name string, values []string) {
	for i := range *h {
		if strings.EqualFold((*h)[i].Name, name) {
			(*h)[i].Values = values
			return
		}
	}
	*h = append(*h, Header{name, values})
}

// MarshalJSON writes the object.
func (h Headers) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range h {
		if i > 0 {
			b.WriteByte(',')
		}
		var value any = e.Values
		switch len(e.Values) {
		case 0:
			value = []string{}
		case 1:
			value = e.Values[0]
		}
		if err := appendJSON(&b, e.Name, ':', value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// appendJSON writes a name and its value as .NET does: no character is escaped for the sake of HTML.
func appendJSON(b *bytes.Buffer, name string, between byte, value any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(name); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line break
	b.WriteByte(between)
	if err := e.Encode(value); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}

// UnmarshalJSON reads the object. Whatever is no object is no headers, as in the reference. Of two members whose names differ in letter case only, the
// last counts.
func (h *Headers) UnmarshalJSON(data []byte) error {
	*h = nil
	d := json.NewDecoder(bytes.NewReader(data))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return err
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name := token.(string) // what stands in an object before a value
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		values, err := headerValues(value)
		if err != nil {
			return fmt.Errorf("header %.80q is neither a text nor a list of texts", name)
		}
		h.set(name, values)
	}
	return nil
}

func headerValues(value json.RawMessage) ([]string, error) {
	if value[0] == '"' {
		var one string
		err := json.Unmarshal(value, &one)
		return []string{one}, err
	}
	var list []string // null is none
	err := json.Unmarshal(value, &list)
	return list, err
}
