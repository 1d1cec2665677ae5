package azuretest_test

import (
	"fmt"
	"regexp"
	"sync"
	"testing"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// Many clients at once: each message goes to one of them, each conditional update has one winner.
func TestConcurrentClients(t *testing.T) {
	t.Parallel()
	const workers, messages = 8, 200
	b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
	for i := range messages {
		b.do(t, "queue POST que/messages?messagettl=-1", "201", "", text(fmt.Sprint(i)))
	}
	b.do(t, "table PUT tab(PartitionKey='p',RowKey='r')", "204", "", `{"N":0}`)
	var mu sync.Mutex
	received, won := 0, 0
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			c := b
			c.client = b.Transport(azuretest.ClientOptions{Name: fmt.Sprint(w)})
			for {
				a, err := c.try(t, "queue GET que/messages?numofmessages=3")
				m := regexp.MustCompile(`<MessageId>([^<]*).*?<PopReceipt>([^<]*)`).FindAllStringSubmatch(a.body, -1)
				if err != nil || len(m) == 0 {
					return
				}
				row, _ := c.try(t, "table GET tab(PartitionKey='p',RowKey='r')")
				update, _ := c.try(t, "table PUT tab(PartitionKey='p',RowKey='r')", "If-Match: "+row.header.Get("ETag"), `{"N":1}`)
				for _, m := range m {
					if a, err := c.try(t, "queue DELETE que/messages/"+m[1]+"?popreceipt="+m[2]); err != nil || a.status != 204 {
						t.Error(a.outcome(), err)
					}
				}
				_ = b.Snapshot()
				mu.Lock()
				received += len(m)
				if update.status == 204 {
					won++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if received != messages || won == 0 || b.messages(t) != 0 {
		t.Errorf("%d messages received, %d updates won, %d messages left", received, won, b.messages(t))
	}
	if n := b.Counts()[azuretest.OpDeleteMessage]; n != messages {
		t.Errorf("%d deletes", n)
	}
}
