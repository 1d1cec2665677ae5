// Package restore writes a recorded state into a storage account through the SDK's clients: into azuretest, Azurite or a real
// account alike. What only the service itself decides is lost: ids, dequeue counts, ETags and leases. To keep those, in
// azuretest, there is Service.Load.
package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// maxBatchBytes keeps a batch well below the service's limit: the SDK adds headers to each row.
const maxBatchBytes = azuretest.MaxBatchBytes / 2

// Into writes a state into the account of a connection string. Queues, tables and containers must not exist yet. Messages
// become visible when what was left of their invisibility is over. transport is nil for the network.
func Into(ctx context.Context, connection string, transport policy.Transporter, state *azuretest.State) error {
	options := policy.ClientOptions{Transport: transport, Retry: policy.RetryOptions{MaxRetries: -1}}
	if err := tables(ctx, connection, options, state); err != nil {
		return fmt.Errorf("restore tables: %w", err)
	}
	if err := queues(ctx, connection, options, state); err != nil {
		return fmt.Errorf("restore queues: %w", err)
	}
	if err := blobs(ctx, connection, options, state); err != nil {
		return fmt.Errorf("restore blobs: %w", err)
	}
	return nil
}

func tables(ctx context.Context, connection string, options policy.ClientOptions, state *azuretest.State) error {
	service, err := aztables.NewServiceClientFromConnectionString(connection, &aztables.ClientOptions{ClientOptions: options})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(state.Tables)) {
		if _, err := service.CreateTable(ctx, name, nil); err != nil {
			return err
		}
		table := service.NewClient(name)
		var batch []aztables.TransactionAction
		size, partition := 0, ""
		flush := func() error {
			if len(batch) == 0 {
				return nil
			}
			_, err := table.SubmitTransaction(ctx, batch, nil)
			batch, size = nil, 0
			return err
		}
		for _, e := range state.Tables[name] {
			row, err := odata(e)
			if err != nil {
				return err
			}
			// In batches the SDK does not double the quotes in keys, and refuses an empty PartitionKey.
			if e.PartitionKey == "" || strings.Contains(e.PartitionKey+e.RowKey, "'") {
				if _, err := table.AddEntity(ctx, row, nil); err != nil {
					return err
				}
				continue
			}
			if e.PartitionKey != partition || len(batch) == azuretest.MaxBatchOperations || size+len(row) > maxBatchBytes {
				if err := flush(); err != nil {
					return err
				}
			}
			partition = e.PartitionKey
			size += len(row)
			batch = append(batch, aztables.TransactionAction{ActionType: aztables.TransactionTypeInsertReplace, Entity: row})
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}

// odata writes a row with the types in annotations.
func odata(e azuretest.Entity) ([]byte, error) {
	row := map[string]any{"PartitionKey": e.PartitionKey, "RowKey": e.RowKey}
	for _, p := range e.Properties {
		switch p.Type {
		case "Edm.String":
			row[p.Name] = p.Value
		case "Edm.Int32", "Edm.Boolean":
			row[p.Name] = json.RawMessage(p.Value)
		default:
			row[p.Name], row[p.Name+"@odata.type"] = p.Value, p.Type
		}
	}
	return json.Marshal(row)
}

func queues(ctx context.Context, connection string, options policy.ClientOptions, state *azuretest.State) error {
	service, err := azqueue.NewServiceClientFromConnectionString(connection, &azqueue.ClientOptions{ClientOptions: options})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(state.Queues)) {
		queue := service.NewQueueClient(name)
		if _, err := queue.Create(ctx, nil); err != nil {
			return err
		}
		for _, m := range state.Queues[name] {
			left := max(0, (m.NextVisible.Sub(state.TakenAt)+time.Second-1)/time.Second)
			_, err := queue.EnqueueMessage(ctx, m.Text, &azqueue.EnqueueMessageOptions{
				TimeToLive: new(int32(-1)), VisibilityTimeout: new(int32(min(left, azuretest.MaxVisibilitySeconds))),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func blobs(ctx context.Context, connection string, options policy.ClientOptions, state *azuretest.State) error {
	client, err := azblob.NewClientFromConnectionString(connection, &azblob.ClientOptions{ClientOptions: options})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(state.Containers)) {
		if _, err := client.CreateContainer(ctx, name, nil); err != nil {
			return err
		}
		for _, b := range state.Containers[name].Blobs {
			o := azblob.UploadBufferOptions{HTTPHeaders: &blob.HTTPHeaders{}}
			if b.ContentType != "" {
				o.HTTPHeaders.BlobContentType = &b.ContentType
			}
			if _, err := client.UploadBuffer(ctx, name, b.Name, b.Content, &o); err != nil {
				return err
			}
		}
	}
	return nil
}
