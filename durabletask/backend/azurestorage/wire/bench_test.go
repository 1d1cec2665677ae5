package wire

import "testing"

func BenchmarkDecodeHistoryRow(b *testing.B) {
	rows := recordings(b, "history-rows")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := DecodeHistoryRow(rows[i%len(rows)].Body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeHistoryRow(b *testing.B) {
	var rows []HistoryRow
	for _, r := range recordings(b, "history-rows") {
		row, err := DecodeHistoryRow(r.Body)
		if err != nil {
			b.Fatal(err)
		}
		rows = append(rows, row)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		rows[i%len(rows)].Encode()
	}
}

func BenchmarkMessage(b *testing.B) {
	all := recordings(b, "messages")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		body := all[i%len(all)].Body
		if body[0] == '"' {
			continue
		}
		m, err := DecodeMessage(body)
		if err != nil {
			b.Fatal(err)
		}
		m.Encode()
	}
}
