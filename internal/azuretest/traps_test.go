package azuretest_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// What the SDK does that a store has to work around. A test that fails here tells that a new version has mended it.

// A batch does not double the quotes of keys in URLs, so that rows of an instance with an apostrophe in its id can't go in one.
func TestTrapQuotesInBatches(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{})
	c := sdk(t, s.ConnectionString(), s.Transport(azuretest.ClientOptions{}))
	ctx := context.Background()
	_, err := c.tables.CreateTable(ctx, "tab", nil)
	must(t, err)
	table := c.tables.NewClient("tab")
	row := []byte(`{"PartitionKey":"o'ne","RowKey":"r"}`)
	for action, refused := range map[aztables.TransactionType]bool{
		aztables.TransactionTypeAdd: false, aztables.TransactionTypeInsertReplace: true, aztables.TransactionTypeUpdateMerge: true, aztables.TransactionTypeDelete: true,
	} {
		_, err := table.SubmitTransaction(ctx, []aztables.TransactionAction{{ActionType: action, Entity: row}}, nil)
		if (err != nil) != refused {
			t.Errorf("%s: %v", action, err)
		}
	}
	_, err = table.UpsertEntity(ctx, row, nil)
	must(t, err)
}

// The SDK's entity type doubles the quotes of its keys in JSON, where they must not be: keep entities as JSON of one's own.
func TestTrapQuotesInEntities(t *testing.T) {
	t.Parallel()
	e := aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: "o'ne", RowKey: "r"}}
	row, err := json.Marshal(e)
	must(t, err)
	if !strings.Contains(string(row), `"o''ne"`) {
		t.Errorf("%s", row)
	}
}

// An empty PartitionKey, which all rows of the partitions table have, is refused by all calls but AddEntity and queries.
func TestTrapEmptyPartitionKeys(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{})
	c := sdk(t, s.ConnectionString(), s.Transport(azuretest.ClientOptions{}))
	ctx := context.Background()
	_, err := c.tables.CreateTable(ctx, "tab", nil)
	must(t, err)
	table := c.tables.NewClient("tab")
	row := []byte(`{"PartitionKey":"","RowKey":"hub-control-00"}`)
	_, err = table.AddEntity(ctx, row, nil)
	must(t, err)
	const refusal = "parameter partitionKey cannot be empty"
	_, err = table.GetEntity(ctx, "", "hub-control-00", nil)
	expect(t, err, refusal)
	_, err = table.UpdateEntity(ctx, row, nil)
	expect(t, err, refusal)
	_, err = table.UpsertEntity(ctx, row, nil)
	expect(t, err, refusal)
	_, err = table.DeleteEntity(ctx, "", "hub-control-00", nil)
	expect(t, err, refusal)
	_, err = table.SubmitTransaction(ctx, []aztables.TransactionAction{{ActionType: aztables.TransactionTypeUpdateReplace, Entity: row}}, nil)
	expect(t, err, refusal)
}

// Keys with every other kind of character arrive as they are.
func TestOddKeysThroughTheSDK(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{})
	c := sdk(t, s.ConnectionString(), s.Transport(azuretest.ClientOptions{}))
	ctx := context.Background()
	_, err := c.tables.CreateTable(ctx, "tab", nil)
	must(t, err)
	table := c.tables.NewClient("tab")
	for _, key := range []string{"@counter@x", "100%", "a+b c", "日本", "😀", "o'ne''s", "a&b=c;d", "(x),RowKey='y'", `"q"`, "a:b@c!d$e*f", "~^`|<>{}[]", "%2F", ".", ".."} {
		row, err := json.Marshal(map[string]string{"PartitionKey": key, "RowKey": key})
		must(t, err)
		_, err = table.UpsertEntity(ctx, row, nil)
		must(t, err)
		_, err = table.GetEntity(ctx, key, key, nil)
		if err != nil {
			t.Errorf("%q: %s", key, code(err))
		}
		if stored := s.Snapshot().Tables["tab"]; !slices.ContainsFunc(stored, func(e azuretest.Entity) bool { return e.PartitionKey == key && e.RowKey == key }) {
			t.Errorf("%q is stored as %v", key, stored)
		}
		_, err = table.DeleteEntity(ctx, key, key, nil)
		must(t, err)
	}
}

// The same account on ports of its own, with signatures.
func TestOverSockets(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{})
	url := func(kind azuretest.Kind) string {
		server := httptest.NewServer(s.Handler(kind))
		t.Cleanup(server.Close)
		return server.URL + "/" + s.Account()
	}
	c := sdk(t, azuretest.ConnectionString(s.Account(), s.Key(), url(azuretest.Blob), url(azuretest.Queue), url(azuretest.Table)), nil)
	ctx := context.Background()
	_, err := c.queues.CreateQueue(ctx, "que", nil)
	must(t, err)
	_, err = c.queues.NewQueueClient("que").EnqueueMessage(ctx, "x", &azqueue.EnqueueMessageOptions{TimeToLive: new(int32(-1))})
	must(t, err)
	_, err = c.tables.CreateTable(ctx, "tab", nil)
	must(t, err)
	_, err = c.tables.NewClient("tab").SubmitTransaction(ctx, []aztables.TransactionAction{{ActionType: aztables.TransactionTypeAdd, Entity: []byte(`{"PartitionKey":"p","RowKey":"r"}`)}}, nil)
	must(t, err)
	_, err = c.blobs.CreateContainer(ctx, "con", nil)
	must(t, err)
	_, err = c.blobs.UploadBuffer(ctx, "con", "a/b c", []byte("content"), nil)
	must(t, err)
	got := make([]byte, 7)
	_, err = c.blobs.DownloadBuffer(ctx, "con", "a/b c", got, nil)
	must(t, err)
	if string(got) != "content" || len(s.Snapshot().Tables["tab"]) != 1 || len(s.Snapshot().Queues["que"]) != 1 {
		t.Error(s.Snapshot())
	}
}
