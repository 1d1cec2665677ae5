package main

import "context"

// The HTTP API knows nothing of messages that were given up.
const givenUp = "what is about messages that were given up"

func (*remote) poison(context.Context, int, string) (p page[*poisoned], err error) {
	return p, notOverHTTP(givenUp)
}

func (*remote) poisonMessage(context.Context, string) (*poisoned, error) {
	return nil, notOverHTTP(givenUp)
}

func (*remote) replayPoison(context.Context, string) error { return notOverHTTP(givenUp) }

func (*remote) dropPoison(context.Context, string) error { return notOverHTTP(givenUp) }
