package azuretest

import (
	"encoding/json"
	"strings"
)

type property struct {
	name string
	value
}

// member is a name with its value in a JSON object: a string, json.Number, bool or nil.
type member struct {
	name  string
	token json.Token
}

// parseProperties reads the JSON of an entity. Nulls, the Timestamp and annotations other than types are left out.
func parseProperties(body []byte) ([]property, *serviceError) {
	members, ok := scanMembers(body)
	if !ok {
		if members, ok = decodeMembers(body); !ok {
			return nil, errInvalidInput
		}
	}
	var types map[string]string
	for _, m := range members {
		if of, ok := strings.CutSuffix(m.name, "@odata.type"); ok {
			text, ok := m.token.(string)
			if !ok {
				return nil, errInvalidInput
			}
			if types == nil {
				types = map[string]string{}
			}
			types[of] = text
		}
	}
	properties := make([]property, 0, len(members))
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		if m.name == "Timestamp" || strings.HasPrefix(m.name, "odata.") || strings.HasSuffix(m.name, "@odata.type") {
			continue
		}
		if seen[m.name] {
			return nil, errDuplicateProperty
		}
		seen[m.name] = true
		if m.token == nil {
			continue
		}
		v, f := parseValue(m.token, types[m.name])
		if f != nil {
			return nil, f
		}
		properties = append(properties, property{m.name, v})
	}
	return properties, nil
}

// parseValue gives a JSON value the type that its annotation says, or the one that its form says.
func parseValue(token json.Token, annotation string) (value, *serviceError) {
	text, isText := token.(string)
	number, isNumber := token.(json.Number)
	truth, isBool := token.(bool)
	typ, ok := edmOf(annotation)
	switch {
	case annotation != "" && !ok:
		return value{}, errInvalidInput
	case annotation != "":
	case isText:
		typ = edmString
	case isBool:
		typ = edmBoolean
	case isNumber && strings.ContainsAny(number.String(), ".eE"):
		typ = edmDouble
	case isNumber:
		typ = edmInt32
	default:
		return value{}, errInvalidInput
	}
	if isNumber {
		text = number.String()
	}
	switch {
	case typ == edmBoolean && isBool:
		v := value{typ: typ}
		if truth {
			v.num = 1
		}
		return v, nil
	case typ == edmInt32 && isNumber, typ == edmDouble && (isNumber || isText), isText && typ != edmBoolean && typ != edmInt32:
		if v, ok := valueOf(typ, text); ok {
			return v, nil
		}
	}
	return value{}, errInvalidInput
}
