package durabletask

import (
	"context"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// PoisonMessage is a message that was given up, because it failed MaxTries times by its own making: it can't be understood, makes the engine panic, or
// leads to something that storage refuses for good. It stays until it is replayed or dropped, and nothing waits for it. Work that fails for another
// reason is never given up: an orchestrator or activity that is not registered waits for the deployment that has it, a failure of storage for its end.
// (A failure of user code is an outcome, and has nothing to do with this.)
type PoisonMessage = backend.PoisonMessage

// PoisonQuery selects messages that were given up; its zero value asks for the first page of all.
type PoisonQuery = backend.PoisonQuery

// PoisonPage is one part of the messages that were given up.
type PoisonPage = backend.PoisonPage

// MaxTries is how often a message is tried that fails by its own making.
const MaxTries = backend.MaxTries

// ErrPoisonNotFound means that no message with the id is among those that were given up.
var ErrPoisonNotFound = backend.ErrPoisonNotFound

// ListPoison returns a page of the messages that were given up, the oldest first, without their texts. A page may be short although more follow: go on
// until Next is empty.
func (c *Client) ListPoison(ctx context.Context, q PoisonQuery) (PoisonPage, error) {
	p, err := c.backend.ListPoison(ctx, q)
	if err != nil {
		return PoisonPage{}, fmt.Errorf("list poison messages: %w", err)
	}
	return p, nil
}

// GetPoison returns a message that was given up with the text that is stored of it, or an error that is ErrPoisonNotFound.
func (c *Client) GetPoison(ctx context.Context, id string) (*PoisonMessage, error) {
	m, err := c.backend.GetPoison(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("get poison message %s: %w", excerpt(id), err)
	}
	return m, nil
}

// ReplayPoison puts a message that was given up back to where it was, as if it had just arrived: for when what was wrong has been mended. The error is
// ErrPoisonNotFound, or ErrInstanceNotFound or ErrInstanceFinished where nobody would read the message any more; then it stays among those that were given
// up. If the process ends meanwhile the message may be in both places, never in none; one that is processed twice has its effect once.
func (c *Client) ReplayPoison(ctx context.Context, id string) error {
	if err := c.backend.ReplayPoison(ctx, id); err != nil {
		return fmt.Errorf("replay poison message %s: %w", excerpt(id), err)
	}
	return nil
}

// DropPoison deletes a message that was given up for good. If it was the start of an instance that is Pending, the instance is terminated, and a parent that
// waits for it sees it fail. If it was what an instance waits for, such as the result of an activity, that instance waits for ever: terminate or rewind
// it. The error is ErrPoisonNotFound.
func (c *Client) DropPoison(ctx context.Context, id string) error {
	if err := c.backend.DropPoison(ctx, id); err != nil {
		return fmt.Errorf("drop poison message %s: %w", excerpt(id), err)
	}
	return nil
}
