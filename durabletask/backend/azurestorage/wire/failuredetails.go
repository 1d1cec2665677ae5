package wire

import (
	"maps"
	"slices"

	"github.com/azdurable/azdurable/durabletask/history"
)

const classFailure = "DurableTask.Core.FailureDetails"

func setFailure(p *history.FailureDetails, value []byte) error {
	return eachMember(value, func(name string, value []byte) error {
		switch name {
		case "errortype":
			return setValue(&p.ErrorType, value)
		case "errormessage":
			return setValue(&p.ErrorMessage, value)
		case "stacktrace":
			return setValue(&p.StackTrace, value)
		case "innerfailure":
			return setValue(&p.Inner, value)
		case "isnonretriable":
			return setValue(&p.NonRetriable, value)
		case "properties":
			return setProperties(&p.Properties, value)
		}
		return nil
	})
}

// setProperties keeps the values as JSON text: they may be anything.
func setProperties(p *map[string]string, value []byte) error {
	if isNull(value) {
		*p = nil
		return nil
	}
	if !isObject(value) {
		return errNotObject
	}
	properties := make(map[string]string)
	for raw, value := range members(value) {
		if name := memberName(raw); name != typeName {
			properties[name] = string(keep(name, value).Value)
		}
	}
	*p = properties
	return nil
}

// appendFailure goes down the causes first and closes the objects on its way back, for there may be many.
func appendFailure(dst []byte, f *history.FailureDetails, typed bool) []byte {
	var chain []*history.FailureDetails
	for ; f != nil; f = f.Inner {
		chain = append(chain, f)
		dst = beginClass(dst, classFailure, typed)
		dst = appendString(appendName(dst, "ErrorType"), f.ErrorType)
		dst = appendString(appendName(dst, "ErrorMessage"), f.ErrorMessage)
		dst = appendText(dst, "StackTrace", f.StackTrace)
		dst = appendName(dst, "InnerFailure")
	}
	dst = append(dst, "null"...)
	for _, f := range slices.Backward(chain) {
		dst = appendValue(appendName(dst, "IsNonRetriable"), &f.NonRetriable, false, typed)
		dst = appendProperties(appendName(dst, "Properties"), f.Properties)
		dst = append(dst, '}')
	}
	return dst
}

func appendProperties(dst []byte, properties map[string]string) []byte {
	if properties == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		dst = appendJSONText(appendName(dst, name), properties[name])
	}
	return append(dst, '}')
}
