package account

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// swift answers without a network and at next to no cost, so that the benchmarks measure what we add.
type swift struct {
	status  int
	headers http.Header
	body    string
}

func (s swift) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: s.status, Header: s.headers, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

func openSwift(b *testing.B, s swift) *Account {
	b.Helper()
	if s.headers == nil {
		s.headers = http.Header{}
	}
	s.headers.Set("Date", "Fri, 09 Oct 2009 21:04:30 GMT")
	c, err := ParseConnectionString("AccountName=acct;AccountKey=" + testKey)
	if err != nil {
		b.Fatal(err)
	}
	a, err := Open(c, Options{Transport: s})
	if err != nil {
		b.Fatal(err)
	}
	return a
}

const element = `<QueueMessage><MessageId>5974b586-0df3-4e2d-ad0c-18e3892bfca2</MessageId><InsertionTime>Fri, 09 Oct 2009 21:04:30 GMT</InsertionTime>` +
	`<ExpirationTime>Fri, 16 Oct 2009 21:04:30 GMT</ExpirationTime><PopReceipt>YzQ4Yzg1MDIGM</PopReceipt>` +
	`<TimeNextVisible>Fri, 09 Oct 2009 23:29:20 GMT</TimeNextVisible>%s</QueueMessage>`

func messageList(n int, rest string) string {
	return `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList>` + strings.Repeat(fmt.Sprintf(element, rest), n) + `</QueueMessagesList>`
}

func BenchmarkQueuePutDelete(b *testing.B) {
	put := openSwift(b, swift{status: http.StatusCreated, body: messageList(1, "")}).Queue("hub-control-00")
	del := openSwift(b, swift{status: http.StatusNoContent}).Queue("hub-control-00")
	text := []byte(strings.Repeat(`{"a":1},`, 250))
	b.ReportAllocs()
	for b.Loop() {
		receipt, err := put.Put(b.Context(), text, time.Second, NeverExpires)
		if err != nil {
			b.Fatal(err)
		}
		if err := del.DeleteMessage(b.Context(), receipt.MessageID, receipt.PopReceipt); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReceive32(b *testing.B) {
	text := "<DequeueCount>1</DequeueCount><MessageText>" + strings.Repeat(`{&quot;a&quot;:1},`, 250) + "</MessageText>"
	q := openSwift(b, swift{status: http.StatusOK, body: messageList(MaxReceive, text)}).Queue("hub-control-00")
	b.ReportAllocs()
	for b.Loop() {
		if m, err := q.Receive(b.Context(), MaxReceive, time.Minute); err != nil || len(m) != MaxReceive {
			b.Fatal(len(m), err)
		}
	}
}

func BenchmarkBatch12(b *testing.B) {
	t := openSwift(b, swift{status: http.StatusAccepted, body: batchAnswer(12)}).Table("HubHistory")
	ops := make([]Op, 12)
	for i := range ops {
		k := Key{"abcdef", fmt.Sprintf("%016X", i)}
		ops[i] = Op{Action: InsertOrReplace, Key: k, Row: fmt.Appendf(nil,
			`{"PartitionKey":%q,"RowKey":%q,"ExecutionId":"0123456789abcdef0123456789abcdef","EventType":"TaskScheduled","EventId":%d,"IsPlayed":false,`+
				`"_Timestamp":"2024-01-01T00:00:00.0000000Z","_Timestamp@odata.type":"Edm.DateTime","Name":"SayHello","Version":"","Input":"[\"Tokyo\"]"}`,
			k.Partition, k.Row, i)}
	}
	b.ReportAllocs()
	for b.Loop() {
		if etags, err := t.Submit(b.Context(), ops); err != nil || len(etags) != len(ops) {
			b.Fatal(etags, err)
		}
	}
}

func BenchmarkQuery100(b *testing.B) {
	row := `{"odata.etag":"W/\"datetime'2026'\"","PartitionKey":"abcdef","RowKey":"0000000000000001","EventType":"TaskScheduled","Input":"[\"Tokyo\"]"}`
	list, err := json.Marshal(map[string]any{"value": slicesRepeat(json.RawMessage(row), 100)})
	if err != nil {
		b.Fatal(err)
	}
	t := openSwift(b, swift{status: http.StatusOK, body: string(list)}).Table("HubHistory")
	b.ReportAllocs()
	for b.Loop() {
		if page, err := t.Query(b.Context(), Query{Filter: "PartitionKey eq 'abcdef'"}); err != nil || len(page.Rows) != 100 {
			b.Fatal(len(page.Rows), err)
		}
	}
}

func slicesRepeat(row json.RawMessage, n int) []json.RawMessage {
	rows := make([]json.RawMessage, n)
	for i := range rows {
		rows[i] = row
	}
	return rows
}

// batchAnswer is the answer to a transaction of n operations that took place.
func batchAnswer(n int) string {
	var b strings.Builder
	b.WriteString("--batchresponse_x\r\nContent-Type: multipart/mixed; boundary=changesetresponse_y\r\n\r\n")
	for i := range n {
		fmt.Fprintf(&b, "--changesetresponse_y\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"+
			"HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\nDataServiceVersion: 1.0;\r\nETag: W/\"%d\"\r\n\r\n\r\n", i)
	}
	b.WriteString("--changesetresponse_y--\r\n--batchresponse_x--\r\n")
	return b.String()
}
