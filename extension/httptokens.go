package extension

import (
	"context"
	"errors"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/identity"
)

// maxIdentities limits how many identities are kept ready. Orchestrations name them, so their number is not ours to choose.
const maxIdentities = 64

// httpTokens gets tokens from Azure. A credential is made once for each identity and keeps its tokens until they expire.
type httpTokens struct {
	credential func(durabletask.ManagedIdentity) (azcore.TokenCredential, error)

	mu    sync.Mutex
	ready map[durabletask.ManagedIdentity]azcore.TokenCredential
}

// HTTPToken returns a token. The error says why there is none in one line, and no secret.
//
// ext: ManagedIdentityTokenSource.GetTokenAsync.
func (t *httpTokens) HTTPToken(ctx context.Context, scope string, who durabletask.ManagedIdentity) (string, error) {
	if scope == "" {
		return "", errors.New("the identity has no Resource to ask for, such as https://vault.azure.net/.default")
	}
	credential, err := t.of(who)
	if err != nil {
		return "", err
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	return token.Token, err
}

// of returns the credential of an identity.
func (t *httpTokens) of(who durabletask.ManagedIdentity) (azcore.TokenCredential, error) {
	who.Resource = "" // one identity, whatever for
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, ok := t.ready[who]; ok {
		return c, nil
	}
	c, err := t.credential(who)
	if err != nil {
		return nil, err
	}
	if t.ready == nil || len(t.ready) == maxIdentities {
		t.ready = make(map[durabletask.ManagedIdentity]azcore.TokenCredential)
	}
	t.ready[who] = c
	return c, nil
}

func newCredential(who durabletask.ManagedIdentity) (azcore.TokenCredential, error) {
	return identity.NewAt(who.AuthorityHost, who.TenantID, who.ClientID)
}
