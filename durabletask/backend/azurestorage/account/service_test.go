package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

const (
	ours   = "1312a8a6-0000-0000-0000-000000000000"
	theirs = "0a615e48-0000-0000-0000-000000000000"
)

// serve opens an account of a service in memory.
func serve(t *testing.T, o azuretest.Options) *Account {
	t.Helper()
	s := azuretest.New(o)
	c, err := ParseConnectionString(s.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	return openAt(t, c, s.Transport(azuretest.ClientOptions{Name: "w"}))
}

// The same lives on an emulator, whose time can't be hurried: nothing is hidden there, and leases don't end.
func TestOnAzurite(t *testing.T) {
	t.Parallel()
	server := azurite.Shared(t)
	c, err := ParseConnectionString(server.ConnectionString())
	check(t, "parse", err)
	a, err := Open(c, Options{})
	check(t, "open", err)
	t.Cleanup(a.Close)
	for name, life := range map[string]func(*testing.T, *Account, string){
		"queue":        func(t *testing.T, a *Account, name string) { queueLife(t, a, name, 0) },
		"table":        tableLife,
		"transactions": transactions,
		"blobs":        blobLife,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			life(t, a, azurite.Name(t))
		})
	}
	wrong := c
	wrong.proof = &proof{key: []byte("another")}
	b, err := Open(wrong, Options{})
	check(t, "open", err)
	t.Cleanup(b.Close)
	if _, err := b.Queue(azurite.Name(t)).Create(t.Context()); !Denied(err) {
		t.Errorf("wrong key: %v", err)
	}
}

func check(tb testing.TB, what string, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("%s: %v", what, err)
	}
}

func TestQueueLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queueLife(t, serve(t, azuretest.Options{}), "hub-control-00", 1500*time.Millisecond)
	})
}

func queueLife(t *testing.T, a *Account, name string, hidden time.Duration) {
	t.Helper()
	ctx, q := t.Context(), a.Queue(name)
	for _, want := range []bool{true, false} {
		if made, err := q.Create(ctx); made != want || err != nil {
			t.Fatalf("create: %t, %v", made, err)
		}
	}
	text := []byte("{\"a\":\"<&>\r\n\r\t ü😀 'x' \\\"]]>\"}")
	receipt, err := q.Put(ctx, text, hidden, NeverExpires)
	check(t, "put", err)
	if early := receipt.NextVisible.Sub(receipt.Inserted); early < hidden || receipt.PopReceipt == "" {
		t.Errorf("put: %+v", receipt)
	}
	if hidden > 0 {
		if m, err := q.Receive(ctx, MaxReceive, time.Minute); err != nil || len(m) > 0 {
			t.Errorf("received the invisible: %v, %v", m, err)
		}
		time.Sleep(hidden + time.Second)
	}
	if m, err := q.Peek(ctx, 1); err != nil || len(m) != 1 || !bytes.Equal(m[0].Text, text) {
		t.Errorf("peek: %+v, %v", m, err)
	}
	got, err := q.Receive(ctx, MaxReceive, time.Minute)
	check(t, "receive", err)
	if len(got) != 1 || !bytes.Equal(got[0].Text, text) || got[0].DequeueCount != 1 || got[0].ID != receipt.MessageID {
		t.Fatalf("received %+v (text %q)", got, got[0].Text)
	}
	if n, err := q.Length(ctx); n != 1 || err != nil {
		t.Errorf("length %d, %v", n, err)
	}
	later, err := q.Update(ctx, got[0].ID, got[0].PopReceipt, 0, nil)
	check(t, "update", err)
	if err := q.DeleteMessage(ctx, got[0].ID, got[0].PopReceipt); !MessageGone(err) {
		t.Errorf("delete by an old receipt: %v", err)
	}
	later, err = q.Update(ctx, later.MessageID, later.PopReceipt, 0, []byte(`{"b":2}`))
	check(t, "update text", err)
	if m, err := q.Peek(ctx, 1); err != nil || len(m) != 1 || string(m[0].Text) != `{"b":2}` {
		t.Errorf("updated: %+v, %v", m, err)
	}
	check(t, "delete", q.DeleteMessage(ctx, later.MessageID, later.PopReceipt))
	if _, err := q.Update(ctx, later.MessageID, later.PopReceipt, 0, nil); !MessageGone(err) || !NotFound(err) {
		t.Errorf("update of a deleted one: %v", err)
	}
	_, err = q.Put(ctx, text, 0, 0)
	check(t, "put", err)
	check(t, "clear", q.Clear(ctx))
	for _, want := range []bool{true, false} {
		if was, err := q.Delete(ctx); was != want || err != nil {
			t.Errorf("delete: %t, %v", was, err)
		}
	}
	if _, err := q.Put(ctx, text, 0, 0); !NotFound(err) || Ambiguous(err) || as(err).Code != "QueueNotFound" {
		t.Errorf("put into nothing: %v", err)
	}
}

// What the service would refuse or spoil is refused before it is sent.
func TestLimitsOfQueues(t *testing.T) {
	t.Parallel()
	f := always(200)
	ctx, q := t.Context(), open(t, f).Queue("q")
	put := func(text string, visibility time.Duration) error {
		_, err := q.Put(ctx, []byte(text), visibility, 0)
		return err
	}
	receive := func(n int, visibility time.Duration) error { _, err := q.Receive(ctx, n, visibility); return err }
	for name, err := range map[string]error{
		"visible in 8 days":  put("{}", 8*24*time.Hour),
		"visible in -1s":     put("{}", -time.Second),
		"33 messages":        receive(33, time.Minute),
		"0 messages":         receive(0, time.Minute),
		"hidden for 0s":      receive(1, 0),
		"hidden for 192h":    receive(1, 192*time.Hour),
		"character U+000B":   put("a\v", 0),
		"character U+0000":   put("\x00", 0),
		"character U+FFFE":   put("é\ufffe", 0),
		"character U+FFFF":   put("\uffff", 0),
		"not UTF-8 at byte1": put("a\xff", 0),
		"not UTF-8 at byte0": put("\xed\xa0\x80", 0),
	} {
		if err == nil || Transient(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.count() > 0 {
		t.Errorf("%d requests", f.count())
	}
}

func row(k Key, x string) json.RawMessage {
	return fmt.Appendf(nil, `{"PartitionKey":%q,"RowKey":%q,"X":%q}`, k.Partition, k.Row, x)
}

func column(t *testing.T, row json.RawMessage) (x, etag string) {
	t.Helper()
	var r struct {
		X    string `json:"X"`
		ETag string `json:"odata.etag"`
	}
	check(t, "decode row", json.Unmarshal(row, &r))
	return r.X, r.ETag
}

// What the SDK's own codecs would spoil arrives as the caller wrote it.
func TestBytesAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	f := always(204, "X-Ms-Popreceipt", "r")
	a := open(t, f)
	k := Key{"p", "r"}
	row := json.RawMessage(`{"RowKey":"r","PartitionKey":"p","Double":1.0,"Long":9007199254740993,"Text":"<é\u0001"}`)
	for _, op := range []Op{
		{Action: Insert, Key: k, Row: row},
		{Action: InsertOrReplace, Key: k, Row: row},
		{Action: InsertOrMerge, Key: k, Row: row},
		{Action: Replace, Key: k, ETag: "e", Row: row},
		{Action: Merge, Key: k, ETag: "e", Row: row},
		{Action: Delete, Key: k, ETag: "e"},
	} {
		_, err := a.Table("T").Write(t.Context(), op)
		check(t, op.Action.String(), err)
	}
	_, _ = a.Table("T").Submit(t.Context(), []Op{{Action: Insert, Key: k, Row: row}})
	for i, body := range f.bodies {
		sent := f.requests[i]
		if want := i != 5; strings.Contains(body, string(row)) != want || sent.ContentLength != int64(len(body)) {
			t.Errorf("%s %s with %d bytes: %s", sent.Method, sent.URL.Path, sent.ContentLength, body)
		}
	}
	// Hiding a message says nothing of its text.
	_, err := a.Queue("q").Update(t.Context(), "i", "r", time.Second, nil)
	check(t, "update", err)
	if n := len(f.bodies) - 1; f.bodies[n] != "" || f.requests[n].ContentLength != 0 || f.requests[n].Header.Get("Content-Type") != "" {
		t.Errorf("sent %q", f.bodies[n])
	}
}

func TestTableLife(t *testing.T) {
	t.Parallel()
	tableLife(t, serve(t, azuretest.Options{}), "HubHistory")
}

func tableLife(t *testing.T, a *Account, name string) {
	t.Helper()
	ctx, table := t.Context(), a.Table(name)
	for _, want := range []bool{true, false} {
		if made, err := table.Create(ctx); made != want || err != nil {
			t.Fatalf("create: %t, %v", made, err)
		}
	}
	for _, k := range []Key{{"it's @ü%20 x+y", "0000000000000001"}, {"", "hub-control-00"}, {"order-1", ""}} {
		rowLife(t, table, k)
	}
	for _, want := range []bool{true, false} {
		if was, err := table.Delete(ctx); was != want || err != nil {
			t.Errorf("delete: %t, %v", was, err)
		}
	}
}

func rowLife(t *testing.T, table *Table, k Key) {
	t.Helper()
	ctx := t.Context()
	if _, _, err := table.Get(ctx, k); !NotFound(err) {
		t.Errorf("get nothing: %v", err)
	}
	first, err := table.Write(ctx, Op{Action: Insert, Key: k, Row: row(k, "1")})
	check(t, "insert", err)
	if _, err := table.Write(ctx, Op{Action: Insert, Key: k, Row: row(k, "2")}); !AlreadyExists(err) || !Conflict(err) {
		t.Errorf("insert twice: %v", err)
	}
	second, err := table.Write(ctx, Op{Action: Merge, Key: k, ETag: first, Row: row(k, "3")})
	check(t, "merge", err)
	for _, action := range []Action{Merge, Replace, Delete} {
		if _, err := table.Write(ctx, Op{Action: action, Key: k, ETag: first, Row: row(k, "4")}); !PreconditionFailed(err) {
			t.Errorf("%s under an old ETag: %v", action, err)
		}
	}
	got, etag, err := table.Get(ctx, k)
	check(t, "get", err)
	if x, inside := column(t, got); x != "3" || etag != second || inside != second {
		t.Errorf("got %s under %s, want 3 under %s", got, etag, second)
	}
	last, err := table.Write(ctx, Op{Action: InsertOrReplace, Key: k, Row: row(k, "5")})
	check(t, "insert or replace", err)
	last, err = table.Write(ctx, Op{Action: Replace, Key: k, ETag: last, Row: row(k, "6")})
	check(t, "replace", err)
	_, err = table.Write(ctx, Op{Action: Delete, Key: k, ETag: last})
	check(t, "delete", err)
	if _, err := table.Write(ctx, Op{Action: Merge, Key: k, ETag: AnyETag, Row: row(k, "7")}); !NotFound(err) {
		t.Errorf("merge of nothing: %v", err)
	}
	if _, err := table.Write(ctx, Op{Action: InsertOrMerge, Key: k, Row: row(k, "8")}); err != nil {
		t.Errorf("insert or merge: %v", err)
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	transactions(t, serve(t, azuretest.Options{PageSize: 5}), "HubHistory")
}

func transactions(t *testing.T, a *Account, name string) {
	t.Helper()
	ctx, table := t.Context(), a.Table(name)
	_, err := table.Create(ctx)
	check(t, "create", err)
	var ops []Op
	for i := range 12 {
		k := Key{"it's", fmt.Sprintf("%016X", i)}
		ops = append(ops, Op{Action: InsertOrReplace, Key: k, Row: bytes.Replace(row(k, fmt.Sprint(i)), []byte(","), []byte(",\r\n"), 1)})
	}
	sentinel := Key{"it's", "sentinel"}
	ops = append(ops, Op{Action: Insert, Key: sentinel, Row: row(sentinel, "s")})
	etags, err := table.Submit(ctx, ops)
	check(t, "submit", err)
	_, err = table.Submit(ctx, ops)
	if !AlreadyExists(err) || as(err).Row != 12 || Ambiguous(err) {
		t.Errorf("submit twice: %v", err)
	}
	ops[12] = Op{Action: Merge, Key: sentinel, ETag: etags[12], Row: row(sentinel, "t")}
	again, err := table.Submit(ctx, ops)
	check(t, "submit", err)
	if _, err = table.Submit(ctx, ops); !PreconditionFailed(err) || as(err).Row != 12 {
		t.Errorf("submit under an old ETag: %v", err)
	}
	// Pages, and the ETags of a transaction are those of the rows.
	var page Page
	var seen []string
	for more := true; more; more = page.Next != "" {
		page, err = table.Query(ctx, Query{Filter: "PartitionKey eq " + Quote("it's"), Select: []string{"RowKey", "X"}, Next: page.Next, Top: 7})
		check(t, "query", err)
		for _, row := range page.Rows {
			_, etag := column(t, row)
			seen = append(seen, etag)
		}
	}
	if diff := cmp.Diff(again, seen); diff != "" {
		t.Error(diff)
	}
	if _, err := table.Query(ctx, Query{Next: "made up"}); err == nil {
		t.Error("a made-up page was found")
	}
	_, err = table.Submit(ctx, []Op{{Action: Delete, Key: sentinel, ETag: again[12]}, {Action: Delete, Key: ops[0].Key, ETag: AnyETag}})
	check(t, "delete in a transaction", err)
	if _, err := table.Submit(ctx, []Op{{Action: Merge, Key: sentinel, ETag: again[12], Row: row(sentinel, "u")}}); !NotFound(err) || as(err).Row > 0 {
		t.Errorf("merge of nothing in a transaction: %v", err)
	}
}

func TestLimitsOfTables(t *testing.T) {
	t.Parallel()
	f := always(200)
	ctx, table := t.Context(), open(t, f).Table("T")
	many := make([]Op, MaxOps+1)
	for i := range many {
		many[i] = Op{Key: Key{"p", fmt.Sprint(i)}, Row: []byte("{}")}
	}
	for name, ops := range map[string][]Op{
		"101 operations": many,
		"0 operations":   nil,
		"partition":      {{Key: Key{"p", "r"}, Row: []byte("{}")}, {Key: Key{"q", "r"}, Row: []byte("{}")}},
		"ETag":           {{Action: Merge, Key: Key{"p", "r"}, Row: []byte("{}")}},
		"no ETag":        {{Action: Insert, ETag: "*", Key: Key{"p", "r"}, Row: []byte("{}")}},
		"empty":          {{Action: Insert, Key: Key{"p", "r"}}},
		"bytes":          {{Action: Insert, Key: Key{"p", "r"}, Row: []byte(`{"X":"` + strings.Repeat("x", MaxTransaction) + `"}`)}},
		"unknown action": {{Action: 9, Key: Key{"p", "r"}, Row: []byte("{}")}},
		"not JSON":       {{Action: Insert, Key: Key{"p", "r"}, Row: []byte("{\n")}},
	} {
		if _, err := table.Submit(ctx, ops); err == nil || Transient(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.count() > 0 {
		t.Errorf("%d requests", f.count())
	}
}

func TestBlobLife(t *testing.T) {
	t.Parallel()
	blobLife(t, serve(t, azuretest.Options{}), "hub-largemessages")
}

func blobLife(t *testing.T, a *Account, name string) {
	t.Helper()
	ctx, c := t.Context(), a.Container(name)
	b := c.Blob("@counter@ä b/message-1$+.json.gz")
	if _, err := b.Put(ctx, nil, PutOptions{}); !NotFound(err) {
		t.Errorf("put into nothing: %v", err)
	}
	if there, err := c.Exists(ctx); there || err != nil {
		t.Errorf("exists: %t, %v", there, err)
	}
	for _, want := range []bool{true, false} {
		if made, err := c.Create(ctx); made != want || err != nil {
			t.Fatalf("create: %t, %v", made, err)
		}
	}
	if there, err := c.Exists(ctx); !there || err != nil {
		t.Errorf("exists: %t, %v", there, err)
	}
	etag, err := b.Put(ctx, []byte("one"), PutOptions{IfAbsent: true, ContentType: "application/json", ContentEncoding: "gzip", Metadata: map[string]string{"size": "3"}})
	check(t, "put", err)
	if _, err := b.Put(ctx, []byte("two"), PutOptions{IfAbsent: true}); !AlreadyExists(err) {
		t.Errorf("put over it: %v", err)
	}
	got, err := b.Get(ctx)
	check(t, "get", err)
	if string(got.Content) != "one" || got.ETag != etag || got.ContentEncoding != "gzip" || got.ContentType != "application/json" || got.Metadata["size"] != "3" {
		t.Errorf("got %+v", got)
	}
	properties, err := b.Properties(ctx)
	check(t, "properties", err)
	if diff := cmp.Diff(got.BlobProperties, properties); diff != "" {
		t.Error(diff)
	}
	newer, err := b.Put(ctx, []byte("three"), PutOptions{IfMatch: etag})
	check(t, "put over it", err)
	if _, err := b.Put(ctx, []byte("four"), PutOptions{IfMatch: etag}); !PreconditionFailed(err) {
		t.Errorf("put over a newer one: %v", err)
	}
	_, err = c.Blob("other").Put(ctx, []byte{}, PutOptions{})
	check(t, "put an empty one", err)
	page, err := c.List(ctx, "@counter", "", 0)
	check(t, "list", err)
	if len(page.Blobs) != 1 || page.Blobs[0].Name != b.Name() || page.Blobs[0].ETag != newer || page.Blobs[0].Size != 5 || page.Next != "" {
		t.Errorf("listed %+v", page)
	}
	page, err = c.List(ctx, "", "", 1)
	check(t, "list one", err)
	next, err := c.List(ctx, "", page.Next, 1)
	check(t, "list another", err)
	if len(page.Blobs) != 1 || len(next.Blobs) != 1 || next.Blobs[0].Name != "other" || next.Next != "" {
		t.Errorf("listed %+v and %+v", page, next)
	}
	if want := a.Connection().BlobEndpoint() + "/" + name + "/%40counter%40%C3%A4%20b/message-1%24%2B.json.gz"; b.URL() != want {
		t.Errorf("URL %s, want %s", b.URL(), want)
	}
	for _, want := range []bool{true, false} {
		if was, err := b.Delete(ctx, ""); was != want || err != nil {
			t.Errorf("delete: %t, %v", was, err)
		}
	}
	if _, err := b.Get(ctx); !NotFound(err) {
		t.Errorf("get a deleted one: %v", err)
	}
	for _, want := range []bool{true, false} {
		if was, err := c.Delete(ctx, ""); was != want || err != nil {
			t.Errorf("delete: %t, %v", was, err)
		}
	}
	if _, err := b.Put(ctx, nil, PutOptions{Metadata: map[string]string{"A b": ""}}); err == nil || as(err).Kind != "" {
		t.Errorf("odd metadata: %v", err)
	}
}

func TestLeases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, azuretest.Options{})
		ctx, c := t.Context(), a.Container("hub-applease")
		_, err := c.Create(ctx)
		check(t, "create", err)
		b := c.Blob("hub-appleaseinfo")
		_, err = b.Put(ctx, []byte("{}"), PutOptions{IfAbsent: true})
		check(t, "put", err)
		for _, l := range []Lease{c.Lease(), b.Lease()} {
			for range 2 { // a second time under the same id
				times, err := l.Acquire(ctx, ours, MaxLease)
				check(t, "acquire", err)
				if age := a.ServiceNow().Sub(times.From); age < 0 || age > 2*time.Second || times.LastModified.IsZero() {
					t.Errorf("granted %+v, by the service's clock %s ago", times, age)
				}
			}
			if _, err := l.Acquire(ctx, theirs, MinLease); !LeaseLost(err) || !Conflict(err) {
				t.Errorf("acquire another's: %v", err)
			}
			time.Sleep(MaxLease - time.Second)
			_, err = l.Renew(ctx, ours)
			check(t, "renew", err)
			time.Sleep(MaxLease - time.Second)
			if _, err := l.Renew(ctx, theirs); !LeaseLost(err) {
				t.Errorf("renew another's: %v", err)
			}
			_, err = l.Change(ctx, ours, theirs)
			check(t, "change", err)
			if _, err := l.Renew(ctx, ours); !LeaseLost(err) {
				t.Errorf("renew after a change: %v", err)
			}
			check(t, "release", l.Release(ctx, theirs))
			_, err = l.Acquire(ctx, ours, MinLease)
			check(t, "acquire after the release", err)
			time.Sleep(MinLease + time.Second)
			_, err = l.Acquire(ctx, theirs, ForEver)
			check(t, "acquire after the end", err)
		}
		if _, err := b.Put(ctx, nil, PutOptions{}); !LeaseLost(err) {
			t.Errorf("put without the lease: %v", err)
		}
		_, err = b.Put(ctx, nil, PutOptions{LeaseID: theirs})
		check(t, "put with the lease", err)
		if p, err := b.Properties(ctx); err != nil || !p.Leased {
			t.Errorf("properties %+v, %v", p, err)
		}
		if _, err := c.Delete(ctx, ""); !LeaseLost(err) {
			t.Errorf("delete without the lease: %v", err)
		}
		_, err = c.Delete(ctx, theirs)
		check(t, "delete with the lease", err)
		if _, err := c.Lease().Acquire(ctx, ours, time.Second); err == nil {
			t.Error("a lease of a second")
		}
	})
}
