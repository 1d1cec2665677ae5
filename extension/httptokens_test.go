package extension

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask"
)

type credentialOf string

func (c credentialOf) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if c == "nobody" {
		return azcore.AccessToken{}, errors.New("no such identity")
	}
	return azcore.AccessToken{Token: string(c) + " for " + strings.Join(o.Scopes, " ")}, nil
}

// Each identity has one credential, whatever it is asked for, and there are never too many.
func TestHTTPTokens(t *testing.T) {
	t.Parallel()
	made := 0
	tokens := &httpTokens{credential: func(who durabletask.ManagedIdentity) (azcore.TokenCredential, error) {
		made++
		if who.ClientID == "wrong" {
			return nil, errors.New("wrong client id")
		}
		return credentialOf(who.ClientID), nil
	}}
	get := func(client, scope string) string {
		token, err := tokens.HTTPToken(t.Context(), scope, durabletask.ManagedIdentity{Resource: scope, ClientID: client})
		return fmt.Sprint(token, "|", err)
	}
	for _, row := range [][3]string{
		{"a", "s", "a for s|<nil>"},
		{"a", "s2", "a for s2|<nil>"},
		{"b", "s", "b for s|<nil>"},
		{"nobody", "s", "|no such identity"},
		{"wrong", "s", "|wrong client id"},
		{"a", "", "|the identity has no Resource to ask for, such as https://vault.azure.net/.default"},
	} {
		if got := get(row[0], row[1]); got != row[2] {
			t.Errorf("%q for %q: %s, want %s", row[0], row[1], got, row[2])
		}
	}
	if made != 4 {
		t.Errorf("%d credentials were made", made)
	}
	for i := range 3 * maxIdentities {
		get(fmt.Sprint(i), "s")
		if n := len(tokens.ready); n > maxIdentities {
			t.Fatalf("%d credentials are kept", n)
		}
	}
}

// What the app has set stays.
func TestCompleteHTTP(t *testing.T) {
	t.Parallel()
	app := durabletask.New()
	(&durableTask{}).completeHTTP(app)
	if _, ok := app.HTTP().Tokens.(*httpTokens); !ok || app.HTTP().Polling != 1 {
		t.Errorf("%+v", app.HTTP())
	}
	own := &httpTokens{}
	app.UseHTTP(durabletask.HTTPOptions{Tokens: own, Polling: 5, MaxRequest: 6})
	(&durableTask{httpPolling: 1000}).completeHTTP(app)
	if o := app.HTTP(); o.Tokens != own || o.Polling != 5 || o.MaxRequest != 6 {
		t.Errorf("%+v", o)
	}
	for _, who := range []durabletask.ManagedIdentity{
		{ClientID: "00000000-0000-0000-0000-000000000001"}, {TenantID: "contoso", AuthorityHost: "https://login.microsoftonline.us/"}, {},
	} {
		if _, err := newCredential(who); err != nil {
			t.Errorf("%+v: %v", who, err)
		}
	}
}
