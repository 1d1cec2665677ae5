package account

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// enter lets the environment decide when a request is made. The time for a try begins behind the gate.
func (a *Account) enter(ctx context.Context, r *request) error {
	if a.env.Gate == nil {
		return nil
	}
	return a.env.Enter(ctx, backend.Request{Worker: a.options.Worker, Kind: r.kind, Key: r.key(), Body: string(r.body)})
}

// attempt is one try of a request.
type attempt struct {
	request *request
	reached bool // the transport was asked to send it
}

type attemptKey struct{}

func withAttempt(ctx context.Context, t *attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, t)
}

func attemptOf(r *http.Request) *attempt { return r.Context().Value(attemptKey{}).(*attempt) }

// reached notes that a request got as far as the transport. What fails before that surely did not happen.
type reached struct{ policy.Transporter }

// Do makes the request.
func (t reached) Do(r *http.Request) (*http.Response, error) {
	attemptOf(r).reached = true
	return t.Transporter.Do(r)
}
