package azuretest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// MaxQueryPage is how many entities one answer to a query has at most.
const MaxQueryPage = 1000

func (x *exchange) selected() []string {
	text := x.Query.Get("$select")
	if text == "" || text == "*" {
		return nil
	}
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

func (x *exchange) queryEntities() *serviceError {
	var filter expression
	all := everything()
	if text := x.Query.Get("$filter"); text != "" {
		var err error
		if filter, err = parseFilter(text); err != nil {
			return errInvalidInput.with("%s %s", errInvalidInput.Message, err.Error())
		}
		all = filter.span()
	}
	limit, f := x.top()
	if f != nil {
		return f
	}
	fromPK, ok1 := readToken(x.Query.Get("NextPartitionKey"))
	fromRK, ok2 := readToken(x.Query.Get("NextRowKey"))
	if !ok1 || !ok2 {
		return errInvalidInput
	}
	x.Key = all.partition.single()
	limit = min(limit, x.s.options.PageSize)
	x.effect = func() *response {
		t, f := x.table()
		if f != nil {
			return x.fail(f)
		}
		return x.queryPage(t, filter, all, fromPK, fromRK, limit)
	}
	return nil
}

// queryPage walks over the rows that the filter's span leaves, from where the last page ended.
func (x *exchange) queryPage(t *table, filter expression, all span, fromPK, fromRK string, limit int) *response {
	level, selected := x.level(), x.selected()
	res := respond(http.StatusOK)
	b := []byte(`{`)
	if level != noMetadata {
		b = append(b, `"odata.metadata":"`+x.s.Endpoint(Table)+`/$metadata#`+x.Resource+`",`...)
	}
	b = append(b, `"value":[`...)
	n, scanned := 0, 0
	first, _ := t.find(later(all.partition.least, fromPK))
pages:
	for _, p := range t.partitions[first:] {
		if all.partition.below(p.key) {
			break
		}
		start := all.row.least
		if p.key == fromPK {
			start = later(start, fromRK)
		}
		i, _ := p.find(start)
		for _, r := range p.rows[i:] {
			if all.row.below(r.rk) {
				break
			}
			if filter != nil && !filter.holds(r) && scanned < x.s.options.ScanSize {
				scanned++
				continue
			}
			if n == limit || scanned == x.s.options.ScanSize {
				res.header["X-Ms-Continuation-Nextpartitionkey"] = []string{writeToken(r.pk)}
				res.header["X-Ms-Continuation-Nextrowkey"] = []string{writeToken(r.rk)}
				break pages
			}
			if n > 0 {
				b = append(b, ',')
			}
			b = x.appendRow(b, r, selected, level, false)
			n++
			scanned++
		}
	}
	return res.json(level, append(b, "]}"...))
}

func later(a, b string) string {
	if compareKeys(a, b) < 0 {
		return b
	}
	return a
}

// Continuation tokens look like the service's, which clients hand back as they got them: a version, the length and the key in base64.
func writeToken(key string) string {
	text := base64.StdEncoding.EncodeToString([]byte(key))
	return fmt.Sprintf("1!%d!%s", len(text), text)
}

func readToken(token string) (key string, ok bool) {
	if token == "" {
		return "", true
	}
	parts := strings.SplitN(token, "!", 3)
	if len(parts) != 3 || parts[0] != "1" || parts[1] != strconv.Itoa(len(parts[2])) {
		return "", false
	}
	text, err := base64.StdEncoding.DecodeString(parts[2])
	return string(text), err == nil
}

func (x *exchange) top() (int, *serviceError) {
	text := x.Query.Get("$top")
	if text == "" {
		return MaxQueryPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > MaxQueryPage {
		return 0, errInvalidInput
	}
	return n, nil
}
