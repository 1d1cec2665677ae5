package azuretest

import (
	"strings"
	"testing"
)

func fuzzRow() *row {
	r := &row{pk: "p", rk: "r", tick: 1}
	for typ, text := range map[edm]string{edmString: "s", edmInt32: "1", edmInt64: "2", edmDouble: "1.5", edmBoolean: "true", edmDateTime: "2026-01-02T00:00:00Z", edmGUID: "aaaaaaaa-0000-0000-0000-00000000000b", edmBinary: "AQID"} {
		v, _ := valueOf(typ, text)
		r.properties = append(r.properties, property{strings.TrimPrefix(edmNames[typ], "Edm."), v})
	}
	return r
}

func TestFilters(t *testing.T) {
	t.Parallel()
	r := fuzzRow()
	for text, want := range map[string]bool{
		"String eq 's'": true,
		"'s' eq String": true,
		"1 lt Int64":    true,
		"Int32 eq 1 and Int64 eq 2L and Double eq 1.5":           true,
		"Int32 eq 2 or Boolean":                                  true,
		"not Boolean":                                            false,
		"not (Int32 eq 2)":                                       true,
		"not not Boolean eq true":                                true,
		"Int32 eq 1 or Int32 eq 2 and Int32 eq 3":                true, // and binds closer
		"(Int32 eq 1 or Int32 eq 2) and Int32 eq 3":              false,
		"Double gt 1 and Double lt 2L":                           true,
		"DateTime ge datetime'2026-01-02T00:00:00Z'":             true,
		"DateTime ge datetime'2026-01-02T00:00:00.0000001Z'":     false,
		"Guid eq guid'AAAAAAAA-0000-0000-0000-00000000000B'":     true,
		"Binary eq X'010203' and Binary lt binary'0104'":         true,
		"PartitionKey ge 'o' and PartitionKey lt 'q'":            true,
		"Int32 eq '1'":                                           false, // another type
		"Int32 ne '1'":                                           false,
		"Missing eq 1":                                           false,
		"Missing ne 1":                                           false,
		"Timestamp gt datetime'1970-01-01T00:00:00Z'":            true,
		"String eq 's''s' or String eq ')' or RowKey eq 'r'":     true,
		"Int32 ge -1 and Double ne -1e3 and Int64 lt 3000000000": true,
	} {
		e, err := parseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.holds(r); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{
		"", " ", "String", "(", "String eq", "String eq 's", "String eq 's' and", "String eq 's')", "(String eq 's'", "1 eq 1", "String eq String", "String like 's'",
		"Int32 eq 1x", "DateTime eq datetime'x'", "Guid eq guid'x'", "Binary eq X'0'", "String eq 's' Int32 eq 1", "not",
		strings.Repeat("(", 101) + "Boolean" + strings.Repeat(")", 101), strings.Repeat("not ", 101) + "Boolean", strings.Repeat("Int32 eq 1 or ", 15) + "Int32 eq 1",
	} {
		if e, err := parseFilter(text); err == nil && text != "String" { // a bare name is a boolean property
			t.Errorf("%q is %v", text, e)
		}
	}
}

// A filter never holds for a row outside of its span: the span is only where the walk over the table begins and ends.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		"PartitionKey eq 'p' and RowKey ge 'q' and (Int32 eq 1 or not Boolean)", "Guid eq guid'aaaaaaaa-0000-0000-0000-00000000000b'", "X'01' lt Binary", "'it''s' ne String", "12L ge Int64", "PartitionKey lt 'q'",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseFilter(text)
		if err != nil {
			return
		}
		r := fuzzRow()
		if span := e.span(); e.holds(r) && (span.partition.below(r.pk) || compareKeys(r.pk, span.partition.least) < 0 || span.row.below(r.rk) || compareKeys(r.rk, span.row.least) < 0) {
			t.Errorf("%q holds outside of its span %+v", text, span)
		}
	})
}

func TestKeysAreOrderedByUTF16(t *testing.T) {
	t.Parallel()
	keys := []string{"", "\x20", "0", "A", "a", "aa", "sentinel", "é", "\ud7ff", "😀", "\ue000", "\uffff"}
	for i, a := range keys {
		for j, b := range keys {
			if got := compareKeys(a, b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%q, %q: %d", a, b, got)
			}
		}
	}
}
