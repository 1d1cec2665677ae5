package main

import "github.com/azdurable/azdurable/durabletask"

// Transfer moves an amount from one counter to another. Meanwhile nobody else can change them, so nothing is lost or seen half-moved.
var Transfer = durabletask.NewOrchestrator(transfer)

// ErrTooLittle is the kind of the error of a transfer of more than there is.
const ErrTooLittle = durabletask.ErrorKind("TooLittle")

// Order is the input of Transfer: keys of counters, and how much to move.
type Order struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Amount int    `json:"amount"`
}

// Balances is its result: what the two counters have afterwards.
type Balances struct {
	From int `json:"from"`
	To   int `json:"to"`
}

func transfer(ctx durabletask.Context, o Order) (b Balances, err error) {
	from, to := Counters.ID(o.From), Counters.ID(o.To)
	unlock, err := durabletask.Lock(ctx, from, to)
	if err != nil {
		return b, err
	}
	defer unlock()
	have, err := durabletask.CallEntity(ctx, from, (*Counter).Get, durabletask.None{})
	if err != nil {
		return b, err
	}
	if o.Amount < 0 || o.Amount > have {
		return b, ErrTooLittle.New("counter %q has %d, not %d", o.From, have, o.Amount)
	}
	if b.From, err = durabletask.CallEntity(ctx, from, (*Counter).Add, -o.Amount); err != nil {
		return b, err
	}
	b.To, err = durabletask.CallEntity(ctx, to, (*Counter).Add, o.Amount)
	return b, err
}
