package account

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/azdurable/azdurable/durabletask/backend"
)

type fixedClock time.Time

func (c fixedClock) Now() time.Time { return time.Time(c) }

// testdata/signed.json has requests that the SDK's own clients for queues, tables and blobs have signed.
func TestSignaturesAreTheSDKs(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/signed.json")
	if err != nil {
		t.Fatal(err)
	}
	var signed []struct {
		Name   string            `json:"Name"`
		Method string            `json:"Method"`
		URL    string            `json:"URL"`
		Length int64             `json:"Length"`
		Header map[string]string `json:"Header"`
		Table  bool              `json:"Table"`
	}
	if err := json.Unmarshal(data, &signed); err != nil {
		t.Fatal(err)
	}
	c, err := ParseConnectionString("AccountName=acct;AccountKey=" + testKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range signed {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			at, err := http.ParseTime(s.Header["X-Ms-Date"])
			if err != nil {
				t.Fatal(err)
			}
			f := always(http.StatusOK)
			sign := newSharedKey("acct", c.proof.key, &backend.Environment{Clock: fixedClock(at)})
			pipeline := runtime.NewPipeline("", "", runtime.PipelineOptions{PerCall: []policy.Policy{sign}}, &policy.ClientOptions{
				Transport: f, Telemetry: policy.TelemetryOptions{Disabled: true},
			})
			which := queueService
			if s.Table {
				which = tableService
			}
			req, err := runtime.NewRequest(withAttempt(t.Context(), &attempt{request: &request{service: which}}), s.Method, s.URL)
			if err != nil {
				t.Fatal(err)
			}
			req.Raw().ContentLength = s.Length
			for name, value := range s.Header {
				req.Raw().Header.Set(name, value)
			}
			resp, err := pipeline.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if got, want := f.requests[0].Header.Get("Authorization"), s.Header["Authorization"]; got != want {
				t.Errorf("signed %s, the SDK %s", got, want)
			}
		})
	}
}
