package wire

import (
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

const (
	zonelessForm = "2006-01-02T15:04:05.9999999"
	utcForm      = zonelessForm + "Z"
	offsetForm   = zonelessForm + "+00:00"
	// columnForm is how the reference's table client writes times: always with seven digits.
	columnForm = "2006-01-02T15:04:05.0000000Z"
	// zeroForm is .NET's default time, whose zone is not known.
	zeroForm = "0001-01-01T00:00:00"
)

// parseTime reads a time. One without a zone is UTC: the reference loses the zone of times that it has itself computed
// in UTC. Digits beyond 100 ns are cut.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t, err = time.Parse(zonelessForm, text)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time", text)
	}
	t = t.UTC().Truncate(history.Resolution)
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}, fmt.Errorf("%q is out of range", text)
	}
	return t, nil
}

// appendTime adds a time as .NET writes a DateTime.
func appendTime(dst []byte, t time.Time) []byte { return appendTimeAs(dst, t, utcForm) }

// appendOffsetTime adds a time as .NET writes a DateTimeOffset.
func appendOffsetTime(dst []byte, t time.Time) []byte { return appendTimeAs(dst, t, offsetForm) }

func appendTimeAs(dst []byte, t time.Time, form string) []byte {
	dst = append(dst, '"')
	if t.IsZero() {
		dst = append(dst, zeroForm...)
	} else {
		dst = t.UTC().Truncate(history.Resolution).AppendFormat(dst, form)
	}
	return append(dst, '"')
}
