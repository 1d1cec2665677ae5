package bindings_test

import (
	"testing"

	"github.com/azdurable/azdurable/bindings"
)

func TestNeedsBundle(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		"httpTrigger": false, "http": false, "timerTrigger": false, "manualTrigger": false, "warmupTrigger": false,
		"queueTrigger": true, "queue": true, "blob": true, "eventGridTrigger": true,
	} {
		f := bindings.Function{Bindings: []bindings.Binding{{Type: "httpTrigger"}, {Type: kind}}}
		if got := bindings.NeedsBundle(f); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if bindings.NeedsBundle(bindings.HTTP("Start", bindings.Route{}, nothing).Function()) {
		t.Error("an HTTP function needs a bundle")
	}
}
