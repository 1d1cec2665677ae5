package docs_test

import (
	"context"
	"os"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var Ticket = durabletask.NewOrchestrator(ticket)

// ticket takes time, chance and its surroundings from the context and from what it records.
func ticket(ctx durabletask.Context, _ durabletask.None) (string, error) {
	issued := ctx.Now()
	id := ctx.NewUUID()
	seat := ctx.Rand().IntN(300)
	host, err := durabletask.Record(ctx, "host", func(context.Context) (string, error) { return os.Hostname() })
	if err != nil {
		return "", err
	}
	ctx.Logger().Info("ticket issued", "at", issued, "id", id, "seat", seat, "host", host)
	return id.String(), nil
}

func TestTicket(t *testing.T) {
	t.Parallel()
	durabletest.CrashEverywhere(t, durabletask.New(Ticket), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, Ticket, durabletask.None{}, durabletask.InstanceID("t-1")); err != nil {
			t.Error(err)
		}
	})
}
