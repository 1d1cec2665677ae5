package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/internal/slow"
)

func TestKill(t *testing.T) {
	slow.Test(t)
	t.Parallel()
	folder := t.TempDir()
	killAndFinish(t, folder, func() *exec.Cmd {
		return exec.Command(program(t), "-listen", "localhost:0", "-data", folder)
	})
}

func TestKillOnLossyDisk(t *testing.T) {
	slow.Test(t)
	t.Parallel()
	folder := t.TempDir()
	killAndFinish(t, folder, func() *exec.Cmd { return itself("lossy", folder) })
}

const (
	kills     = 20
	instances = 200
)

// An orchestration of five activities.
const (
	cities    = `["Tokyo","Seattle","London","Lima","Oslo"]`
	greetings = `["Hello Tokyo!","Hello Seattle!","Hello London!","Hello Lima!","Hello Oslo!"]`
	calls     = 5
)

// killAndFinish starts 200 orchestrations, kills the app at 20 random moments while they run, and wants all of them to end as if
// nothing had happened.
func killAndFinish(t *testing.T, folder string, command func() *exec.Cmd) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	hit, next := 0, 0
	for range kills {
		p := run(t, command())
		wait := time.NewTimer(time.Duration(random.Int64N(int64(40 * time.Millisecond))))
		started := make(chan int)
		go func(from int) { started <- p.startMany(from, from+instances/kills) }(next)
		<-wait.C
		p.kill()
		next = <-started
		if unfinished(t, folder) {
			hit++
		}
	}
	t.Logf("%d of %d kills hit unfinished work; %d instances were started under fire", hit, kills, next)
	p := run(t, command())
	if next = p.startMany(next, instances); next < instances {
		code, answer, err := p.ask(http.MethodPost, "/api/orchestrators/HelloCities/"+instance(next), "")
		t.Fatalf("could not start %s: %d %s %v; %s", instance(next), code, answer, err, p.log)
	}
	for i := range instances {
		p.completed(instance(i))
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.kill()
	if hit == 0 {
		t.Error("no kill hit unfinished work: the test shows nothing")
	}
	b := open(t, folder)
	defer b.Stop(context.Background())
	for i := range instances {
		verify(t, b, instance(i))
	}
}

func instance(i int) string { return fmt.Sprintf("killed-%03d", i) }

// startMany starts instances until the app dies, and returns the first that has not been started for certain. One whose start was
// not answered may be there: then it is refused (409) or, if it has ended, started anew.
func (p *process) startMany(from, to int) int {
	for i := from; i < to; i++ {
		code, _, err := p.ask(http.MethodPost, "/api/orchestrators/HelloCities/"+instance(i), cities)
		if err != nil || code != http.StatusAccepted && code != http.StatusConflict {
			return i
		}
	}
	return to
}

// open opens the store that an app has left.
func open(t *testing.T, folder string) backend.Backend {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.db"))
	if err != nil || len(files) != 1 {
		t.Fatalf("stores in %s: %v %v", folder, files, err)
	}
	b, err := local.Open(context.Background(), local.Options{Path: files[0]})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unfinished(t *testing.T, folder string) bool {
	t.Helper()
	b := open(t, folder)
	defer b.Stop(context.Background())
	page, err := b.List(context.Background(), backend.Query{Statuses: []history.Status{history.Pending, history.Running}, PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.Instances) > 0
}

// verify checks the outcome and the history of an instance.
func verify(t *testing.T, b backend.Backend, id string) {
	t.Helper()
	state, err := b.Get(context.Background(), id)
	if err != nil || state.Status != history.Completed || state.Output == nil || *state.Output != greetings {
		t.Errorf("%s: %+v %v, want output %s", id, state, err, greetings)
		return
	}
	events, err := b.History(context.Background(), id)
	if err != nil {
		t.Errorf("%s: %v", id, err)
		return
	}
	if flaw := flawOf(events); flaw != "" {
		var shown []string
		for _, e := range events {
			shown = append(shown, fmt.Sprintf("%v %d", e.Type(), e.Head().ID))
		}
		t.Errorf("%s: %s in the history %s", id, flaw, strings.Join(shown, ", "))
	}
}

// flawOf says what is wrong with the history of an orchestration that called its activities one after the other.
func flawOf(events []history.Event) string {
	if len(events) < 4 {
		return "too few events"
	}
	last := len(events) - 1
	ends := []history.Type{events[0].Type(), events[1].Type(), events[last-1].Type(), events[last].Type()}
	if !slices.Equal(ends, []history.Type{
		history.TypeOrchestratorStarted, history.TypeExecutionStarted, history.TypeExecutionCompleted, history.TypeOrchestratorCompleted,
	}) {
		return fmt.Sprintf("the ends %v", ends)
	}
	next, open, results := 0, false, 0
	for i, e := range events {
		switch e := e.(type) {
		case *history.OrchestratorStarted:
			if open {
				return fmt.Sprintf("an episode within an episode at %d", i)
			}
			open = true
		case *history.OrchestratorCompleted:
			if !open {
				return fmt.Sprintf("an end without an episode at %d", i)
			}
			open = false
		case *history.TaskScheduled:
			if e.ID != next {
				return fmt.Sprintf("the id %d at %d, want %d", e.ID, i, next)
			}
			next++
		case *history.TaskCompleted:
			if e.TaskID != results || results >= next {
				return fmt.Sprintf("the result of %d at %d, want that of %d", e.TaskID, i, results)
			}
			results++
		case *history.ExecutionStarted, *history.ExecutionCompleted:
		default:
			return fmt.Sprintf("a %v at %d", e.Type(), i)
		}
	}
	if results != calls {
		return fmt.Sprintf("%d results", results)
	}
	return ""
}
