package wire

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// jsonText refers to a string that holds JSON of a class this package does not look into.
type jsonText struct{ p **string }

// setValue reads a JSON value into what ref points to.
func setValue(ref any, value []byte) error {
	if isNull(value) {
		setNull(ref)
		return nil
	}
	switch p := ref.(type) {
	case *string:
		return setText(p, value)
	case **string:
		*p = new(string)
		return setText(*p, value)
	case *int:
		return setInt(p, value)
	case **int:
		*p = new(int)
		return setInt(*p, value)
	case *bool:
		return setBool(p, value)
	case *time.Time:
		return setTime(p, value)
	case *history.Status:
		return setStatus(p, value)
	case history.Status: // constant
		return nil
	case jsonText:
		text := string(keep("", value).Value)
		*p.p = &text
		return nil
	default:
		return setClass(ref, value)
	}
}

func setNull(ref any) {
	switch p := ref.(type) {
	case *string:
		*p = ""
	case **string:
		*p = nil
	case *int:
		*p = 0
	case **int:
		*p = nil
	case *bool:
		*p = false
	case *time.Time:
		*p = time.Time{}
	case *history.Status:
		*p = 0
	case jsonText:
		*p.p = nil
	default:
		setClassNull(ref)
	}
}

func setText(p *string, value []byte) (err error) {
	*p, err = unquote(value)
	return err
}

func setInt(p *int, value []byte) error {
	n, err := strconv.ParseInt(string(value), 10, 32)
	if err != nil {
		return fmt.Errorf("%.40s is not a 32-bit number", value)
	}
	*p = int(n)
	return nil
}

func setLong(p *int64, value []byte) error {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return fmt.Errorf("%.40s is not a 64-bit number", value)
	}
	*p = n
	return nil
}

func setBool(p *bool, value []byte) error {
	switch string(value) {
	case "true":
		*p = true
	case "false":
		*p = false
	default:
		return fmt.Errorf("%.40s is not true or false", value)
	}
	return nil
}

func setTime(p *time.Time, value []byte) error {
	text, err := unquote(value)
	if err != nil {
		return err
	}
	*p, err = parseTime(text)
	return err
}

// setStatus takes numbers, which stand in messages, and names, which stand in columns.
func setStatus(p *history.Status, value []byte) error {
	if value[0] != '"' {
		var n int
		if err := setInt(&n, value); err != nil {
			return err
		}
		*p = history.Status(n)
		return nil
	}
	name, err := unquote(value)
	if err != nil {
		return err
	}
	s, ok := history.ParseStatus(name)
	if !ok {
		return fmt.Errorf("status %q is not known", name)
	}
	*p = s
	return nil
}

// appendValue writes what ref points to as a JSON value. An optional value is null when it is empty. typed says whether
// objects of classes say what they are.
func appendValue(dst []byte, ref any, optional, typed bool) []byte {
	if absent(ref, optional) {
		return append(dst, "null"...)
	}
	switch p := ref.(type) {
	case *string:
		return appendString(dst, *p)
	case **string:
		return appendString(dst, **p)
	case *int:
		return appendInt(dst, *p)
	case **int:
		return appendInt(dst, **p)
	case *bool:
		return strconv.AppendBool(dst, *p)
	case *time.Time:
		return appendTime(dst, *p)
	case *history.Status:
		return strconv.AppendInt(dst, int64(*p), 10)
	case history.Status:
		return strconv.AppendInt(dst, int64(p), 10)
	case jsonText:
		return appendJSONText(dst, **p.p)
	default:
		return appendClass(dst, ref, typed)
	}
}

// appendPresent adds a member unless its value is empty.
func appendPresent(dst []byte, name string, ref any) []byte {
	if absent(ref, true) {
		return dst
	}
	return appendValue(appendName(dst, name), ref, true, false)
}

// appendInt writes a number of 32 bits; what does not fit is cut to fit rather than written so that no reader takes it.
func appendInt(dst []byte, n int) []byte {
	return strconv.AppendInt(dst, int64(min(max(n, math.MinInt32), math.MaxInt32)), 10)
}

// absent reports whether the value that ref points to is null on the wire.
func absent(ref any, optional bool) bool {
	switch p := ref.(type) {
	case *string:
		return optional && *p == ""
	case **string:
		return *p == nil
	case *int:
		return optional && *p == 0
	case **int:
		return *p == nil
	case *bool:
		return optional && !*p
	case *time.Time:
		return optional && p.IsZero()
	case jsonText:
		return *p.p == nil
	case **history.ParentInstance:
		return *p == nil
	case **history.TraceContext:
		return *p == nil
	case **history.FailureDetails:
		return *p == nil
	case *map[string]string:
		return *p == nil
	default:
		return false
	}
}
