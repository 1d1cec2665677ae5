package restore_test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/go-cmp/cmp/cmpopts"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
	"github.com/azdurable/azdurable/internal/azuretest/restore"
)

func TestMain(m *testing.M) { azurite.Main(m) }

// A recording goes into Azurite in the same way.
func TestRestoreIntoAzurite(t *testing.T) {
	t.Parallel()
	server := azurite.Shared(t)
	data, err := os.ReadFile("../testdata/large-result.json")
	if err != nil {
		t.Fatal(err)
	}
	hub := azurite.Name(t)
	data = []byte(strings.NewReplacer("golden01", hub).Replace(string(data)))
	state, err := azuretest.ParseState(data, server.Endpoint(azuretest.Blob))
	if err != nil {
		t.Fatal(err)
	}
	if err := restore.Into(context.Background(), server.ConnectionString(), nil, state); err != nil {
		t.Fatal(err)
	}
	client, err := azblob.NewClientFromConnectionString(server.ConnectionString(), nil)
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	for pager := client.NewListBlobsFlatPager(hub+"-largemessages", nil); pager.More(); {
		page, err := pager.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		names += len(page.Segment.BlobItems)
	}
	if want := len(state.Containers[hub+"-largemessages"].Blobs); names != want || want == 0 {
		t.Errorf("%d blobs, want %d", names, want)
	}
}

// What is restored through the SDK is what Load puts there, but for what only the service decides.
func TestRestoreIsLoad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		restored, loaded := azuretest.New(azuretest.Options{}), azuretest.New(azuretest.Options{})
		state, err := azuretest.ParseState(data, restored.Endpoint(azuretest.Blob))
		if err != nil {
			t.Fatal(file, err)
		}
		if err := loaded.Load(state); err != nil {
			t.Fatal(file, err)
		}
		if err := restore.Into(context.Background(), restored.ConnectionString(), restored.Transport(azuretest.ClientOptions{}), state); err != nil {
			t.Fatal(file, err)
		}
		diff := gocmp.Diff(loaded.Snapshot(), restored.Snapshot(),
			cmpopts.IgnoreFields(azuretest.State{}, "TakenAt"), cmpopts.IgnoreFields(azuretest.Entity{}, "ETag"),
			cmpopts.IgnoreFields(azuretest.Message{}, "ID", "Inserted", "NextVisible", "Dequeued", "PopReceipt"),
			cmpopts.SortSlices(func(a, b azuretest.Property) int { return cmp.Compare(a.Name, b.Name) }),
		)
		if diff != "" {
			t.Errorf("%s: loaded -, restored +\n%s", file, diff)
		}
		if slices.Contains([]string{"large-result.json"}, filepath.Base(file)) && len(state.Containers) < 2 {
			t.Errorf("%s: no large messages", file)
		}
	}
}
