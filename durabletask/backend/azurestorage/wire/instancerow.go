package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// InstanceRow is a row of the instances table, or the part of one that a merge changes or a query asked for. What is nil
// (or zero, or empty) has no column; a merge leaves such columns alone and so can't clear them.
type InstanceRow struct {
	// PartitionKey is the escaped instance id (EscapeKey). The RowKey is empty.
	PartitionKey  string
	ExecutionID   *string
	Name, Version *string
	// Input and Output are text, or the URL of the blob that the text stands in (BlobURL).
	Input, Output *string
	// CustomStatus is JSON; the text "null" when there is none; nil before the first checkpoint.
	CustomStatus *string
	// CreatedTime is the time of the current execution's ExecutionStarted.
	CreatedTime     time.Time
	LastUpdatedTime time.Time
	CompletedTime   time.Time
	Status          *history.Status
	ScheduledStart  time.Time
	// Generation counts how often the id has been started anew; nil for children and entities, which count as 0.
	Generation *int
	// Tags is not nil where the row says which tags there are, if only that there are none: then it is empty.
	Tags map[string]string
	// TaskHubName is the hub as configured.
	TaskHubName *string
	// InputBlob and TagsBlob name blobs of the hub's container that the text stands in; the column is then empty.
	InputBlob, TagsBlob *string
	// Failure, Result and Parent are columns of ours. DTFx shows a failure as text in Output; where Failure is there, Output is that text and Result
	// what would otherwise stand in Output.
	Failure *history.FailureDetails
	Result  *string
	Parent  *history.ParentInstance
	// CustomStatusBlob is a column of ours: the blob that a large CustomStatus stands in. The column is then the blob's URL as a JSON string.
	CustomStatusBlob *string
	// ETag is set by decoding and not written.
	ETag string

	extra []Member
}

// column is a column of the instances table.
type column struct {
	name string
	ref  any
}

// columns are all but the keys, in the order in which they are written.
func (r *InstanceRow) columns() []column {
	return []column{
		{"CustomStatus", &r.CustomStatus},
		{executionID, &r.ExecutionID},
		{"LastUpdatedTime", &r.LastUpdatedTime},
		{"TaskHubName", &r.TaskHubName},
		{"Name", &r.Name},
		{"Version", &r.Version},
		{"CreatedTime", &r.CreatedTime},
		{"RuntimeStatus", r.Status},
		{"Generation", &r.Generation},
		{"ScheduledStartTime", &r.ScheduledStart},
		{"Input", &r.Input},
		{"InputBlobName", &r.InputBlob},
		{"TagsBlobName", &r.TagsBlob},
		{"CompletedTime", &r.CompletedTime},
		{"Output", &r.Output},
		{"Result", &r.Result},
		{"CustomStatusBlobName", &r.CustomStatusBlob},
	}
}

// DecodeInstanceRow reads a row as the table service returns it.
func DecodeInstanceRow(data json.RawMessage) (InstanceRow, error) {
	var r InstanceRow
	err := checkObject(data)
	if err == nil {
		columns := r.columns()
		r.extra, err = eachColumn(data, func(name, value []byte) (bool, error) { return r.set(columns, name, value) })
	}
	if err != nil {
		return InstanceRow{}, fmt.Errorf("decode instance row %q: %w", r.PartitionKey, err)
	}
	return r, nil
}

func (r *InstanceRow) set(columns []column, name, value []byte) (bool, error) {
	switch string(name) {
	case partitionKey:
		return true, setValue(&r.PartitionKey, value)
	case rowKey:
		return true, nil
	case "RuntimeStatus":
		r.Status = new(history.Status)
		return true, setValue(r.Status, value)
	case "Tags":
		return true, r.setTags(value)
	case failureColumn:
		return true, setColumn(&r.Failure, value)
	case parentColumn:
		return true, setColumn(&r.Parent, value)
	case etagMember:
		return true, setValue(&r.ETag, value)
	}
	for _, c := range columns {
		if c.name == string(name) {
			return true, setValue(c.ref, value)
		}
		if timeType(name, c.name) {
			return true, nil
		}
	}
	return false, nil
}

// setTags reads the tags' JSON, of which "null" says that there are none. The column is empty if they stand in a blob.
func (r *InstanceRow) setTags(value []byte) error {
	text, err := unquote(value)
	if err != nil {
		return err
	}
	tags, err := DecodeTags(text)
	if tags == nil && text != "" {
		tags = map[string]string{}
	}
	r.Tags = tags
	return err
}

var errTags = errors.New("tags are neither an object nor null")

// DecodeTags reads the JSON of tags; it returns nil for "null" and for the empty text.
func DecodeTags(text string) (map[string]string, error) {
	var tags map[string]string
	if err := setColumnText(&tags, text); err != nil {
		return nil, errTags
	}
	return tags, nil
}

// Encode returns the row, for an insert or for a merge.
func (r *InstanceRow) Encode() json.RawMessage {
	dst := append(make([]byte, 0, 512), '{')
	dst = appendString(appendName(dst, partitionKey), r.PartitionKey)
	dst = appendString(appendName(dst, rowKey), "")
	for _, c := range r.columns() {
		if s, ok := c.ref.(*history.Status); ok && s == nil {
			continue
		}
		dst = appendColumn(dst, c.name, c.ref, true)
	}
	dst = r.appendTags(dst)
	if r.Failure != nil {
		dst = appendColumn(dst, failureColumn, &r.Failure, true)
	}
	if r.Parent != nil {
		dst = appendColumn(dst, parentColumn, &r.Parent, true)
	}
	dst = appendMembers(dst, r.extra)
	return append(dst, '}')
}

// Columns of ours that hold JSON.
const (
	failureColumn = "FailureDetails"
	parentColumn  = "ParentInstance"
)

func (r *InstanceRow) appendTags(dst []byte) []byte {
	switch {
	case r.TagsBlob != nil:
		return appendString(appendName(dst, "Tags"), "")
	case r.Tags == nil:
		return dst
	case len(r.Tags) == 0:
		return appendString(appendName(dst, "Tags"), "null")
	default:
		return appendString(appendName(dst, "Tags"), string(appendTags(nil, r.Tags)))
	}
}
