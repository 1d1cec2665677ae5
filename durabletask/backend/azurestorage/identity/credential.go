package identity

import (
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// credential says of each failure whether it passes, and says it in one line.
type credential struct {
	azcore.TokenCredential
	worked atomic.Bool
}

// GetToken returns a token. The error is a *TokenError.
func (c *credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return token, &TokenError{Err: err, passes: c.passes(err)}
	}
	c.worked.Store(true)
	return token, nil
}

// passes reports whether a failure is likely to pass: the network's, the token service's own, and any after it has worked once.
func (c *credential) passes(err error) bool {
	var network net.Error
	var refused *azidentity.AuthenticationFailedError
	switch {
	case c.worked.Load(), errors.As(err, &network):
		return true
	case errors.As(err, &refused) && refused.RawResponse != nil:
		status := refused.RawResponse.StatusCode
		return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
	}
	return false
}

// TokenError is a token that was not to be had.
type TokenError struct {
	Err    error
	passes bool
}

// reasons are the lines in which the token service and azidentity say what is wrong. The rest of their errors is pages long.
var reasons = regexp.MustCompile(`AADSTS[0-9]+: [^"\r\n\\\\]{1,300}|^[^\r\n]{1,300}`)

// Error says why in one line.
func (e *TokenError) Error() string {
	text := e.Err.Error()
	found := reasons.FindAllString(text, -1)
	if len(found) == 0 {
		return "no token"
	}
	return "no token: " + found[len(found)-1]
}

// Unwrap returns what azidentity said.
func (e *TokenError) Unwrap() error { return e.Err }

// Transient reports whether the failure is likely to pass.
func (e *TokenError) Transient() bool { return e.passes }
