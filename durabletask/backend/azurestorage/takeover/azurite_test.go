package takeover_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
	"github.com/azdurable/azdurable/internal/azuretest/restore"
	"github.com/azdurable/azdurable/internal/slow"
)

// quick are the snapshots that are always taken over on Azurite; the others only when there is time, and those that take long in any case never.
var (
	quick = []string{"hello-5/after-2-activities", "suspend-resume/suspended", "snapshot-orchestration-holding-locks/snapshot"}
	never = []string{"timer-long", "orphan-messages", "two-workers", "two-workers-blob", "app-lease", "stop-strands-timer", "hub-create-delete"}
)

// The same on real storage, as far as there is one here.
func TestTakeoverOnAzurite(t *testing.T) {
	t.Parallel()
	for _, root := range roots() {
		for _, r := range recordings(t, root, "snapshot*.json") {
			for _, file := range r.snapshots() {
				name := r.name + "/" + strings.TrimSuffix(strings.TrimPrefix(file, "snapshot-"), ".json")
				if slices.Contains(never, r.name) || len(r.outcomes) == 0 {
					continue
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					if !slices.Contains(quick, name) {
						slow.Test(t)
					}
					takeoverOnAzurite(t, azurite.Shared(t), r, file)
				})
			}
		}
	}
}

func takeoverOnAzurite(t *testing.T, server *azurite.Server, r *recording, file string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := &site{t: t, settings: r.settings, connection: server.ConnectionString(), buffer: bufferOf(r)}
	s.Hub = azurite.Name(t)
	state := r.state(t, file, server.Endpoint(azuretest.Blob), s.Hub)
	if err := restore.Into(ctx, s.connection, nil, state); err != nil {
		t.Fatal(err)
	}
	s.callsBefore(state)
	s.open()
	defer s.close()
	s.start()
	for i := range r.calls {
		c := &r.calls[i]
		if c.at < r.dumps[file] {
			continue
		}
		if c.name != "wait" && c.args.Instance != "" {
			s.awaitWaiting(ctx, c.args.Instance)
		}
		if err := s.do(ctx, c); (err != nil) != c.fails {
			t.Logf("%s %+v: %v", c.name, c.args, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.outcomes)) {
		want := r.outcomes[id]
		if want.entity {
			s.awaitEntity(ctx, id, want.state)
			continue
		}
		if want.status == "Running" || want.status == "Suspended" {
			continue
		}
		if _, err := s.client.Wait(ctx, id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	s.compare(r)
}

// awaitWaiting waits until an instance runs, so that what is asked of it now is handled after what came before.
func (s *site) awaitWaiting(ctx context.Context, id string) {
	s.poll(ctx, func() bool {
		state, err := s.client.Get(ctx, id)
		return err != nil || state.Status != durabletask.Pending
	})
}

// awaitEntity waits until an entity has a state.
func (s *site) awaitEntity(ctx context.Context, id string, want *string) {
	s.poll(ctx, func() bool {
		e, err := s.client.Entity(ctx, entityID(id))
		return err == nil && text(e.State) == text(want)
	})
}

// poll asks again and again until it is so, or ctx ends.
func (s *site) poll(ctx context.Context, so func() bool) {
	const pause = 50 * time.Millisecond
	for look := time.NewTicker(pause); ; {
		if so() || ctx.Err() != nil {
			look.Stop()
			return
		}
		<-look.C
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
