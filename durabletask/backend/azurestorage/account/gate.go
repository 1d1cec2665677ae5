package account

import (
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// enter lets the environment decide when a request is made. The time for a try begins behind the gate.
func (a *Account) enter(req *policy.Request, t *attempt) error {
	if a.env.Gate == nil {
		return nil
	}
	body, err := content(req)
	if err != nil {
		return err
	}
	return a.env.Enter(req.Raw().Context(), backend.Request{Worker: a.options.Worker, Kind: t.request.kind, Key: t.key(a), Body: body})
}

// reached notes that a request got as far as the transport. What fails before that surely did not happen.
type reached struct{ policy.Transporter }

// Do makes the request.
func (t reached) Do(r *http.Request) (*http.Response, error) {
	attemptOf(r).reached = true
	return t.Transporter.Do(r)
}
