package azuretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// MarshalJSON writes a row as {"PartitionKey":"a","RowKey":"b","Name":"text","N":{"Int32":1},"$etag":"…"}.
func (e Entity) MarshalJSON() ([]byte, error) {
	b := append([]byte(nil), `{"PartitionKey":`...)
	b = appendJSON(b, e.PartitionKey)
	b = append(b, `,"RowKey":`...)
	b = appendJSON(b, e.RowKey)
	for _, p := range e.Properties {
		b = append(b, ',')
		b = append(appendJSON(b, p.Name), ':')
		switch typ := strings.TrimPrefix(p.Type, "Edm."); typ {
		case "String":
			b = appendJSON(b, p.Value)
		case "Int32", "Boolean":
			b = append(b, `{"`+typ+`":`+p.Value+`}`...)
		default:
			b = append(b, `{"`+typ+`":`...)
			b = append(appendJSON(b, p.Value), '}')
		}
	}
	if e.ETag != "" {
		b = append(b, `,"$etag":`...)
		b = appendJSON(b, e.ETag)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads a row as MarshalJSON writes it, or with the types in annotations, as OData does.
func (e *Entity) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("read a row: %w", err)
	}
	annotations := map[string]string{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return fmt.Errorf("read a row: %w", err)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("read a row: %w", err)
		}
		typ, text, err := recordedValue(raw)
		if err != nil {
			return err
		}
		name := token.(string) // the keys of an object are strings
		of, annotated := strings.CutSuffix(name, "@odata.type")
		switch {
		case annotated:
			annotations[of] = text
		case name == "PartitionKey":
			e.PartitionKey = text
		case name == "RowKey":
			e.RowKey = text
		case name == "$etag" || name == "odata.etag":
			e.ETag = text
		case name == "Timestamp" || typ == "":
		default:
			e.Properties = append(e.Properties, Property{name, typ, text})
		}
	}
	for i := range e.Properties {
		if typ := annotations[e.Properties[i].Name]; typ != "" {
			e.Properties[i].Type = typ
		}
	}
	return nil
}

// recordedValue reads "text", 1, true, or {"Int32":1}; null has no type.
func recordedValue(raw json.RawMessage) (typ, text string, err error) {
	switch c := raw[0]; {
	case c == '"':
		err = json.Unmarshal(raw, &text)
		return edmNames[edmString], text, err
	case c == 'n':
		return "", "", nil
	case c == 't' || c == 'f':
		return edmNames[edmBoolean], string(raw), nil
	case c != '{' && bytes.ContainsAny(raw, ".eE"):
		return edmNames[edmDouble], string(raw), nil
	case c != '{':
		return edmNames[edmInt32], string(raw), nil
	}
	var typed map[string]json.RawMessage
	if err := json.Unmarshal(raw, &typed); err != nil || len(typed) != 1 {
		return "", "", fmt.Errorf("read a row: %s is no typed value", raw)
	}
	for name, v := range typed {
		typ, text = "Edm."+name, string(v)
		if v[0] == '"' {
			err = json.Unmarshal(v, &text)
		}
	}
	return typ, text, err
}
