package local_test

import (
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A store that is opened with an image has what was committed before the image was taken, and nothing of what came after.
func TestImage(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	create := func(b *local.Backend, id string) {
		t.Helper()
		start := &history.ExecutionStarted{Instance: history.Instance{ID: id, ExecutionID: "e"}, Name: "n"}
		if err := b.Create(ctx, backend.Creation{Start: history.Message{Target: start.Instance, Event: start}}); err != nil {
			t.Fatal(err)
		}
	}
	first := open(t, local.Options{})
	create(first, "before")
	image, err := first.Image(ctx)
	if err != nil {
		t.Fatal(err)
	}
	create(first, "after")
	second := open(t, local.Options{Image: image})
	page, err := second.List(ctx, backend.Query{})
	if err != nil || len(page.Instances) != 1 || page.Instances[0].Instance.ID != "before" {
		t.Errorf("%+v, %v", page.Instances, err)
	}
	if err := second.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if w, err := second.NextOrchestration(ctx); err != nil || w.Instance.ID != "before" {
		t.Errorf("%+v, %v", w, err)
	}
	for _, b := range []*local.Backend{first, second} {
		if err := b.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
	file := open(t, local.Options{Path: t.TempDir() + "/hub.db"})
	if _, err := file.Image(ctx); err == nil || !strings.Contains(err.Error(), "copy the file") {
		t.Errorf("the image of a file: %v", err)
	}
	if err := file.Stop(ctx); err != nil {
		t.Error(err)
	}
	if _, err := local.Open(ctx, local.Options{Image: []byte("no database")}); err == nil {
		t.Error("an image that is none was opened")
	}
}
