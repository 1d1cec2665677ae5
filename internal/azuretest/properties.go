package azuretest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of entities, from the service's documentation.
const (
	MaxEntityBytes   = 1 << 20
	MaxProperties    = 255 // with PartitionKey, RowKey and Timestamp
	MaxPropertyName  = 255
	MaxPropertyBytes = 64 << 10 // of a string in UTF-16, or of a binary
	MaxKeyBytes      = 1 << 10  // of a key in UTF-16

	systemProperties = 3
)

var (
	errInvalidInput       = &Failure{400, "InvalidInput", "One of the request inputs is not valid."}
	errPropertyTooLarge   = &Failure{400, "PropertyValueTooLarge", "The property value exceeds the maximum allowed size (64KB). If the property value is a string, it is UTF-16 encoded and the maximum number of characters should be 32K or less."}
	errPropertyName       = &Failure{400, "PropertyNameInvalid", "The property name is invalid."}
	errPropertyNameLength = &Failure{400, "PropertyNameTooLong", "The property name exceeds the maximum allowed length (255)."}
	errTooManyProperties  = &Failure{400, "TooManyProperties", "The entity contains more properties than allowed. Each entity can include up to 252 properties to store data. Each entity also has 3 system properties."}
	errEntityTooLarge     = &Failure{400, "EntityTooLarge", "The entity is larger than the maximum allowed size (1MB)."}
	errNeedValue          = &Failure{400, "PropertiesNeedValue", "The values are not specified for all properties in the entity."}
	errDuplicateProperty  = &Failure{400, "DuplicatePropertiesSpecified", "A property is specified more than one time."}
	errKeyRange           = &Failure{400, "OutOfRangeInput", "One of the request inputs is out of range."}
)

// edm is the type of a property.
type edm byte

const (
	edmString edm = iota
	edmInt32
	edmInt64
	edmDouble
	edmBoolean
	edmDateTime
	edmGUID
	edmBinary
)

var edmNames = [...]string{"Edm.String", "Edm.Int32", "Edm.Int64", "Edm.Double", "Edm.Boolean", "Edm.DateTime", "Edm.Guid", "Edm.Binary"}

func edmOf(name string) (edm, bool) {
	for i, n := range edmNames {
		if n == name {
			return edm(i), true
		}
	}
	return 0, false
}

// value is a typed value, of a property or in a filter.
type value struct {
	typ  edm
	text string  // of a String, Guid (lower case), Binary (base64) or DateTime (as it is written)
	num  int64   // of an Int32, Int64, Boolean (0 or 1), or the ticks of a DateTime
	real float64 // of a Double
}

type property struct {
	name string
	value
}

// parseProperties reads the JSON of an entity. Nulls, the Timestamp and annotations other than types are left out.
func parseProperties(body []byte) ([]property, *Failure) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errInvalidInput
	}
	type member struct {
		name  string
		token json.Token
	}
	members := make([]member, 0, 16)
	var types map[string]string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errInvalidInput
		}
		token, err := d.Token()
		if err != nil {
			return nil, errInvalidInput
		}
		key := name.(string)
		if of, ok := strings.CutSuffix(key, "@odata.type"); ok {
			text, ok := token.(string)
			if !ok {
				return nil, errInvalidInput
			}
			if types == nil {
				types = map[string]string{}
			}
			types[of] = text
			continue
		}
		if key == "Timestamp" || strings.HasPrefix(key, "odata.") {
			if _, nested := token.(json.Delim); nested {
				return nil, errInvalidInput
			}
			continue
		}
		members = append(members, member{key, token})
	}
	if _, err := d.Token(); err != nil {
		return nil, errInvalidInput
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errInvalidInput
	}
	properties := make([]property, 0, len(members))
	seen := make(map[string]bool, len(members))
	for _, m := range members {
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
func parseValue(token json.Token, annotation string) (value, *Failure) {
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

var guidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// valueOf reads a value from its text. Dates before 1601 don't exist for the service.
func valueOf(typ edm, text string) (v value, ok bool) {
	v = value{typ: typ, text: text}
	var err error
	switch typ {
	case edmString:
		return v, true
	case edmInt32:
		v.text = ""
		v.num, err = strconv.ParseInt(text, 10, 32)
	case edmInt64:
		v.text = ""
		v.num, err = strconv.ParseInt(text, 10, 64)
	case edmDouble:
		v.text = ""
		v.real, err = strconv.ParseFloat(text, 64)
	case edmBoolean:
		v.text = ""
		if text == "true" {
			v.num = 1
		}
		return v, text == "true" || text == "false"
	case edmDateTime:
		t, ok := parseEdmTime(text)
		if !ok {
			return v, false
		}
		v.num, v.text = ticksOf(t), edmTime(t)
		return v, true
	case edmGUID:
		v.text = strings.ToLower(text)
		return v, guidForm.MatchString(text)
	case edmBinary:
		_, err = base64.StdEncoding.DecodeString(text)
	}
	return v, err == nil
}

// firstDate is the earliest date that the service stores.
var firstDate = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)

func parseEdmTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), !t.Before(firstDate) && t.UTC().Year() <= 9999
		}
	}
	return time.Time{}, false
}

// edmTime writes a date as the service does: UTC, with up to seven digits of the second.
func edmTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }

// utf16Len is the length of a string in UTF-16 code units.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n
}

const bytesPerUnit = 2 // of UTF-16

// checkProperties checks an entity's limits: names, values, number, size. The sizes are those of the service's documentation.
func checkProperties(pk, rk string, properties []property) *Failure {
	if len(properties)+systemProperties > MaxProperties {
		return errTooManyProperties
	}
	const perEntity, perProperty, perText = 4, 8, 4
	size := perEntity + bytesPerUnit*(utf16Len(pk)+utf16Len(rk))
	for i := range properties {
		p := &properties[i]
		if utf16Len(p.name) > MaxPropertyName {
			return errPropertyNameLength
		}
		if !isIdentifier(p.name) {
			return errPropertyName
		}
		size += perProperty + bytesPerUnit*utf16Len(p.name)
		switch p.typ {
		case edmString, edmBinary:
			n := base64.StdEncoding.DecodedLen(len(p.text))
			if p.typ == edmString {
				n = bytesPerUnit * utf16Len(p.text)
			} else if strings.HasSuffix(p.text, "==") {
				n -= 2
			} else if strings.HasSuffix(p.text, "=") {
				n--
			}
			if n > MaxPropertyBytes {
				return errPropertyTooLarge
			}
			size += n + perText
		case edmGUID:
			size += 16
		case edmBoolean:
			size++
		case edmInt32:
			size += 4
		default:
			size += 8
		}
	}
	if size > MaxEntityBytes {
		return errEntityTooLarge
	}
	return nil
}

// isIdentifier says whether the service takes a property's name: it must be one that C# would take.
func isIdentifier(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)) {
			return false
		}
	}
	return name != ""
}

// checkKey checks a PartitionKey or RowKey.
func checkKey(name, key string) *Failure {
	for _, r := range key {
		if r == '/' || r == '\\' || r == '#' || r == '?' || r < 0x20 || r >= 0x7F && r <= 0x9F || r == utf8.RuneError {
			return errKeyRange.with("The '%s' parameter of value %q is out of range.", name, key)
		}
	}
	if bytesPerUnit*utf16Len(key) > MaxKeyBytes {
		return errPropertyTooLarge.with("The value of %s exceeds the maximum allowed size (1KB).", name)
	}
	return nil
}

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
	for i := 0; i < len(s); i++ {
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
