package durabletask

import (
	"context"
	"errors"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// HubInfo is what a task hub says about itself.
type HubInfo = backend.HubInfo

// Compaction is what Client.Compact has done.
type Compaction = backend.Compaction

// ErrNotCompactable means that the store gives free space back by itself.
var ErrNotCompactable = errors.New("this store has no file to compact: it gives space back by itself")

// HubInfo says what the client's task hub has to say about itself: where it is, what is in it, what waits, and who works on it.
func (c *Client) HubInfo(ctx context.Context) (HubInfo, error) {
	info, err := c.backend.Info(ctx)
	if err != nil {
		return HubInfo{}, fmt.Errorf("look at the task hub: %w", err)
	}
	return info, nil
}

// Compact gives the space back to the disk that purges have freed in the embedded store: until then it is used again for new instances. It may be called
// while workers run; what they store waits meanwhile, a second or some for each 100 MB that are left. It needs as much free space as the file will have, twice.
// If it fails, or the process ends, nothing has changed. The error is ErrNotCompactable for other stores.
func (c *Client) Compact(ctx context.Context) (Compaction, error) {
	b, ok := c.backend.(backend.Compactor)
	if !ok {
		return Compaction{}, ErrNotCompactable
	}
	done, err := b.Compact(ctx)
	if err != nil {
		return Compaction{}, fmt.Errorf("compact the task hub: %w", err)
	}
	return done, nil
}
