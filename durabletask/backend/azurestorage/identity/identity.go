// Package identity makes the credentials of identity-based connections. It is apart from package account because it alone brings in azidentity: a build
// without it is some megabytes smaller, and has connection strings only.
package identity

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// New makes the credential that settings ask for: a service principal if there is a secret, the managed identity of the machine if they say so, else whatever
// identity there is (environment, workload, managed, then command-line tools). It makes no request. Give it to account.FromSettings.
//
// DTFx: AzureCredentialFactory.
func New(i account.Identity) (azcore.TokenCredential, error) {
	chosen, err := choose(i)
	if err != nil {
		return nil, fmt.Errorf("make credential: %w", err)
	}
	return &credential{TokenCredential: chosen}, nil
}

func choose(i account.Identity) (azcore.TokenCredential, error) {
	switch {
	case i.ClientSecret != "":
		return azidentity.NewClientSecretCredential(i.TenantID, i.ClientID, i.ClientSecret, nil)
	case i.Managed:
		return managed(i.ClientID)
	default:
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{TenantID: i.TenantID})
	}
}

func managed(clientID string) (azcore.TokenCredential, error) {
	var o azidentity.ManagedIdentityCredentialOptions
	if clientID != "" {
		o.ID = azidentity.ClientID(clientID)
	}
	return azidentity.NewManagedIdentityCredential(&o)
}
