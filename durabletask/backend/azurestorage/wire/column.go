package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// A row is a JSON object with a member per column. A column whose type JSON can't show has a second member, X@odata.type:
// times do, texts, booleans and 32-bit numbers don't.
const (
	annotation   = "@odata.type"
	edmDateTime  = "Edm.DateTime"
	edmBinary    = "Edm.Binary"
	partitionKey = "PartitionKey"
	rowKey       = "RowKey"
	executionID  = "ExecutionId"
	etagMember   = "odata.etag"
)

// serviceColumn reports whether a member is the table service's own, which must not be written back.
func serviceColumn(name string) bool {
	switch name {
	case "Timestamp", "Timestamp" + annotation, partitionKey + annotation, rowKey + annotation:
		return true
	}
	return len(name) > 6 && name[:6] == "odata."
}

// setColumn reads the value of a column into what ref points to. Classes stand in columns as JSON text.
func setColumn(ref any, value []byte) error {
	if isNull(value) || !isClass(ref) {
		return setValue(ref, value)
	}
	text, err := unquote(value)
	if err != nil {
		return err
	}
	return setColumnText(ref, text)
}

// setColumnText reads the text of a column, also from the blob to which a large one was moved.
func setColumnText(ref any, text string) error {
	if !isClass(ref) {
		return setValue(ref, appendString(nil, text))
	}
	data := bytes.TrimSpace([]byte(text))
	if len(data) == 0 { // stands in a blob
		setNull(ref)
		return nil
	}
	if !json.Valid(data) {
		return errNotJSON
	}
	return setValue(ref, data)
}

// appendColumn adds a column, unless it is null.
func appendColumn(dst []byte, name string, ref any, optional bool) []byte {
	if isClass(ref) {
		text := appendValue(nil, ref, optional, false)
		return appendString(appendName(dst, name), string(text))
	}
	if absent(ref, optional) {
		return dst
	}
	switch p := ref.(type) {
	case *time.Time:
		return appendTimeColumn(dst, name, *p)
	case *history.Status:
		return appendString(appendName(dst, name), p.String())
	case history.Status:
		return appendString(appendName(dst, name), p.String())
	default:
		return appendValue(appendName(dst, name), ref, optional, false)
	}
}

// appendTimeColumn adds a time; the zero time has no column, because tables begin in 1601.
func appendTimeColumn(dst []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	dst = appendTimeAs(appendName(dst, name), t, columnForm)
	return appendString(appendName(dst, name+annotation), edmDateTime)
}

func appendTextColumn(dst []byte, name, text string) []byte {
	return appendColumn(dst, name, &text, true)
}

// eachColumn calls set for each column of a row that is not null and not the service's. set reports whether it knows the
// column; those that it does not are returned, together with their types.
func eachColumn(row []byte, set func(name, value []byte) (known bool, err error)) ([]Member, error) {
	var extra []Member
	for raw, value := range members(row) {
		if isNull(value) {
			continue
		}
		known, err := set(raw, value)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", memberName(raw), err)
		}
		if known {
			continue
		}
		if name := memberName(raw); !serviceColumn(name) {
			extra = append(extra, keep(name, value))
		}
	}
	return extra, nil
}

// timeType reports whether the member says that the column is a time.
func timeType(name []byte, column string) bool {
	return len(name) == len(column)+len(annotation) && string(name[:len(column)]) == column && string(name[len(column):]) == annotation
}
