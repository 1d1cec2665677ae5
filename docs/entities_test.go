package docs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var Accounts = durabletask.NewEntity[Account]()

// Account is the state of one account. Its methods are the operations.
type Account struct {
	Balance int `json:"balance"`
}

const ErrOverdrawn = durabletask.ErrorKind("Overdrawn")

func (a *Account) Deposit(_ durabletask.EntityContext, amount int) (int, error) {
	a.Balance += amount
	return a.Balance, nil
}

func (a *Account) Withdraw(_ durabletask.EntityContext, amount int) (int, error) {
	a.Balance -= amount
	if a.Balance < 0 {
		return 0, ErrOverdrawn.New("%d are missing", -a.Balance) // the balance is as it was before
	}
	return a.Balance, nil
}

func (a Account) Read(durabletask.EntityContext, durabletask.None) (int, error) {
	return a.Balance, nil
}

var Payday = durabletask.NewOrchestrator(payday)

func payday(ctx durabletask.Context, salary int) (int, error) {
	balance, err := durabletask.CallEntity(ctx, Accounts.ID("ada"), (*Account).Deposit, salary)
	if err != nil {
		return 0, err
	}
	tomorrow := durabletask.SignalAt(ctx.Now().Add(24 * time.Hour))
	return balance, durabletask.SignalEntity(ctx, Accounts.ID("landlord"), (*Account).Deposit, 700, tomorrow)
}

func TestPayday(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Accounts, Payday), func(t *testing.T, h *durabletest.Hub) {
		if err := durabletask.Signal(t.Context(), h.Client, Accounts.ID("ada"), (*Account).Deposit, 5); err != nil {
			t.Error(err)
		}
		if got, err := durabletest.Run(h, Payday, 2000); got != 2005 || err != nil {
			t.Errorf("%d, %v", got, err)
		}
		h.Advance(24 * time.Hour)
		if a, exists, err := durabletask.ReadEntity(t.Context(), h.Client, Accounts.ID("landlord")); a.Balance != 700 || !exists || err != nil {
			t.Errorf("%+v, %v, %v", a, exists, err)
		}
	})
}

var Move = durabletask.NewOrchestrator(move)

type Payment struct {
	From, To string
	Amount   int
}

func move(ctx durabletask.Context, p Payment) (durabletask.None, error) {
	from, to := Accounts.ID(p.From), Accounts.ID(p.To)
	unlock, err := durabletask.Lock(ctx, from, to)
	if err != nil {
		return durabletask.None{}, err
	}
	defer unlock()
	if _, err := durabletask.CallEntity(ctx, from, (*Account).Withdraw, p.Amount); err != nil {
		return durabletask.None{}, err // nothing has changed
	}
	_, err = durabletask.CallEntity(ctx, to, (*Account).Deposit, p.Amount)
	return durabletask.None{}, err
}

func TestMove(t *testing.T) {
	t.Parallel()
	durabletest.CrashEverywhere(t, durabletask.New(Accounts, Payday, Move), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, Payday, 100, durabletask.InstanceID("payday")); err != nil {
			t.Error(err)
		}
		one := durabletest.Start(h, Move, Payment{"ada", "bob", 60}, durabletask.InstanceID("one"))
		two := durabletest.Start(h, Move, Payment{"bob", "ada", 500}, durabletask.InstanceID("two"))
		_, err := one.Wait(t.Context())
		_, err2 := two.Wait(t.Context())
		if err != nil || !errors.Is(err2, ErrOverdrawn) {
			t.Errorf("%v, %v", err, err2)
		}
	})
}
