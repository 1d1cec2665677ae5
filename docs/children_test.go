package docs_test

import (
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var (
	Invoice  = durabletask.NewOrchestrator(invoice)
	MonthEnd = durabletask.NewOrchestrator(monthEnd)
)

func invoice(_ durabletask.Context, customer string) (string, error) {
	return "invoice for " + customer, nil
}

// monthEnd has an orchestration for each customer, which can be asked for by an id of its own.
func monthEnd(ctx durabletask.Context, customers []string) ([]string, error) {
	var invoices []*durabletask.Task[string]
	for _, c := range customers {
		id := durabletask.InstanceID(ctx.InstanceID() + ":" + c)
		invoices = append(invoices, Invoice.Start(ctx, c, id))
	}
	return durabletask.WhenAll(ctx, invoices...)
}

func TestMonthEnd(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Invoice, MonthEnd), func(t *testing.T, h *durabletest.Hub) {
		got, err := durabletest.Run(h, MonthEnd, []string{"ada", "bob"}, durabletask.InstanceID("2026-11"))
		if len(got) != 2 || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if s, err := h.Get(t.Context(), "2026-11:bob"); err != nil || s.Status != durabletask.Completed {
			t.Errorf("%+v, %v", s, err)
		}
	})
}
