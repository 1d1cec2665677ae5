package wire

import (
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/azdurable/azdurable/durabletask/history"
)

// MaxInlineColumn is how many UTF-16 code units of text may stand in a column of the history or instances table. Longer text
// stands in a blob. (DTFx: AzureTableTrackingStore.CompressLargeMessageAsync, 60 KiB of UTF-16.)
const MaxInlineColumn = 60 << 10 / 2

// rowEstimate is what a row counts besides its large columns, in bytes, when batches are made.
const rowEstimate = 1024

// blobName is what the column with a blob's name has behind the name of the column that stands in it.
const blobName = "BlobName"

// BlobColumn is a column that stands in a blob: the text in the blob Blob, gzipped.
type BlobColumn struct{ Column, Blob string }

// LargeColumn is a column whose text is too long to stand in the row.
type LargeColumn struct{ Column, Text string }

// movable are the columns that may stand in blobs, for every reader.
var movable = []string{"Name", "Input", "Result", "Output", "Reason", "Details", "Correlation", "FailureDetails", "Tags"}

// all yields the fields of a kind in the order in which they are written.
func (k *kind) all() iter.Seq[*field] {
	return func(yield func(*field) bool) {
		for _, fields := range [][]field{k.first, k.fields, k.own, k.columns} {
			for i := range fields {
				if !yield(&fields[i]) {
					return
				}
			}
		}
	}
}

// isMovable reports whether the field may stand in a blob. The values that the framework keeps in Data may, too: no .NET
// program reads them. (Differs from DTFx, where Data must fit in the row.)
func (f *field) isMovable(e history.Event) bool {
	if g, ok := e.(*history.GenericEvent); ok && f.name == "Data" {
		return g.Marker != ""
	}
	return slices.Contains(movable, f.name)
}

// isBlobOf reports whether column name holds the name of the blob the field stands in. (The marker that lets Data stand in
// one may come later in the row, so reading does not ask for it.)
func (f *field) isBlobOf(name []byte, e history.Event) bool {
	n := len(f.name)
	if len(name) != n+len(blobName) || string(name[:n]) != f.name || string(name[n:]) != blobName {
		return false
	}
	_, generic := e.(*history.GenericEvent)
	return slices.Contains(movable, f.name) || generic && f.name == "Data"
}

func (r *HistoryRow) blobOf(column string) string {
	for _, b := range r.Blobs {
		if b.Column == column {
			return b.Blob
		}
	}
	return ""
}

// text returns the text of a field as it stands in its column, and whether it is text and there.
func (f *field) text(e history.Event) (string, bool) {
	switch p := f.ref(e).(type) {
	case *string:
		return *p, !absent(p, f.optional)
	case **string:
		if *p == nil {
			return "", false
		}
		return **p, true
	case *map[string]string, **history.FailureDetails:
		return string(appendValue(nil, p, true, false)), true
	default:
		return "", false
	}
}

// Large returns the columns that must stand in blobs. The caller stores their texts and adds the blobs to Blobs.
func (r *HistoryRow) Large() []LargeColumn {
	var large []LargeColumn
	for f, text := range r.movable() {
		if r.blobOf(f.name) == "" && utf16Len(text) > MaxInlineColumn {
			large = append(large, LargeColumn{f.name, text})
		}
	}
	return large
}

func (r *HistoryRow) movable() iter.Seq2[*field, string] {
	return func(yield func(*field, string) bool) {
		k := spell(r.Event)
		if k == nil {
			return
		}
		for f := range k.all() {
			if !f.isMovable(r.Event) {
				continue
			}
			if text, ok := f.text(r.Event); ok && !yield(f, text) {
				return
			}
		}
	}
}

// Restore puts the text of a blob where it belongs. The column goes on standing in its blob when the row is encoded.
func (r *HistoryRow) Restore(column, text string) error {
	if k := spell(r.Event); k != nil {
		for f := range k.all() {
			if f.name != column {
				continue
			}
			if err := setColumnText(f.ref(r.Event), text); err != nil {
				return fmt.Errorf("restore column %s of history row %q: %w", column, r.RowKey, err)
			}
			return nil
		}
	}
	return fmt.Errorf("restore history row %q: it has no column %q", r.RowKey, column)
}

// EstimatedSize is what the row counts, in bytes, towards the limit of a batch, by the reference's measure.
func (r *HistoryRow) EstimatedSize() int {
	size := rowEstimate
	for f, text := range r.movable() {
		if r.blobOf(f.name) == "" {
			size += 2 * utf16Len(text)
		}
	}
	return size
}

// utf16Len returns how many UTF-16 code units s has.
func utf16Len(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
