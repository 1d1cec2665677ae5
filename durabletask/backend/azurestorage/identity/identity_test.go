package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		identity account.Identity
		want     string
	}{
		{account.Identity{Managed: true}, "*azidentity.ManagedIdentityCredential"},
		{account.Identity{Managed: true, ClientID: "00000000-0000-0000-0000-000000000001"}, "*azidentity.ManagedIdentityCredential"},
		{account.Identity{TenantID: "tenant", ClientID: "me", ClientSecret: "secret"}, "*azidentity.ClientSecretCredential"},
	} {
		made, err := New(tc.identity)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%T", made.(*credential).TokenCredential); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.identity, got, tc.want)
		}
	}
	if _, err := New(account.Identity{TenantID: "no tenant!", ClientID: "me", ClientSecret: "secret"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("odd tenant: %v", err)
	}
}

// source has a token, or an error.
type source struct{ err error }

func (s *source) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t"}, s.err
}

func TestTokensThatAreNotToBeHad(t *testing.T) {
	t.Parallel()
	pages := errors.New("ClientSecretCredential authentication failed. \nPOST https://login.example/oauth2/v2.0/token\n-----\n" +
		`{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"}`)
	for _, tc := range []struct {
		name   string
		err    error
		worked bool
		passes bool
		want   string
	}{
		{name: "refused", err: pages, want: "no token: AADSTS7000215: Invalid client secret provided."},
		{name: "refused after it worked", err: pages, worked: true, passes: true, want: "no token: AADSTS7000215: Invalid client secret provided."},
		{name: "no network", err: &net.OpError{Op: "dial", Err: io.EOF}, passes: true, want: "no token: dial: EOF"},
		{name: "no identity", err: errors.New("no managed identity endpoint found\nmore"), want: "no token: no managed identity endpoint found"},
		{name: "nothing", err: errors.New(""), want: "no token"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := &source{}
			c := &credential{TokenCredential: s}
			if tc.worked {
				if _, err := c.GetToken(t.Context(), policy.TokenRequestOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			s.err = tc.err
			_, err := c.GetToken(t.Context(), policy.TokenRequestOptions{})
			token, ok := errors.AsType[*TokenError](err)
			if !ok || token.Transient() != tc.passes || err.Error() != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
	for status, passes := range map[int]bool{400: false, 401: false, 429: true, 500: true, 503: true} {
		c := &credential{}
		if got := c.passes(&azidentity.AuthenticationFailedError{RawResponse: &http.Response{StatusCode: status}}); got != passes {
			t.Errorf("%d passes: %t", status, got)
		}
	}
}
