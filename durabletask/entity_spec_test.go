package durabletask_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// The rules of entities-semantics, and where they are tested (e: internal/entity, h: history, w: azurestorage/wire, b: backend/backendtest,
// x: extension; the others are in this package):
//
//	2     e/TestEntityIDs, TestEntityKeysTellCaseApart, TestEntityIDsThatCannotBe, e/TestRecordedLockOrder
//	3     b/"an event makes an entity" and its neighbours, e/TestRecordOfABatch
//	4     h/TestEntityJSONIsTheReferences, TestEntityRequestsAreReadTolerantly; w/TestRecordedEntity…; e/TestIntake…, TestOnlyCallersAreAnswered, TestOutcomeOfCalls
//	5     h/TestEntityStateRoundTrip, e/TestRecordedDialects, TestDeletedEntity
//	6     e/TestBatchStopsAtItsLimit, x/TestRecorded
//	7     e/TestSorter…, TestLabelsGrow
//	8.1   e/TestIntake…, TestSuspendedEntity…, TestLockStateCountsAtTheMomentOfArrival
//	8.2   e/TestBatchStopsAtItsLimit, TestLockRequestEndsTheBatch, TestLockedEntityServesItsOwnerFirst; TestBatchesAreLimited
//	8.3   TestSpec_8_3_…, e/TestBatchStoppedEarlyQueuesTheRest, x/TestUnknownEntities
//	8.4   TestEntityFailureLeavesNoTrace, TestEntityOperationThatPanics, TestEntityThatIsOnlyRead, TestSpec_8_4_…, e/TestStartsOfOrchestrations
//	8.6   e/TestSignalsOfEntities, TestBatchThatCannotBeRunAnswersAll, TestRecordedBatches
//	8.7   e/TestLockRequestIsForwardedAsItIs, TestContendersGetTheLocksInTurn
//	9     e/TestDelayed…, TestLongDelayTravelsInSteps; TestSignalsAreNeverEarly
//	10    lock_test.go, e/TestRulesOfCriticalSections, TestUnlockGivesUpWhatWasNotGranted
//	11    TestEntityIsCalled, TestSpec_11_…, e/TestCallAndSignal, TestRecordedCallers
//	12    TestEntityIsSignalledReadAndDeleted, TestEntitiesAreListedAndCleaned, TestOrphanedLocksAreCleaned, e/TestRemovableEntities,
//	      b/"an entity can be purged in whatever state", TestEntityIsSuspendedResumedAndTerminated
//	13    x/TestRecorded, TestEntityRequests
//
// 8.5 and 14 are about other languages' workers and tracing.

// jammed is an entity whose operations take long, or make states that can't be stored.
type jammed struct {
	Value any `json:"value"`
}

var jams = durabletask.NewEntity[jammed](durabletask.Named("Jammed"))

func (j *jammed) Set(_ durabletask.EntityContext, v int) (int, error) {
	j.Value = v
	return v, nil
}

func (j *jammed) Spoil(durabletask.EntityContext, durabletask.None) (int, error) {
	j.Value = func() {}
	return 1, nil
}

func (j *jammed) Work(ctx durabletask.EntityContext, d time.Duration) (time.Time, error) {
	select {
	case <-time.After(d):
		return time.Now(), nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

func TestSpec_8_4_StateThatCannotBeStoredFailsTheOperation(t *testing.T) {
	t.Parallel()
	s := script(func(ctx durabletask.Context) (string, error) {
		id := jams.ID("a")
		_, err := durabletask.CallEntity(ctx, id, (*jammed).Set, 5)
		_, spoilt := durabletask.CallEntity(ctx, id, (*jammed).Spoil, durabletask.None{})
		if !errors.Is(spoilt, durabletask.ErrEntityState) || !strings.Contains(spoilt.Error(), "can't be stored") {
			return "", fmt.Errorf("got %w", spoilt)
		}
		return "", err
	})
	durabletest.Test(t, durabletask.New(s, jams), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, s, durabletask.None{}); err != nil {
			t.Error(err)
		}
		if e, err := h.Entity(t.Context(), jams.ID("a").EntityID); err != nil || *e.State != `{"value":5}` {
			t.Errorf("the state is %+v, %v", e, err)
		}
	})
}

// A batch that takes long is stored in between, so that nobody waits for the operations of others.
func TestSpec_8_3_LongBatchesAreStoredInBetween(t *testing.T) {
	t.Parallel()
	s := script(func(ctx durabletask.Context) (string, error) {
		for range 4 {
			if err := durabletask.SignalEntity(ctx, jams.ID("a"), (*jammed).Work, 6*time.Second); err != nil {
				return "", err
			}
		}
		last, err := durabletask.CallEntity(ctx, jams.ID("a"), (*jammed).Work, 0)
		return fmt.Sprint(last.Sub(ctx.Now()) < 10*time.Second), err
	})
	durabletest.Test(t, durabletask.New(s, jams), func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, s, durabletask.None{})
		h.Advance(13 * time.Second)
		if e, err := h.Entity(t.Context(), jams.ID("a").EntityID); err != nil || !e.Exists || e.QueueSize != 3 {
			t.Errorf("after two of five operations: %+v, %v", e, err)
		}
		if got, err := i.Wait(t.Context()); err != nil || got != "true" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// An operation that ends with the worker's patience is run again after the next start; what it has failed with is not its own.
func TestSpec_8_3_OperationsThatAreStoppedRunAgain(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(jams), func(t *testing.T, h *durabletest.Hub) {
		if err := durabletask.Signal(t.Context(), h.Client, jams.ID("a"), (*jammed).Work, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := durabletask.Signal(t.Context(), h.Client, jams.ID("a"), (*jammed).Set, 1); err != nil {
			t.Fatal(err)
		}
		h.Advance(time.Minute)
		h.Crash()
		h.Advance(time.Hour + time.Second)
		if e, err := h.Entity(t.Context(), jams.ID("a").EntityID); err != nil || e.State == nil || *e.State != `{"value":1}` {
			t.Errorf("the state is %+v, %v", e, err)
		}
	})
}

// A worker that stops ends the contexts of operations. What they say to that is not taken for a failure of theirs.
func TestSpec_8_3_StoppedWorkerBlamesNobody(t *testing.T) {
	t.Parallel()
	app := durabletask.New(jams)
	began := make(chan struct{}, 1)
	app.UseEntities(func(next durabletask.Handler[*durabletask.EntityWork]) durabletask.Handler[*durabletask.EntityWork] {
		return func(ctx context.Context, w *durabletask.EntityWork) error {
			began <- struct{}{}
			return next(ctx, w)
		}
	})
	b := setup(t, app, durabletask.WorkerOptions{})
	ctx := t.Context()
	_ = durabletask.Signal(ctx, b.Client, jams.ID("a"), (*jammed).Work, time.Hour)
	<-began
	now, cancel := context.WithCancel(ctx)
	cancel()
	_ = b.Stop(now) // says that it could not wait
	if strings.Contains(b.log.String(), "an operation has failed") {
		t.Errorf("the log has\n%s", b.log)
	}
}

// Signals from one orchestration to one entity take effect in the order of sending; so do calls among them.
func TestSpec_11_SignalsAndCallsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	runScript(t, "100", func(ctx durabletask.Context) (string, error) {
		id := tallies.ID("a")
		for range 50 {
			if err := durabletask.SignalEntity(ctx, id, (*tally).Add, 1); err != nil {
				return "", err
			}
		}
		task := durabletask.StartEntityCall(ctx, id, (*tally).Add, 50)
		if err := durabletask.SignalEntity(ctx, id, (*tally).Add, 1000); err != nil {
			return "", err
		}
		n, err := task.Await(ctx)
		return fmt.Sprint(n), err
	})
}

// What can't be understood is dropped and reported; what comes with it is not held up.
func TestSpec_8_1_UnreadableMessagesAreDropped(t *testing.T) {
	t.Parallel()
	b := setup(t, durabletask.New(jams), durabletask.WorkerOptions{})
	ctx := t.Context()
	for _, bad := range []any{"text", 5, map[string]any{"op": "set"}, map[string]any{"id": "5f4dcc3b-5aa7-65d6-1d83-27deb882cf99", "op": "set", "input": map[string]any{}}} {
		for _, name := range []string{"op", "open", "op@nonsense"} {
			if err := b.RaiseEvent(ctx, "@jammed@a", name, bad); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.RaiseEvent(ctx, "@jammed@a", "hello", nil); err != nil {
		t.Fatal(err)
	}
	if err := durabletask.Signal(ctx, b.Client, jams.ID("a"), (*jammed).Set, 7); err != nil {
		t.Fatal(err)
	}
	for {
		e, err := b.Entity(ctx, jams.ID("a").EntityID)
		if err != nil {
			t.Fatal(err)
		}
		if e.State != nil && *e.State == `{"value":7}` {
			break
		}
		runtime.Gosched()
	}
	if n := strings.Count(b.log.String(), "drops a message that it can't understand"); n != 12 {
		t.Errorf("%d messages reported\n%s", n, b.log)
	}
}

// With rollback off, what an operation has done before it failed is kept, as in-process .NET does on request.
func TestSpec_8_4_FailedOperationsCanBeKept(t *testing.T) {
	t.Parallel()
	s := script(func(ctx durabletask.Context) (string, error) {
		_, err := durabletask.CallEntity(ctx, tallies.ID("a"), (*tally).Spend, 7)
		if !errors.Is(err, errBroke) {
			return "", fmt.Errorf("got %w", err)
		}
		_, err = durabletask.CallEntityByName[int](ctx, tallies.ID("a").EntityID, "nope", nil)
		if !errors.Is(err, durabletask.ErrNoOperation) {
			return "", fmt.Errorf("got %w", err)
		}
		n, err := durabletask.CallEntity(ctx, tallies.ID("a"), (*tally).Get, durabletask.None{})
		return fmt.Sprint(n), err
	})
	durabletest.Test(t, durabletask.New(s, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		if got, err := durabletest.Run(h, s, durabletask.None{}); err != nil || got != "-7" {
			t.Errorf("got %q, %v", got, err)
		}
		h.Advance(time.Second)
		if v, _, err := durabletask.ReadEntity(t.Context(), h.Client, tallies.ID("log")); err != nil || v.Value != 1 {
			t.Errorf("its signal has left %d, %v", v.Value, err)
		}
	}, durabletask.WorkerOptions{KeepFailedOperations: true})
}
