package wire

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

const (
	classInstance = "DurableTask.Core.OrchestrationInstance"
	classParent   = "DurableTask.Core.ParentInstance"
	classTrace    = "DurableTask.Core.Tracing.DistributedTraceContext"
	typeName      = "$type"
)

// isClass reports whether ref points to something that is an object in messages and JSON text in columns.
func isClass(ref any) bool {
	switch ref.(type) {
	case *history.Instance, **history.ParentInstance, **history.TraceContext, **history.FailureDetails, *map[string]string, jsonText:
		return true
	}
	return false
}

func setClass(ref any, value []byte) error {
	if !isObject(value) {
		return errNotObject
	}
	switch p := ref.(type) {
	case *history.Instance:
		return setInstance(p, value)
	case **history.ParentInstance:
		*p = new(history.ParentInstance)
		return setParent(*p, value)
	case **history.TraceContext:
		*p = new(history.TraceContext)
		return setTrace(*p, value)
	case **history.FailureDetails:
		*p = new(history.FailureDetails)
		return setFailure(*p, value)
	case *map[string]string:
		return setTags(p, value)
	default:
		panic(fmt.Sprintf("wire: no way to read a %T", ref))
	}
}

func setClassNull(ref any) {
	switch p := ref.(type) {
	case *history.Instance:
		*p = history.Instance{}
	case **history.ParentInstance:
		*p = nil
	case **history.TraceContext:
		*p = nil
	case **history.FailureDetails:
		*p = nil
	case *map[string]string:
		*p = nil
	}
}

func appendClass(dst []byte, ref any, typed bool) []byte {
	switch p := ref.(type) {
	case *history.Instance:
		return appendInstance(dst, *p, typed)
	case **history.ParentInstance:
		return appendParent(dst, *p, typed)
	case **history.TraceContext:
		return appendTrace(dst, *p, typed)
	case **history.FailureDetails:
		return appendFailure(dst, *p, typed)
	case *map[string]string:
		return appendTags(dst, *p)
	default:
		panic(fmt.Sprintf("wire: no way to write a %T", ref))
	}
}

// eachMember calls set for each member of an object, with its name as .NET matches it (in any case), and says which
// member an error is about.
func eachMember(object []byte, set func(name string, value []byte) error) error {
	for raw, value := range members(object) {
		name := memberName(raw)
		if err := set(strings.ToLower(name), value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// beginClass opens an object and says what it is.
func beginClass(dst []byte, class string, typed bool) []byte {
	dst = append(dst, '{')
	if typed {
		dst = appendName(dst, typeName)
		dst = appendString(dst, class)
	}
	return dst
}

// appendText writes a member whose empty value is null.
func appendText(dst []byte, name, text string) []byte {
	return appendValue(appendName(dst, name), &text, true, false)
}

func setInstance(p *history.Instance, value []byte) error {
	*p = history.Instance{}
	return eachMember(value, func(name string, value []byte) error {
		switch name {
		case "instanceid":
			return setValue(&p.ID, value)
		case "executionid":
			return setValue(&p.ExecutionID, value)
		}
		return nil
	})
}

func appendInstance(dst []byte, i history.Instance, typed bool) []byte {
	dst = beginClass(dst, classInstance, typed)
	dst = appendString(appendName(dst, "InstanceId"), i.ID)
	dst = appendText(dst, "ExecutionId", i.ExecutionID)
	return append(dst, '}')
}

func setParent(p *history.ParentInstance, value []byte) error {
	return eachMember(value, func(name string, value []byte) error {
		switch name {
		case "name":
			return setValue(&p.Name, value)
		case "orchestrationinstance":
			return setValue(&p.Instance, value)
		case "taskscheduleid":
			return setValue(&p.TaskID, value)
		case "version":
			return setValue(&p.Version, value)
		}
		return nil
	})
}

func appendParent(dst []byte, p *history.ParentInstance, typed bool) []byte {
	dst = beginClass(dst, classParent, typed)
	dst = appendString(appendName(dst, "Name"), p.Name)
	dst = appendInstance(appendName(dst, "OrchestrationInstance"), p.Instance, typed)
	dst = appendInt(appendName(dst, "TaskScheduleId"), p.TaskID)
	dst = appendValue(appendName(dst, "Version"), &p.Version, true, typed)
	return append(dst, '}')
}

func setTrace(p *history.TraceContext, value []byte) error {
	return eachMember(value, func(name string, value []byte) error {
		switch name {
		case "traceparent":
			return setValue(&p.TraceParent, value)
		case "tracestate":
			return setValue(&p.TraceState, value)
		case "id":
			return setValue(&p.ID, value)
		case "spanid":
			return setValue(&p.SpanID, value)
		case "activitystarttime":
			return setValue(&p.ActivityStartTime, value)
		}
		return nil
	})
}

func appendTrace(dst []byte, p *history.TraceContext, typed bool) []byte {
	dst = beginClass(dst, classTrace, typed)
	dst = appendText(dst, "TraceParent", p.TraceParent)
	dst = appendText(dst, "TraceState", p.TraceState)
	dst = appendText(dst, "Id", p.ID)
	dst = appendText(dst, "SpanId", p.SpanID)
	dst = appendOptionalOffset(appendName(dst, "ActivityStartTime"), p.ActivityStartTime)
	return append(dst, '}')
}

func appendOptionalOffset(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	return appendOffsetTime(dst, t)
}

// setTags drops $type, which says what kind of dictionary it was and would otherwise show up as a tag.
func setTags(p *map[string]string, value []byte) error {
	tags := make(map[string]string)
	for raw, value := range members(value) {
		name := memberName(raw)
		if name == typeName {
			continue
		}
		var text string
		if err := setValue(&text, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		tags[name] = text
	}
	*p = tags
	return nil
}

// appendTags writes tags in the order of their names. Differs from DTFx: no $type, because the .NET name of a dictionary
// names the assembly of the sender's runtime, and every .NET reader does without.
func appendTags(dst []byte, tags map[string]string) []byte {
	dst = append(dst, '{')
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		dst = appendString(appendName(dst, name), tags[name])
	}
	return append(dst, '}')
}
