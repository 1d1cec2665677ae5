package azuretest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// clients are the SDK's clients of an account.
type clients struct {
	queues *azqueue.ServiceClient
	tables *aztables.ServiceClient
	blobs  *azblob.Client
}

// sdk makes the SDK's clients; a nil transport is the network.
func sdk(tb testing.TB, connection string, transport policy.Transporter) clients {
	tb.Helper()
	options := policy.ClientOptions{Transport: transport, Retry: policy.RetryOptions{MaxRetries: -1}}
	queues, err := azqueue.NewServiceClientFromConnectionString(connection, &azqueue.ClientOptions{ClientOptions: options})
	must(tb, err)
	tables, err := aztables.NewServiceClientFromConnectionString(connection, &aztables.ClientOptions{ClientOptions: options})
	must(tb, err)
	blobs, err := azblob.NewClientFromConnectionString(connection, &azblob.ClientOptions{ClientOptions: options})
	must(tb, err)
	return clients{queues, tables, blobs}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// code returns the service's error code in err, or what else err is.
func code(err error) string {
	var re *azcore.ResponseError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &re):
		return fmt.Sprintf("%d %s", re.StatusCode, re.ErrorCode)
	}
	return err.Error()
}

func expect(tb testing.TB, err error, want string) {
	tb.Helper()
	if got := code(err); got != want {
		tb.Errorf("got %q, want %q", got, want)
	}
}

func TestQueuesThroughTheSDK(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{})
	c := sdk(t, s.ConnectionString(), s.Transport(azuretest.ClientOptions{}))
	ctx := context.Background()
	q := c.queues.NewQueueClient("hub-control-00")
	_, err := q.Create(ctx, nil)
	must(t, err)
	text := `{"a":"<é&😀>` + "\n" + `"}`
	put, err := q.EnqueueMessage(ctx, text, &azqueue.EnqueueMessageOptions{TimeToLive: new(int32(-1)), VisibilityTimeout: new(int32(10))})
	must(t, err)
	_, err = q.EnqueueMessage(ctx, text, &azqueue.EnqueueMessageOptions{TimeToLive: new(int32(-1))})
	must(t, err)
	got, err := q.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: new(int32(32)), VisibilityTimeout: new(int32(30))})
	must(t, err)
	if len(got.Messages) != 1 || *got.Messages[0].MessageText != text || *got.Messages[0].DequeueCount != 1 {
		t.Fatalf("%+v", got.Messages)
	}
	m := got.Messages[0]
	updated, err := q.UpdateMessage(ctx, *m.MessageID, *m.PopReceipt, "", &azqueue.UpdateMessageOptions{VisibilityTimeout: new(int32(0))})
	must(t, err)
	_, err = q.DeleteMessage(ctx, *m.MessageID, *m.PopReceipt, nil)
	expect(t, err, "400 PopReceiptMismatch")
	_, err = q.DeleteMessage(ctx, *m.MessageID, *updated.PopReceipt, nil)
	must(t, err)
	_, err = q.DeleteMessage(ctx, *m.MessageID, *updated.PopReceipt, nil)
	expect(t, err, "404 MessageNotFound")
	_, err = q.DeleteMessage(ctx, *put.Messages[0].MessageID, *put.Messages[0].PopReceipt, nil)
	must(t, err)
	properties, err := q.GetProperties(ctx, nil)
	must(t, err)
	if *properties.ApproximateMessagesCount != 0 {
		t.Error(*properties.ApproximateMessagesCount)
	}
	var names []string
	for pager := c.queues.NewListQueuesPager(&azqueue.ListQueuesOptions{Prefix: new("hub-")}); pager.More(); {
		page, err := pager.NextPage(ctx)
		must(t, err)
		for _, item := range page.Queues {
			names = append(names, *item.Name)
		}
	}
	if !slices.Equal(names, []string{"hub-control-00"}) {
		t.Error(names)
	}
}

func TestTablesThroughTheSDK(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{PageSize: 2})
	c := sdk(t, s.ConnectionString(), s.Transport(azuretest.ClientOptions{}))
	ctx := context.Background()
	_, err := c.tables.CreateTable(ctx, "HubHistory", nil)
	must(t, err)
	table := c.tables.NewClient("HubHistory")
	var actions []aztables.TransactionAction
	for i := range 5 {
		entity, err := json.Marshal(map[string]any{
			"PartitionKey": "on(e é", "RowKey": fmt.Sprintf("%04d", i), "N": i, "Big": "12", "Big@odata.type": "Edm.Int64",
			"At": "2026-01-02T03:04:05.1234567Z", "At@odata.type": "Edm.DateTime",
		})
		must(t, err)
		actions = append(actions, aztables.TransactionAction{ActionType: aztables.TransactionTypeInsertReplace, Entity: entity})
	}
	_, err = table.SubmitTransaction(ctx, actions, nil)
	must(t, err)
	one, err := table.GetEntity(ctx, "on(e é", "0003", nil)
	must(t, err)
	var entity aztables.EDMEntity
	must(t, json.Unmarshal(one.Value, &entity))
	if entity.Properties["Big"] != aztables.EDMInt64(12) || entity.Properties["N"] != int32(3) {
		t.Errorf("%#v", entity)
	}
	_, err = table.UpdateEntity(ctx, []byte(`{"PartitionKey":"on(e é","RowKey":"0003","M":true,"N":null}`), &aztables.UpdateEntityOptions{IfMatch: &one.ETag, UpdateMode: aztables.UpdateModeMerge})
	must(t, err)
	_, err = table.UpdateEntity(ctx, []byte(`{"PartitionKey":"on(e é","RowKey":"0003"}`), &aztables.UpdateEntityOptions{IfMatch: &one.ETag, UpdateMode: aztables.UpdateModeReplace})
	expect(t, err, "412 UpdateConditionNotSatisfied")
	rows, pages := 0, 0
	for pager := table.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: new("PartitionKey eq 'on(e é' and N lt 9")}); pager.More(); pages++ {
		page, err := pager.NextPage(ctx)
		must(t, err)
		rows += len(page.Entities)
	}
	if rows != 5 || pages != 3 {
		t.Errorf("%d rows on %d pages", rows, pages)
	}
	_, err = table.AddEntity(ctx, []byte(`{"PartitionKey":"on(e é","RowKey":"0003"}`), nil)
	expect(t, err, "409 EntityAlreadyExists")
	_, err = table.DeleteEntity(ctx, "on(e é", "0003", nil)
	must(t, err)
	_, err = table.GetEntity(ctx, "on(e é", "0003", nil)
	expect(t, err, "404 ResourceNotFound")
}

func TestBlobsThroughTheSDK(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{})
	c := sdk(t, s.ConnectionString(), s.Transport(azuretest.ClientOptions{}))
	ctx := context.Background()
	_, err := c.blobs.CreateContainer(ctx, "hub-leases", nil)
	must(t, err)
	b := c.blobs.ServiceClient().NewContainerClient("hub-leases").NewBlockBlobClient("a b/c@%é.json")
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.UploadBuffer(ctx, []byte("hello"), &blockblob.UploadBufferOptions{
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: new(azcore.ETagAny)}},
	})
	must(t, err)
	_, err = b.UploadBuffer(ctx, []byte("hello"), &blockblob.UploadBufferOptions{
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: new(azcore.ETagAny)}},
	})
	expect(t, err, "409 BlobAlreadyExists")
	d, err := b.DownloadStream(ctx, nil)
	must(t, err)
	content, err := io.ReadAll(d.Body)
	must(t, err)
	if string(content) != "hello" {
		t.Errorf("%q", content)
	}
	buffer := make([]byte, 5)
	_, err = b.DownloadBuffer(ctx, buffer, nil)
	must(t, err)
	l, err := lease.NewBlobClient(b, &lease.BlobClientOptions{LeaseID: new("811c9dc5-0000-0000-0000-000000000000")})
	must(t, err)
	_, err = l.AcquireLease(ctx, 15, nil)
	must(t, err)
	_, err = l.AcquireLease(ctx, 15, nil)
	must(t, err)
	_, err = b.Delete(ctx, nil)
	expect(t, err, "412 LeaseIdMissing")
	_, err = l.ReleaseLease(ctx, nil)
	must(t, err)
	var names []string
	for pager := c.blobs.NewListBlobsFlatPager("hub-leases", nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		must(t, err)
		for _, item := range page.Segment.BlobItems {
			names = append(names, *item.Name)
		}
	}
	if !slices.Equal(names, []string{"a b/c@%é.json"}) {
		t.Error(names)
	}
	_, err = b.Delete(ctx, nil)
	must(t, err)
	_, err = b.GetProperties(ctx, nil)
	expect(t, err, "404 BlobNotFound")
}
