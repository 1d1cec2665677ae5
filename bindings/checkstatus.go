package bindings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// CreateCheckStatusResponse answers 202 with the URLs of an instance. It does not look whether there is such an instance.
//
// DTFx: HttpApiHandler.CreateCheckStatusResponseMessage.
func (c *DurableClient) CreateCheckStatusResponse(w http.ResponseWriter, r *http.Request, id string, options ...LinkOption) {
	p := c.CreateHTTPManagementPayload(r, id, options...)
	p.RewindPostURI = "" // the reference leaves it out here
	w.Header().Set("Location", p.StatusQueryGetURI)
	w.Header().Set("Retry-After", retryStatus)
	WriteJSON(w, http.StatusAccepted, p)
}

// retryStatus is after how many seconds whoever has started an instance should look at its status.
const retryStatus = "10"

// Wait says how long a response waits for an instance to end, and what it then looks like.
type Wait struct {
	// Timeout is how long to wait; not above zero means one look.
	Timeout time.Duration
	// RetryInterval is how long to wait before looking again for an instance that does not exist yet; 0 means 1 s.
	RetryInterval time.Duration
	// FailureIs500 answers 500 for a failed instance (returnInternalServerErrorOnFailure), instead of 200.
	FailureIs500 bool
	// Status writes the status of an instance that ended without a result; nil writes it without history.
	Status func(w http.ResponseWriter, r *http.Request, code int, s *durabletask.State)
}

// WaitForCompletionOrCreateCheckStatusResponse waits for the instance to end and answers with its output alone if it completed,
// with its status if it ended otherwise, and with CreateCheckStatusResponse if it is still going on. An instance that does not
// exist is waited for, too. It returns an error without having answered if the retry interval exceeds the timeout or storage
// failed.
func (c *DurableClient) WaitForCompletionOrCreateCheckStatusResponse(w http.ResponseWriter, r *http.Request, id string, o Wait) error {
	if err := o.Check(); err != nil {
		return err
	}
	readOut(r)
	state, err := c.waitFor(r.Context(), id, o)
	switch {
	case err != nil:
		return err
	case state == nil || !state.Status.Terminal():
		c.CreateCheckStatusResponse(w, r, id, o.links()...)
	case state.Status == durabletask.Completed:
		WriteJSON(w, http.StatusOK, payload(state.Output))
	default:
		code := http.StatusOK
		if state.Status == durabletask.Failed && o.FailureIs500 {
			code = http.StatusInternalServerError
		}
		if o.Status == nil {
			WriteJSON(w, code, NewStatusPayload(state))
			return nil
		}
		o.Status(w, r, code, state)
	}
	return nil
}

// leftover is how much of a body is read out for a client that is waited with; one that sends more is not heard when it leaves.
const leftover = 256 << 10

// readOut reads what is left of a body: until a request has been read to its end, its server does not notice that the client has left.
func readOut(r *http.Request) {
	if r.Body != nil {
		_, _ = io.CopyN(io.Discard, r.Body, leftover) // a client that has left ends the wait by itself
	}
}

// Check returns an error if the retry interval is longer than the timeout.
func (o *Wait) Check() error {
	if o.RetryInterval > o.Timeout {
		return fmt.Errorf("Total timeout %v should be bigger than retry timeout %v", // ext: DurableClient.cs
			o.Timeout.Seconds(), o.RetryInterval.Seconds())
	}
	return nil
}

func (o *Wait) links() []LinkOption {
	if o.FailureIs500 {
		return []LinkOption{FailureIs500}
	}
	return nil
}

// waitFor returns the state of an instance once it has ended or the time is up; nil if there is no such instance.
func (c *DurableClient) waitFor(parent context.Context, id string, o Wait) (*durabletask.State, error) {
	if o.RetryInterval <= 0 {
		o.RetryInterval = min(time.Second, max(o.Timeout, 0))
	}
	ctx, cancel := context.WithTimeout(parent, max(o.Timeout, 0))
	defer cancel()
	for ctx.Err() == nil {
		state, err := c.Wait(ctx, id)
		if err == nil {
			return state, nil
		}
		if !errors.Is(err, durabletask.ErrInstanceNotFound) {
			break // the time is up, or storage failed: the last look below tells
		}
		t := time.NewTimer(o.RetryInterval)
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
	}
	state, err := c.Get(context.WithoutCancel(parent), id) // a caller whom the server's end cut short still gets an answer
	if errors.Is(err, durabletask.ErrInstanceNotFound) {
		return nil, nil
	}
	return state, err
}
