package lease

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/history"
)

// taskHubBlob is the blob that says with how many partitions a hub of a blob manager was made.
const taskHubBlob = "taskhub.json"

// taskHub is what stands in it, in this order (DTFx: TaskHubInfo).
type taskHub struct {
	TaskHubName    string `json:"TaskHubName"`
	CreatedAt      string `json:"CreatedAt"`
	PartitionCount int    `json:"PartitionCount"`
}

// taskHubTime is how the reference writes the time of creation: with up to seven digits.
const taskHubTime = "2006-01-02T15:04:05.9999999Z"

func parseTaskHub(data []byte) (taskHub, error) {
	var h taskHub
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &h); err != nil {
		return taskHub{}, fmt.Errorf("%s: %w", taskHubBlob, err)
	}
	if h.PartitionCount < 1 {
		return taskHub{}, fmt.Errorf("%s: partition count %d", taskHubBlob, h.PartitionCount)
	}
	return h, nil
}

// readTaskHub returns what the blob says; account.NotFound if it is not there.
func readTaskHub(ctx context.Context, c *account.Container) (taskHub, error) {
	content, err := c.Blob(taskHubBlob).Get(ctx)
	if err != nil {
		return taskHub{}, err
	}
	return parseTaskHub(content.Content)
}

// ensureTaskHub writes the blob if it is missing, and compares it if it is there.
//
// DTFx: BlobPartitionLeaseManager.CreateLeaseStoreIfNotExistsAsync.
// Differs from DTFx: a hub with another number of partitions is refused, not renumbered, because its instances would be looked for in other queues.
func ensureTaskHub(ctx context.Context, c *account.Container, o *Options) error {
	h, err := readTaskHub(ctx, c)
	if account.NotFound(err) {
		created := o.Account.ServiceNow().Truncate(history.Resolution).Format(taskHubTime)
		data, _ := json.Marshal(taskHub{TaskHubName: o.Hub, CreatedAt: created, PartitionCount: o.Partitions}) //nolint:errchkjson // texts and a number
		_, err = c.Blob(taskHubBlob).Put(ctx, data, account.PutOptions{IfAbsent: true})
		if err == nil {
			return nil
		}
		if account.AlreadyExists(err) || account.Ambiguous(err) {
			h, err = readTaskHub(ctx, c)
		}
	}
	switch {
	case err != nil:
		return err
	case h.PartitionCount != o.Partitions:
		return &PartitionCountError{Hub: o.Hub, Have: h.PartitionCount, Want: o.Partitions}
	case !strings.EqualFold(h.TaskHubName, o.Hub):
		return fmt.Errorf("%s: it is of hub %q", taskHubBlob, h.TaskHubName)
	}
	return nil
}
