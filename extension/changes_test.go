package extension

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/google/go-cmp/cmp"
)

func TestNotificationSettings(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (string, bool) {
		value, ok := map[string]string{"Topic": "https://topic/api", "TopicKey": "k", "Empty": ""}[name]
		return value, ok
	}
	for _, c := range []struct {
		settings notifications
		want     string
	}{
		{notifications{}, ""},
		{notifications{endpoint: "%Topic%", keySetting: "TopicKey", kinds: []string{"Started", "Failed"}}, ""},
		{notifications{endpoint: "%Nothing%", keySetting: "TopicKey"}, "must be the URL of a topic"},
		{notifications{endpoint: "topic", keySetting: "TopicKey"}, "must be the URL of a topic"},
		{notifications{endpoint: "https://topic"}, "keySettingName"},
		{notifications{endpoint: "https://topic", keySetting: "Empty"}, "The app setting Empty"},
		{notifications{endpoint: "https://topic", keySetting: "TopicKey", kinds: []string{"Pending"}}, `has "Pending"`},
	} {
		n, err := newNotifier(c.settings, "Hub", lookup, slog.New(slog.DiscardHandler))
		if c.want == "" {
			if err != nil || (n == nil) != (c.settings.endpoint == "") {
				t.Errorf("%+v: %v, %v", c.settings, n, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), "Failed to start lifecycle notification feature. ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.settings, err, c.want)
		}
	}
}

// topic answers requests with codes in turn, 0 for a broken connection, and keeps what it was sent and when.
type topic struct {
	mu    sync.Mutex
	codes []int
	began time.Time
	sent  []string
}

var volatile = regexp.MustCompile(`"(id|eventTime)":"[^"]+"`)

func (t *topic) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = append(t.sent, time.Since(t.began).String()+" "+r.Header.Get("Aeg-Sas-Key")+" "+string(volatile.ReplaceAll(body, []byte(`"$1":"?"`))))
	code := http.StatusOK
	if len(t.codes) > 0 {
		code, t.codes = t.codes[0], t.codes[1:]
	}
	if code == 0 {
		return nil, errors.New("broken")
	}
	return &http.Response{StatusCode: code, Status: http.StatusText(code), Body: http.NoBody}, nil
}

func change(kind durabletask.ChangeKind) durabletask.Change {
	return durabletask.Change{Kind: kind, Name: "Order", Instance: history.Instance{ID: "o-1"}, Reason: "no money"}
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		n, err := newNotifier(notifications{
			endpoint: "https://topic/api", keySetting: "Key", retries: 2, interval: time.Minute, statuses: []int{429}, kinds: []string{"Started", "Failed"},
		}, "Hub", func(string) (string, bool) { return "secret", true }, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		where := &topic{began: time.Now(), codes: []int{503, 429, 200, 0, 400}}
		n.client.Transport = where
		for _, kind := range []durabletask.ChangeKind{
			durabletask.OrchestrationFailed, durabletask.OrchestrationCompleted, durabletask.ActivityFailed, durabletask.OrchestrationSuspended,
		} {
			n.notify(change(kind))
		}
		time.Sleep(3 * time.Minute) //nolint:forbidigo // virtual time: as long as the other tries take
		synctest.Wait()
		n.notify(change(durabletask.OrchestrationStarted))
		time.Sleep(2 * time.Minute) //nolint:forbidigo // as above
		synctest.Wait()
		const failed = ` secret [{"id":"?","topic":null,"subject":"durable/orchestrator/Failed","data":{"hubName":"Hub","functionName":"Order",` +
			`"instanceId":"o-1","reason":"no money","runtimeStatus":"Failed"},"eventType":"orchestratorEvent","eventTime":"?","metadataVersion":null,"dataVersion":"1.0"}]`
		started := strings.NewReplacer("Failed", "Running", "no money", "").Replace(failed)
		if diff := cmp.Diff([]string{"0s" + failed, "1m0s" + failed, "2m0s" + failed, "3m0s" + started, "4m0s" + started}, where.sent); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "the topic answered Bad Request") || strings.Contains(text, "secret") {
			t.Errorf("log: %s", text)
		}
		where.codes = []int{503}
		n.notify(change(durabletask.OrchestrationStarted))
		synctest.Wait()
		n.close() // it doesn't wait for the next try
	})
}

func TestChangesInLogAndMetrics(t *testing.T) {
	t.Parallel()
	var log, text bytes.Buffer
	e := &Extension{metrics: newMetrics(), log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	tell := e.observe()
	tell(durabletask.Change{Kind: durabletask.OrchestrationCompleted, Name: "Order", Instance: history.Instance{ID: "o-1", ExecutionID: "x"}, Took: time.Second})
	tell(durabletask.Change{Kind: durabletask.ActivityFailed, Name: "Pay", Instance: history.Instance{ID: "o-1", ExecutionID: "x"}, TaskID: 3, Reason: "broke"})
	for _, want := range []string{
		`level=DEBUG msg="state changed" event=orchestration.completed name=Order instance=o-1 execution=x took=1s`,
		`level=WARN msg="state changed" event=activity.failed name=Pay instance=o-1 execution=x task=3 reason=broke`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s\nwant %s", log.String(), want)
		}
	}
	e.WriteMetrics(&text)
	for _, want := range []string{
		`azdurable_changes_total{event="orchestration.completed",name="Order"} 1`, `azdurable_changes_total{event="activity.failed",name="Pay"} 1`,
		`azdurable_orchestration_seconds_sum{name="Order"} 1`, `azdurable_activity_seconds_count{name="Pay"} 1`, "process_",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %s in\n%s", want, text.String())
		}
	}
}
