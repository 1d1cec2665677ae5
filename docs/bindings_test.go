package docs_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var Deliver = durabletask.NewOrchestrator(func(_ durabletask.Context, p Parcel) (string, error) { return p.ID, nil }, durabletask.Named("Deliver"))

// Parcel is what is to be delivered.
type Parcel struct{ ID string }

var (
	Parcels  = bindings.QueueSource{Queue: "parcels"}
	Receipts = bindings.ToQueue[Parcel]("receipts", bindings.QueueTarget{Queue: "receipts"})

	OnParcel = bindings.Queue("OnParcel", Parcels, onParcel, Receipts)
	OnPoison = bindings.Queue("OnPoison", Parcels.Poison(), onPoison)
)

// A message can come twice, so it names the instance: the second start finds it there.
func onParcel(ctx context.Context, m *bindings.QueueMessage[Parcel], client *bindings.DurableClient) error {
	_, err := Deliver.Schedule(ctx, client.Client, m.Body, durabletask.InstanceID(m.Body.ID))
	if _, there := errors.AsType[*durabletask.InstanceExistsError](err); err != nil && !there {
		return err
	}
	bindings.Logger(ctx).Info("a parcel", "id", m.Body.ID, "delivery", m.DequeueCount)
	return Receipts.Send(ctx, m.Body)
}

// What was no Parcel is in the poison queue, as it was.
func onPoison(ctx context.Context, m *bindings.QueueMessage[[]byte], _ *bindings.DurableClient) error {
	bindings.Logger(ctx).Warn("not a parcel", "message", m.ID, "bytes", len(m.Body))
	return nil
}

var OnUpload = bindings.Blob("OnUpload", bindings.BlobSource{Path: "uploads/{batch}/{file}.csv", EventGrid: true},
	func(ctx context.Context, b *bindings.BlobContent, client *bindings.DurableClient) error {
		_, err := client.Schedule(ctx, "Deliver", Parcel{ID: b.Params["batch"] + "-" + b.Params["file"]})
		return err
	}, bindings.MaxBody(64<<20))

var Upload = bindings.HTTP("Upload", bindings.Route{Methods: []string{"put"}, Pattern: "files/{*path}"},
	func(w http.ResponseWriter, r *http.Request, _ *bindings.DurableClient) {
		size, err := io.Copy(io.Discard, r.Body) // a stream
		if err != nil {
			bindings.WriteError(w, err)
			return
		}
		fmt.Fprintf(w, "%d bytes for %s", size, bindings.Param(r, "*"))
	}, bindings.Unlimited)

var OnBus = bindings.Raw("OnBus", bindings.Binding{
	Type: "serviceBusTrigger", Name: "message", Properties: map[string]any{"queueName": "parcels", "dataType": "string"},
}, func(ctx context.Context, in *bindings.Invocation, client *bindings.DurableClient) error {
	var p Parcel
	if err := in.Decode("message", &p); err != nil {
		return err
	}
	_, err := client.Schedule(ctx, "Deliver", p)
	return err
})

// invocation is what the Functions host sends for a message.
func invocation(t *testing.T, function, binding string, body any) *bindings.Invocation {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return &bindings.Invocation{ID: "1", Function: function, Data: map[string]json.RawMessage{binding: text}}
}

func TestParcels(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Deliver), func(t *testing.T, h *durabletest.Hub) {
		client := bindings.NewDurableClient(h.Client, bindings.Links{})
		for range 2 {
			in := invocation(t, "OnParcel", "msg", []byte(`{"ID":"p1"}`))
			out, err := OnParcel.Answer(t.Context(), in, client)
			if err != nil || out.Outputs["receipts"] != base64.StdEncoding.EncodeToString([]byte(`{"ID":"p1"}`)) {
				t.Errorf("%v, %v", out, err)
			}
		}
		if _, err := OnParcel.Answer(t.Context(), invocation(t, "OnParcel", "msg", []byte("?")), client); err == nil || !strings.Contains(err.Error(), "poison") {
			t.Error(err)
		}
		if _, err := OnPoison.Answer(t.Context(), invocation(t, "OnPoison", "msg", []byte("?")), client); err != nil {
			t.Error(err)
		}
		if _, err := OnBus.Answer(t.Context(), invocation(t, "OnBus", "message", `"{\"ID\":\"p2\"}"`), client); err != nil {
			t.Error(err)
		}
		in := invocation(t, "OnUpload", "blob", []byte("a,b"))
		in.Metadata = map[string]json.RawMessage{"batch": json.RawMessage(`"\"b\""`), "file": json.RawMessage(`"\"f\""`)}
		if _, err := OnUpload.Answer(t.Context(), in, client); err != nil {
			t.Error(err)
		}
		h.Settle()
	})
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPut, "/api/files/a/b", strings.NewReader("abc"))
	r.SetPathValue("*", "a/b")
	if Upload.Invoke(w, r, nil); w.Body.String() != "3 bytes for a/b" {
		t.Error(w.Body)
	}
}
