package extension

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// query is a query string by the rules of the reference: names in any letter case, values that don't parse are ignored, a name
// given several times has one value, joined by commas.
type query map[string][]string

func parseQuery(raw string) query {
	q := make(query)
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name = strings.ToLower(formDecode(strings.TrimSpace(name)))
		if name != "" {
			q[name] = append(q[name], formDecode(strings.TrimSpace(value)))
		}
	}
	return q
}

// text returns a value, and whether it was given.
func (q query) text(name string) (string, bool) {
	values, ok := q[strings.ToLower(name)]
	return strings.Join(values, ","), ok
}

func (q query) trimmed(name string) string {
	value, _ := q.text(name)
	return strings.TrimSpace(value)
}

func (q query) boolean(name string, standard bool) bool {
	switch strings.ToLower(q.trimmed(name)) {
	case "true":
		return true
	case "false":
		return false
	}
	return standard
}

func (q query) integer(name string) (int, bool) {
	n, err := strconv.Atoi(q.trimmed(name))
	return n, err == nil
}

// decimal is a number as clients write seconds; Go reads more than that.
var decimal = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

// seconds reads a duration in seconds.
func (q query) seconds(name string) (time.Duration, bool) {
	text := q.trimmed(name)
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !decimal.MatchString(text) {
		return 0, false
	}
	const longest = float64(math.MaxInt64 / int64(time.Second))
	return time.Duration(max(-longest, min(n, longest)) * float64(time.Second)), true
}

// layouts are the forms of time that clients send. Without a zone it is UTC.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04", "2006-01-02T15:04Z07:00",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02",
	time.RFC1123, "01/02/2006 15:04:05", "01/02/2006",
}

// time reads a time; zero if there is none.
func (q query) time(name string) time.Time {
	text := q.trimmed(name)
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// statuses reads a list of states: names with exactly their letter case, or numbers. What is neither is left out.
func (q query) statuses(name string) []durabletask.Status {
	var found []durabletask.Status
	list, _ := q.text(name)
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if n, err := strconv.Atoi(item); err == nil && n >= int(history.Running) && n <= int(history.Suspended) {
			found = append(found, durabletask.Status(n))
		} else if s, ok := history.ParseStatus(item); ok {
			found = append(found, s)
		}
	}
	return found
}
