package azuretest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// BenchmarkHello does through the SDK what one orchestration of five steps costs: 5 × (put, receive, batch of five rows, merge,
// delete), with 10,000 other instances in the tables.
func BenchmarkHello(b *testing.B) {
	s := azuretest.New(azuretest.Options{Anonymous: true})
	c := sdk(b, s.ConnectionString(), s.Transport(azuretest.ClientOptions{}))
	ctx := context.Background()
	_, err := c.tables.CreateTable(ctx, "History", nil)
	must(b, err)
	history := c.tables.NewClient("History")
	queue := c.queues.NewQueueClient("control")
	_, err = queue.Create(ctx, nil)
	must(b, err)
	for i := range 10_000 {
		_, err := history.UpsertEntity(ctx, fmt.Appendf(nil, `{"PartitionKey":"other-%05d","RowKey":"sentinel"}`, i*7919%10_000), nil)
		must(b, err)
	}
	s.ResetLog()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		for step := range 5 {
			_, err := queue.EnqueueMessage(ctx, fmt.Sprintf(`{"$type":"DurableTask.AzureStorage.MessageData","Step":%d}`, step), &azqueue.EnqueueMessageOptions{TimeToLive: new(int32(-1))})
			must(b, err)
			got, err := queue.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: new(int32(32))})
			must(b, err)
			var rows []aztables.TransactionAction
			for row := range 5 {
				rows = append(rows, aztables.TransactionAction{
					ActionType: aztables.TransactionTypeInsertReplace,
					Entity: fmt.Appendf(nil, `{"PartitionKey":"instance-%d","RowKey":"%016X","EventType":"TaskScheduled","Name":"SayHello","EventId":%d,"_Timestamp":"2026-01-02T03:04:05.1234567Z","_Timestamp@odata.type":"Edm.DateTime"}`,
						n, step*5+row, row),
				})
			}
			_, err = history.SubmitTransaction(ctx, rows, nil)
			must(b, err)
			_, err = history.UpsertEntity(ctx, fmt.Appendf(nil, `{"PartitionKey":"instance-%d","RowKey":"sentinel","Step":%d}`, n, step), nil)
			must(b, err)
			_, err = queue.DeleteMessage(ctx, *got.Messages[0].MessageID, *got.Messages[0].PopReceipt, nil)
			must(b, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*25), "µs/request")
}

// BenchmarkPut is the smallest request without the SDK.
func BenchmarkPut(b *testing.B) {
	s := setup(b, azuretest.Options{}, azuretest.ClientOptions{})
	b.ReportAllocs()
	for b.Loop() {
		s.do(b, "queue POST que/messages", "201", "", text("x"))
	}
}
