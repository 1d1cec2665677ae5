package azurite_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

func TestMain(m *testing.M) { azurite.Main(m) }

func TestAllServicesListen(t *testing.T) {
	t.Parallel()
	server := azurite.Shared(t)
	if other := azurite.Shared(t); other != server {
		t.Error("two processes")
	}
	client := http.Client{Timeout: time.Minute}
	for _, kind := range []azuretest.Kind{azuretest.Blob, azuretest.Queue, azuretest.Table} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.Endpoint(kind)+"?comp=list", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Error(err)
			continue
		}
		res.Body.Close()
		if res.StatusCode < http.StatusBadRequest {
			t.Errorf("%s without credentials: %s", kind, res.Status)
		}
	}
	if a, b := azurite.Name(t), azurite.Name(t); a == b {
		t.Error(a)
	}
}
