package lease

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestWorkerID(t *testing.T) {
	t.Parallel()
	starts := map[int]string{7: "100"}
	m := Machine{Host: "ho:st", Boot: "b-1", Namespace: "4026", Process: 7, Started: func(process int) (string, error) { return starts[process], nil }}
	id := m.WorkerID(2, "")
	if id != "ho-st:b-1:4026:7:100:2" {
		t.Error(id)
	}
	for worker, gone := range map[string]bool{
		id:                         false,
		m.WorkerID(3, ""):          false,
		"ho-st:b-1:4026:8:100:0":   true,  // no such process
		"ho-st:b-1:4026:7:99:0":    true,  // another process has its number now
		"other:b-1:4026:8:100:0":   false, // another machine
		"ho-st:b-2:4026:8:100:0":   false, // another run of a machine of that name
		"ho-st:b-1:4027:8:100:0":   false, // another container
		"ho-st:b-1:4026:x:100:0":   false,
		"ho-st:b-1:4026:8:100":     false,
		"ho-st:b-1:4026:8:100:0:0": false,
		"workerA":                  false,
		"stamp:role":               false,
		"":                         false,
	} {
		if m.Gone(worker) != gone {
			t.Errorf("%q: gone is %v", worker, !gone)
		}
		if (Machine{Host: "ho:st", Boot: "b-1", Namespace: "4026"}).Gone(worker) {
			t.Errorf("%q: gone to a machine that can't tell", worker)
		}
	}
	if a := (Machine{Host: "h", Process: 7}).WorkerID(0, "r4nd"); a != "h:::7:r4nd:0" {
		t.Error(a)
	}
}

func TestThisMachine(t *testing.T) {
	t.Parallel()
	m := ThisMachine()
	if m.Started == nil {
		t.Skip("this machine has no /proc: there is nothing to test")
	}
	id := m.WorkerID(0, "")
	if m.Gone(id) || m.Gone(strings.TrimSuffix(id, "0")+"1") {
		t.Errorf("we are gone: %s", id)
	}
	child := exec.Command(os.Args[0], "-test.list", "^$")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	other := m
	other.Process = child.Process.Pid
	childID := other.WorkerID(0, "")
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if !m.Gone(childID) {
		t.Errorf("a process that has ended is not gone: %s", childID)
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	const rest = " 1 1 1 0 -1 4194560 100 0 0 0 1 2 3 4 20 0 %THREADS% 0 12345 1000 200 184467"
	for text, want := range map[string]string{
		"12 (go) S" + strings.ReplaceAll(rest, "%THREADS%", "9"):       "12345",
		"12 (a) b) (c) R" + strings.ReplaceAll(rest, "%THREADS%", "1"): "12345",
		"12 (go) Z" + strings.ReplaceAll(rest, "%THREADS%", "1"):       "",
		"12 (go) Z" + strings.ReplaceAll(rest, "%THREADS%", "5"):       "12345", // only its first thread has ended
	} {
		if got, err := parseStat(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "12 (go", "12 (go) S 1"} {
		if got, err := parseStat(text); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}
