package azuretest

import (
	"encoding/base64"
	"strings"
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
	errInvalidInput       = &serviceError{400, "InvalidInput", "One of the request inputs is not valid."}
	errPropertyTooLarge   = &serviceError{400, "PropertyValueTooLarge", "A property's value is larger than 64 KiB; a string counts in UTF-16."}
	errPropertyName       = &serviceError{400, "PropertyNameInvalid", "The property name is invalid."}
	errPropertyNameLength = &serviceError{400, "PropertyNameTooLong", "The property name exceeds the maximum allowed length (255)."}
	errTooManyProperties  = &serviceError{400, "TooManyProperties", "The entity has more than 252 properties of its own."}
	errEntityTooLarge     = &serviceError{400, "EntityTooLarge", "The entity is larger than the maximum allowed size (1MB)."}
	errNeedValue          = &serviceError{400, "PropertiesNeedValue", "The values are not specified for all properties in the entity."}
	errDuplicateProperty  = &serviceError{400, "DuplicatePropertiesSpecified", "A property is specified more than one time."}
	errKeyRange           = &serviceError{400, "OutOfRangeInput", "One of the request inputs is out of range."}
)

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
func checkProperties(pk, rk string, properties []property) *serviceError {
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
			n := base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(p.text, "=")))
			if p.typ == edmString {
				n = bytesPerUnit * utf16Len(p.text)
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
func checkKey(name, key string) *serviceError {
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
