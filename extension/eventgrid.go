package extension

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/google/uuid"
)

// notifications says where news of instances goes: client-and-options §7.4.
type notifications struct {
	endpoint, keySetting string
	retries              int
	interval             time.Duration
	statuses             []int
	kinds                []string
}

// notifier publishes changes of instances to an Event Grid topic (ext: EventGridLifeCycleNotificationHelper).
//
// Differs from ext, which publishes before the episode is stored, and so again when that fails: here it comes after, so that nothing is published that has not
// happened.
type notifier struct {
	notifications
	hub, key string
	log      *slog.Logger
	client   *http.Client

	ctx   context.Context //nolint:containedctx // the life of what is under way: stop ends it
	stop  context.CancelFunc
	slots chan struct{}
	under sync.WaitGroup
}

// The limits of publishing.
const (
	// notificationsAtOnce are how many notifications may be under way, those that wait for another try included.
	notificationsAtOnce = 256
	notificationTimeout = 30 * time.Second
)

// runtimeStatus is what the events of an instance are called in notifications; other changes are not published.
func runtimeStatus(kind durabletask.ChangeKind) string {
	switch kind {
	case durabletask.OrchestrationStarted, durabletask.EntityCreated:
		return "Running"
	case durabletask.OrchestrationCompleted, durabletask.OrchestrationContinuedAsNew:
		return "Completed"
	case durabletask.OrchestrationFailed:
		return "Failed"
	case durabletask.OrchestrationTerminated:
		return "Terminated"
	}
	return ""
}

// newNotifier returns nil if the settings name no topic. The error says what to set.
func newNotifier(s notifications, hub string, lookup func(string) (string, bool), log *slog.Logger) (*notifier, error) {
	const failed = "Failed to start lifecycle notification feature. " // ext: EventGridLifeCycleNotificationHelper
	s.endpoint = expand(s.endpoint, lookup)
	switch u, err := url.Parse(s.endpoint); {
	case s.endpoint == "":
		return nil, nil
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%snotifications.eventGrid.topicEndpoint must be the URL of a topic, not %q", failed, s.endpoint)
	case s.keySetting == "":
		return nil, errors.New(failed + "Set notifications.eventGrid.keySettingName to the name of the app setting that has the topic's key")
	}
	key, _ := lookup(s.keySetting)
	if key == "" {
		return nil, fmt.Errorf("%sThe app setting %s, which notifications.eventGrid.keySettingName names, is empty; put the topic's key there", failed, s.keySetting)
	}
	for i, kind := range s.kinds {
		switch kind {
		case "Started":
			s.kinds[i] = "Running"
		case "Running", "Completed", "Failed", "Terminated":
		default:
			return nil, fmt.Errorf("%snotifications.eventGrid.publishEventTypes has %q; it may have Started, Completed, Failed and Terminated", failed, kind)
		}
	}
	n := &notifier{
		notifications: s, hub: hub, key: key, log: log, client: &http.Client{Timeout: notificationTimeout},
		slots: make(chan struct{}, notificationsAtOnce),
	}
	n.ctx, n.stop = context.WithCancel(context.Background())
	return n, nil
}

// gridEvent is one event as Event Grid takes it.
type gridEvent struct {
	ID              string   `json:"id"`
	Topic           *string  `json:"topic"`
	Subject         string   `json:"subject"`
	Data            gridData `json:"data"`
	EventType       string   `json:"eventType"`
	EventTime       string   `json:"eventTime"`
	MetadataVersion *string  `json:"metadataVersion"`
	DataVersion     string   `json:"dataVersion"`
}

type gridData struct {
	HubName       string `json:"hubName"`
	FunctionName  string `json:"functionName"`
	InstanceID    string `json:"instanceId"`
	Reason        string `json:"reason"`
	RuntimeStatus string `json:"runtimeStatus"`
}

// notify publishes a change, if it is one that is to be published, and doesn't wait for it.
func (n *notifier) notify(c durabletask.Change) {
	status := runtimeStatus(c.Kind)
	if status == "" || len(n.kinds) > 0 && !slices.Contains(n.kinds, status) {
		return
	}
	select {
	case n.slots <- struct{}{}:
	default:
		n.log.Warn("a notification is dropped: too many are under way", "instance", c.Instance.ID, "status", status)
		return
	}
	reason := c.Reason
	if status == "Running" || status == "Completed" {
		reason = ""
	}
	body, err := json.Marshal([]gridEvent{{
		ID: uuid.NewString(), Subject: "durable/orchestrator/" + status, EventType: "orchestratorEvent", DataVersion: "1.0",
		EventTime: time.Now().UTC().Format(time.RFC3339Nano),
		Data:      gridData{HubName: n.hub, FunctionName: c.Name, InstanceID: c.Instance.ID, Reason: reason, RuntimeStatus: status},
	}})
	n.under.Go(func() {
		defer func() { <-n.slots }()
		if err == nil {
			err = n.publish(body)
		}
		if err != nil {
			n.log.Warn("a notification could not be published", "instance", c.Instance.ID, "status", status, "error", err)
		}
	})
}

// publish sends an event, and again as often as the settings say if the topic is not to be had for now.
func (n *notifier) publish(body []byte) error {
	for try := 0; ; try++ {
		again, err := n.send(body)
		if err == nil || !again || try == n.retries {
			return err
		}
		t := time.NewTimer(n.interval)
		select {
		case <-t.C:
		case <-n.ctx.Done():
			t.Stop()
			return errors.Join(err, n.ctx.Err())
		}
	}
}

// send makes one request. again says that another one may have more luck.
func (n *notifier) send(body []byte) (again bool, err error) {
	r, err := http.NewRequestWithContext(n.ctx, http.MethodPost, n.endpoint, bytes.NewReader(body))
	if err != nil {
		return false, fmt.Errorf("publish: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Aeg-Sas-Key", n.key)
	answer, err := n.client.Do(r)
	if err != nil {
		return true, fmt.Errorf("publish: %w", err)
	}
	_ = answer.Body.Close() // nothing in it matters
	if answer.StatusCode < 300 {
		return false, nil
	}
	return answer.StatusCode == http.StatusServiceUnavailable || slices.Contains(n.statuses, answer.StatusCode),
		fmt.Errorf("publish: the topic answered %s", answer.Status)
}

// close gives up what is under way and waits for it.
func (n *notifier) close() {
	n.stop()
	n.under.Wait()
}
