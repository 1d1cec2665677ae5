package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// Saga books a hotel, a flight and a car. If one can't be had it cancels what it has booked, in reverse order, and fails.
var Saga = durabletask.NewOrchestrator(saga)

// Book and Cancel stand for calls of services. Both can be made twice without harm, as activities run at least once.
var (
	Book   = durabletask.NewActivity(book)
	Cancel = durabletask.NewActivity(cancel)
)

// ErrSoldOut is the kind of the error of a booking that can't be made.
const ErrSoldOut = durabletask.ErrorKind("SoldOut")

// Trip is the input of Saga: what of hotel, flight and car is sold out, if any.
type Trip struct {
	SoldOut string `json:"soldOut"`
}

func saga(ctx durabletask.Context, t Trip) ([]string, error) {
	retry := durabletask.RetryPolicy{MaxAttempts: 5, First: time.Second, Backoff: 2}
	var booked []string
	for _, what := range []string{"hotel", "flight", "car"} {
		number, err := Book.Call(ctx, [2]string{what, t.SoldOut}, retry)
		if err != nil {
			for _, done := range slices.Backward(booked) {
				_, undo := Cancel.Call(ctx, done, retry)
				err = errors.Join(err, undo)
			}
			return nil, err
		}
		booked = append(booked, number)
	}
	return booked, nil
}

// book makes its number from the key of the call, which is the same if the call is made again: so nothing is booked twice.
func book(ctx context.Context, order [2]string) (string, error) {
	if what, soldOut := order[0], order[1]; what == soldOut {
		return "", durabletask.Permanent(ErrSoldOut.New("no %s left", what))
	}
	return order[0] + "-" + durabletask.ActivityInfo(ctx).Key[:8], nil
}

func cancel(context.Context, string) (durabletask.None, error) { return durabletask.None{}, nil }
