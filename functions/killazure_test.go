package main

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/azdurable/azdurable/internal/azuretest/azurite"
	"github.com/azdurable/azdurable/internal/slow"
)

// onAzure is the app with its hub in a storage account.
func onAzure(t *testing.T, connection, hub string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program(t), "-listen", "localhost:0", "-store", "AzureStorage", "-hub", hub)
	cmd.Env = append(os.Environ(), "AzureWebJobsStorage="+connection)
	return cmd
}

// TestKillOnAzureStorage kills the app again and again while orchestrations, an entity and a lock are at work, and wants all of them to end as if
// nothing had happened: the next process takes the leases of a dead one on the same machine at once.
func TestKillOnAzureStorage(t *testing.T) {
	slow.Test(t)
	t.Parallel()
	connection, hub := azurite.Shared(t).ConnectionString(), azurite.Name(t)
	const rounds, each = 4, 10
	next, hit := 0, 0
	p := run(t, onAzure(t, connection, hub))
	p.must(http.StatusAccepted, http.MethodPost, management+"/entities/Counter/from?op=add", "100")
	p.must(http.StatusAccepted, http.MethodPost, "/api/orchestrators/Approval/approval", "")
	for round := range rounds {
		next = p.startMany(next, next+each)
		transfer := "transfer-" + string(rune('a'+round))
		p.must(http.StatusAccepted, http.MethodPost, "/api/orchestrators/Transfer/"+transfer, `{"from":"from","to":"to","amount":10}`)
		_, answer, err := p.ask(http.MethodGet, management+"/instances?runtimeStatus=Pending,Running&instanceIdPrefix=killed-&top=1", "")
		if err == nil && strings.Contains(answer, "killed-") {
			hit++
		}
		p.kill()
		p = run(t, onAzure(t, connection, hub))
	}
	t.Logf("%d of %d kills hit unfinished work", hit, rounds)
	if hit == 0 {
		t.Error("no kill hit unfinished work: the test shows nothing")
	}
	for i := range next {
		if got := p.completed(instance(i)); !strings.Contains(got, `"output":`+greetings) {
			t.Errorf("%s: %s", instance(i), got)
		}
	}
	for round := range rounds {
		p.completed("transfer-" + string(rune('a'+round)))
	}
	p.must(http.StatusAccepted, http.MethodPost, management+"/instances/approval/raiseEvent/Approval", `{"approved":true}`)
	if got := p.completed("approval"); !strings.Contains(got, `"output":"approved"`) {
		t.Errorf("the approval: %s", got)
	}
	for key, want := range map[string]string{"from": `{"value":60}`, "to": `{"value":40}`} {
		p.until(func() bool {
			_, got, err := p.ask(http.MethodGet, management+"/entities/Counter/"+key, "")
			return err == nil && got == want
		})
	}
	if code := p.signal(syscall.SIGTERM); code != 0 {
		t.Errorf("the app exits with %d: %s", code, p.log)
	}
}

// TestRestartOnAzureStorage stops the app as the service manager does: what waits goes on at once in the next process.
func TestRestartOnAzureStorage(t *testing.T) {
	t.Parallel()
	connection, hub := azurite.Shared(t).ConnectionString(), azurite.Name(t)
	p := run(t, onAzure(t, connection, hub))
	p.must(http.StatusAccepted, http.MethodPost, "/api/orchestrators/Approval/approval", "")
	next := p.startMany(0, 5)
	if code := p.signal(syscall.SIGTERM); code != 0 {
		t.Errorf("the app exits with %d: %s", code, p.log)
	}
	p = run(t, onAzure(t, connection, hub))
	for i := range next {
		p.completed(instance(i))
	}
	p.must(http.StatusAccepted, http.MethodPost, management+"/instances/approval/raiseEvent/Approval", `{"approved":false}`)
	if got := p.completed("approval"); !strings.Contains(got, `"output":"rejected"`) {
		t.Errorf("the approval: %s", got)
	}
}
