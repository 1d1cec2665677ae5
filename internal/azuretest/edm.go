package azuretest

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"time"
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
