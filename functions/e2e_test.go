package main

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStartAndStatus(t *testing.T) {
	t.Parallel()
	p := run(t, exec.Command(program(t), "-listen", "localhost:0"))
	p.must(http.StatusOK, http.MethodGet, "/", "")
	for _, c := range []struct{ name, input, output string }{
		{"HelloCities", "", `["Hello Tokyo!","Hello Seattle!","Hello London!"]`},
		{"HelloCities", `["Berlin"]`, `["Hello Berlin!"]`},
		{"FanOut", "100", "338350"},
	} {
		id := "e2e-" + c.name
		answer := p.must(http.StatusAccepted, http.MethodPost, "/api/orchestrators/"+c.name+"/"+id, c.input)
		if !strings.Contains(answer, `"statusQueryGetUri":"`+p.base+management+"/instances/"+id+"?") {
			t.Errorf("the answer has no link to the status: %s", answer)
		}
		if answer := p.completed(id); !strings.Contains(answer, `"output":`+c.output+",") {
			t.Errorf("%s(%s): %s, want output %s", c.name, c.input, answer, c.output)
		}
	}
}

func TestSIGTERMDrains(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p := run(t, exec.Command(program(t), "-listen", "localhost:0", "-data", folder))
	p.must(http.StatusAccepted, http.MethodPost, "/api/orchestrators/FanOut/drained", "500")
	if code := p.signal(syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d, want 0; %s", code, p.log)
	}
	p = run(t, exec.Command(program(t), "-listen", "localhost:0", "-data", folder))
	if answer := p.completed("drained"); !strings.Contains(answer, `"output":41791750,`) {
		t.Errorf("after the restart: %s", answer)
	}
	if code := p.signal(syscall.SIGINT); code != 0 {
		t.Fatalf("exit code %d, want 0; %s", code, p.log)
	}
}

// TestSecondSignalExitsAtOnce stops an app whose activity does not end.
func TestSecondSignalExitsAtOnce(t *testing.T) {
	t.Parallel()
	p := run(t, itself("stuck", "-listen", "localhost:0"))
	p.must(http.StatusAccepted, http.MethodPost, management+"/orchestrators/Stuck/s", "")
	p.until(func() bool {
		return strings.Contains(p.must(http.StatusAccepted, http.MethodGet, management+"/instances/s?showHistory=true", ""), "TaskScheduled")
	})
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.until(func() bool { return strings.Contains(p.log.String(), "a second signal stops at once") })
	begin := time.Now()
	if code := p.signal(syscall.SIGTERM); code != 143 {
		t.Errorf("exit code %d, want 143; %s", code, p.log)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestREADME runs the README's curl lines in their order, and kills the app where the README does.
func TestREADME(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl on this machine; install it to check the README's commands")
	}
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	begin := func() *process { return run(t, exec.Command(program(t), "-listen", "localhost:0", "-data", folder)) }
	p, curls, answer := begin(), 0, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "kill -9") {
			p.kill()
			p = begin()
		}
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		curls++
		line = strings.ReplaceAll(line, "http://localhost:7071", p.base)
		out, err := exec.Command("sh", "-c", strings.Replace(line, "curl ", "curl -sS --fail-with-body ", 1)).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
		answer = string(out)
	}
	if curls < 4 || !strings.Contains(p.completed("a-1"), `"output":"approved"`) {
		t.Errorf("after %d curl lines the last answer is %s", curls, answer)
	}
}
