package main

import (
	"errors"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// Approval waits for somebody to decide, but not for ever.
var Approval = durabletask.NewOrchestrator(approval)

// Decided is the event that Approval waits for.
var Decided = durabletask.NewEvent[Decision]("Approval")

// Decision is what the event carries.
type Decision struct {
	Approved bool `json:"approved"`
}

const patience = 72 * time.Hour

func approval(ctx durabletask.Context, _ any) (string, error) {
	decision, err := Decided.Wait(ctx, patience)
	switch {
	case errors.Is(err, durabletask.ErrTimeout):
		return "expired", nil
	case err != nil:
		return "", err
	case decision.Approved:
		return "approved", nil
	default:
		return "rejected", nil
	}
}
