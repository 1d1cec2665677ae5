package identity

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// NewAt makes the credential that a durable HTTP call names: a user-assigned managed identity if it has a client id, else whatever identity there is, of a
// tenant and at an authority if these are not empty. It makes no request.
//
// ext: ManagedIdentityTokenSource.GetTokenAsync.
func NewAt(authorityHost, tenantID, clientID string) (azcore.TokenCredential, error) {
	chosen, err := chooseAt(authorityHost, tenantID, clientID)
	if err != nil {
		return nil, fmt.Errorf("make credential: %w", err)
	}
	return &credential{TokenCredential: chosen}, nil
}

func chooseAt(authorityHost, tenantID, clientID string) (azcore.TokenCredential, error) {
	if clientID != "" {
		return managed(clientID)
	}
	o := &azidentity.DefaultAzureCredentialOptions{TenantID: tenantID}
	if authorityHost != "" {
		o.ClientOptions = policy.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: authorityHost}}
	}
	return azidentity.NewDefaultAzureCredential(o)
}
