package azurestorage

import (
	"context"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// rowState is what is known of the row of an instance.
type rowState struct {
	row   *wire.InstanceRow // nil: there is none
	known bool
	// input is the text that the row's Input stands for, if this process wrote it.
	input *string
	// inputBlob and resultBlob are blobs of the history in which input and result of the state stand, if they are long.
	inputBlob, resultBlob string
}

// readRow returns the row of an instance, or nil.
func (b *Backend) readRow(ctx context.Context, id string) (*wire.InstanceRow, error) {
	row, etag, err := b.rows.Get(ctx, account.Key{Partition: wire.EscapeKey(id)})
	if account.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := wire.DecodeInstanceRow(row)
	if err != nil {
		return nil, err
	}
	if etag != "" {
		r.ETag = etag
	}
	return &r, nil
}

// noStatus is what CustomStatus says where there is none. The same text from an orchestrator is spelt with a space, which is the same JSON.
const (
	noStatus   = "null"
	nullStatus = " null"
)

// rowOf makes the row that shows a state, on top of the row that is there. Texts that are too long are put into blobs.
func (b *Backend) rowOf(ctx context.Context, s *backend.InstanceState, old rowState, seed string) (*wire.InstanceRow, error) {
	r := wire.InstanceRow{PartitionKey: wire.EscapeKey(s.Instance.ID)}
	if old.row != nil {
		r = *old.row
	}
	r.ExecutionID, r.Name, r.Version = &s.Instance.ExecutionID, &s.Name, s.Version
	r.CreatedTime, r.LastUpdatedTime, r.CompletedTime, r.ScheduledStart = s.Created, s.Updated, s.Completed, s.ScheduledStart
	r.Status, r.Parent, r.TaskHubName = &s.Status, s.Parent, &b.o.Hub
	if s.Generation != nil {
		r.Generation = s.Generation
	}
	if r.Tags, r.TagsBlob = s.Tags, nil; r.Tags == nil {
		r.Tags = map[string]string{}
	}
	if old.row == nil || !isOf(old.row, s.Instance.ExecutionID) {
		r.InputBlob = nil
	}
	var err error
	switch {
	case old.inputBlob != "":
		r.Input = new(wire.BlobURL(b.blobs.URL(), old.inputBlob))
	case !keepsInput(old, s):
		r.InputBlob = nil
		if r.Input, err = b.cell(ctx, &r, "Input", s.Input, seed); err != nil {
			return nil, err
		}
	}
	r.Failure, r.Result = s.Failure, nil
	shown, result := &r.Output, s.Output
	if s.Failure != nil {
		if r.Output, err = b.cell(ctx, &r, "Output", new(s.Failure.String()), seed); err != nil {
			return nil, err
		}
		shown = &r.Result
	}
	if old.resultBlob != "" {
		*shown = new(wire.BlobURL(b.blobs.URL(), old.resultBlob))
	} else {
		*shown, err = b.cell(ctx, &r, "Result", result, seed)
	}
	if err != nil {
		return nil, err
	}
	if r.CustomStatus, r.CustomStatusBlob = new(noStatus), nil; s.Status == history.Pending {
		r.CustomStatus = nil // the first checkpoint writes it
	}
	if s.CustomStatus != nil {
		err = b.customStatus(ctx, &r, *s.CustomStatus, seed)
	}
	return &r, err
}

// keepsInput reports whether the row has the state's input already. What stands in a blob belongs to the execution and never changes.
func keepsInput(old rowState, s *backend.InstanceState) bool {
	if old.row == nil || old.row.Input == nil || s.Input == nil || old.row.ExecutionID == nil || *old.row.ExecutionID != s.Instance.ExecutionID {
		return false
	}
	if old.input != nil {
		return *old.input == *s.Input
	}
	return !fits(*s.Input)
}

func (b *Backend) customStatus(ctx context.Context, r *wire.InstanceRow, text, seed string) error {
	switch {
	case text == noStatus:
		r.CustomStatus = new(nullStatus)
	case fits(text):
		r.CustomStatus = &text
	default:
		blob, err := b.columnBlob(ctx, r.PartitionKey, "CustomStatus", text, seed)
		if err != nil {
			return err
		}
		r.CustomStatus, r.CustomStatusBlob = new(b.quotedURL(blob)), &blob
	}
	return nil
}

// quotedURL is the address of a blob as JSON. It has nothing in it that would be escaped.
func (b *Backend) quotedURL(blob string) string { return `"` + wire.BlobURL(b.blobs.URL(), blob) + `"` }

// fits reports whether a text may stand in a column.
func fits(text string) bool {
	if len(text) <= wire.MaxInlineColumn { // no text has more units than bytes
		return true
	}
	units := 0
	for _, r := range text {
		if units++; r > 0xFFFF {
			units++
		}
	}
	return units <= wire.MaxInlineColumn
}

// cell returns what stands in a column for a text: itself or, for long ones, the URL of a blob. A text that .NET would take for such a URL goes into
// a blob, too. (Differs from DTFx, whose readers fail on one: wire §6.1.)
func (b *Backend) cell(ctx context.Context, r *wire.InstanceRow, column string, text *string, seed string) (*string, error) {
	if text == nil || fits(*text) && !looksLikeURL(*text) {
		return text, nil
	}
	blob, err := b.columnBlob(ctx, r.PartitionKey, column, *text, seed)
	if err != nil {
		return nil, err
	}
	return new(wire.BlobURL(b.blobs.URL(), blob)), nil
}

func (b *Backend) columnBlob(ctx context.Context, key, column, text, seed string) (string, error) {
	blob := wire.ColumnBlob(key, "", column, b.freshNumber("row", key, column, seed), column)
	return blob, b.writeBlob(ctx, blob, []byte(text))
}

// looksLikeURL reports whether .NET takes the text for an absolute URI.
func looksLikeURL(text string) bool {
	n := strings.IndexByte(text, ':')
	if n <= 0 || strings.ContainsAny(text, " \t\r\n") {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && u.IsAbs()
}

// updateInterval is for how long a change of the time alone is not worth a request.
const updateInterval = 30 * time.Second

// outdated reports whether the row has to be written for it to show the new one.
func outdated(old *wire.InstanceRow, r *wire.InstanceRow) bool {
	if old == nil {
		return true
	}
	if age := r.LastUpdatedTime.Sub(old.LastUpdatedTime); age > updateInterval || age < 0 {
		return true
	}
	same := *old
	same.LastUpdatedTime = r.LastUpdatedTime
	return string(same.Encode()) != string(r.Encode())
}

// change returns what has to be written of a row: the columns that differ, to be merged, or all of them, to replace the row, if one has to go.
func change(old, r *wire.InstanceRow) (part wire.InstanceRow, replace bool) {
	part = *r
	if vanished(old.Version, r.Version) || vanished(old.Input, r.Input) || vanished(old.Output, r.Output) || vanished(old.Result, r.Result) ||
		vanished(old.Failure, r.Failure) || vanished(old.Parent, r.Parent) || vanished(old.CustomStatusBlob, r.CustomStatusBlob) ||
		vanished(old.InputBlob, r.InputBlob) || vanished(old.TagsBlob, r.TagsBlob) || !old.CompletedTime.IsZero() && r.CompletedTime.IsZero() ||
		!old.ScheduledStart.IsZero() && r.ScheduledStart.IsZero() {
		return part, true
	}
	drop(&part.Name, old.Name)
	drop(&part.Version, old.Version)
	drop(&part.Input, old.Input)
	drop(&part.Output, old.Output)
	drop(&part.Result, old.Result)
	drop(&part.Status, old.Status)
	drop(&part.Generation, old.Generation)
	if part.Failure == old.Failure {
		part.Failure = nil
	}
	if part.Parent != nil && old.Parent != nil {
		part.Parent = nil
	}
	if part.CreatedTime.Equal(old.CreatedTime) {
		part.CreatedTime = time.Time{}
	}
	if part.ScheduledStart.Equal(old.ScheduledStart) {
		part.ScheduledStart = time.Time{}
	}
	if maps.Equal(part.Tags, old.Tags) && old.Tags != nil {
		part.Tags = nil
	}
	return part, false
}

// vanished reports whether a column is to be empty that is not.
func vanished[T any](old, now *T) bool { return old != nil && now == nil }

// drop leaves a column out that has not changed.
func drop[T comparable](p **T, old *T) {
	if *p != nil && old != nil && **p == *old {
		*p = nil
	}
}

// stateOf returns what a row shows. Texts in blobs are read unless the input is not wanted.
func (b *Backend) stateOf(ctx context.Context, r *wire.InstanceRow, omitInput bool) (*backend.InstanceState, error) {
	s := &backend.InstanceState{
		Instance: history.Instance{ID: wire.UnescapeKey(r.PartitionKey)}, Version: r.Version, Parent: r.Parent, Generation: r.Generation,
		Created: r.CreatedTime, Updated: r.LastUpdatedTime, Completed: r.CompletedTime, ScheduledStart: r.ScheduledStart,
	}
	if r.ExecutionID != nil {
		s.Instance.ExecutionID = *r.ExecutionID
	}
	if r.Name != nil {
		s.Name = *r.Name
	}
	if r.Status != nil {
		s.Status = *r.Status
	}
	if len(r.Tags) > 0 {
		s.Tags = r.Tags
	}
	var err error
	if r.TagsBlob != nil {
		text, err := b.readBlob(ctx, *r.TagsBlob)
		if err != nil {
			return nil, err
		}
		if s.Tags, err = wire.DecodeTags(string(text)); err != nil {
			return nil, err
		}
	}
	if !omitInput {
		if s.Input, err = b.inputOf(ctx, r); err != nil {
			return nil, err
		}
	}
	if s.Output, err = b.text(ctx, r.Output); err != nil {
		return nil, err
	}
	if r.Failure != nil && s.Output != nil && *s.Output == r.Failure.String() { // else a .NET worker has written another output since
		s.Failure = r.Failure
		if s.Output, err = b.text(ctx, r.Result); err != nil {
			return nil, err
		}
	}
	s.CustomStatus, err = b.readCustomStatus(ctx, r)
	return s, err
}

func (b *Backend) readCustomStatus(ctx context.Context, r *wire.InstanceRow) (*string, error) {
	switch {
	case r.CustomStatus == nil || *r.CustomStatus == noStatus:
		return nil, nil
	case *r.CustomStatus == nullStatus:
		return new(noStatus), nil
	case r.CustomStatusBlob != nil:
		if *r.CustomStatus == b.quotedURL(*r.CustomStatusBlob) { // else a .NET worker has written another status since
			return b.blobText(ctx, *r.CustomStatusBlob)
		}
	}
	return r.CustomStatus, nil
}

// inputOf returns the input that a row shows.
func (b *Backend) inputOf(ctx context.Context, r *wire.InstanceRow) (*string, error) {
	if r.InputBlob != nil && (r.Input == nil || *r.Input == "") {
		return b.blobText(ctx, *r.InputBlob)
	}
	if r.Input == nil {
		return nil, nil
	}
	blob, ok := wire.BlobOfURL(b.blobs.URL(), *r.Input)
	if !ok {
		return r.Input, nil
	}
	text, err := b.readBlob(ctx, blob)
	if err != nil {
		return nil, err
	}
	if !wire.HoldsMessage(blob) {
		return new(string(text)), nil
	}
	m, err := wire.DecodeMessage(text)
	if err != nil {
		return nil, err
	}
	if e, ok := m.Event.(*history.ExecutionStarted); ok {
		return e.Input, nil
	}
	return nil, nil
}

// text returns what a column stands for.
func (b *Backend) text(ctx context.Context, cell *string) (*string, error) {
	if cell == nil {
		return nil, nil
	}
	blob, ok := wire.BlobOfURL(b.blobs.URL(), *cell)
	if !ok {
		return cell, nil
	}
	return b.blobText(ctx, blob)
}

func (b *Backend) blobText(ctx context.Context, blob string) (*string, error) {
	text, err := b.readBlob(ctx, blob)
	if err != nil {
		return nil, err
	}
	return new(string(text)), nil
}
