package durablehttp

import (
	"encoding/json"
	"fmt"
	"strings"
)

// TokenSource says whose token goes with a request: that of an identity of the machine, for a resource. The token itself is stored nowhere.
//
// ext: DurableHttpRequest.TokenSourceConverter.
type TokenSource struct {
	Resource string
	// AuthorityHost, TenantID and ClientID are empty for the defaults.
	AuthorityHost, TenantID, ClientID string
}

const (
	kindManagedIdentity = "AzureManagedIdentity"
	typeManagedIdentity = "ManagedIdentityTokenSource" // at the end of the .NET type by which old versions name it
)

type tokenSourceJSON struct {
	Kind     string          `json:"kind"`
	Resource string          `json:"resource"`
	Options  json.RawMessage `json:"options,omitempty"`
	Type     string          `json:"$type,omitempty"`
}

type tokenOptionsJSON struct {
	AuthorityHost *string `json:"authorityhost"`
	TenantID      *string `json:"tenantid"`
	ClientID      *string `json:"clientid,omitempty"` // only newer versions of the extension know it
}

// MarshalJSON writes the source. Without options there is no such member, for the reference takes a null there for a mistake.
func (s TokenSource) MarshalJSON() ([]byte, error) {
	j := tokenSourceJSON{Kind: kindManagedIdentity, Resource: s.Resource}
	if s.AuthorityHost != "" || s.TenantID != "" || s.ClientID != "" {
		options, err := compact(tokenOptionsJSON{orNull(s.AuthorityHost), orNull(s.TenantID), orNull(s.ClientID)})
		if err != nil {
			return nil, err
		}
		j.Options = options
	}
	return compact(j)
}

// UnmarshalJSON reads the source, in the form of any version of the extension.
func (s *TokenSource) UnmarshalJSON(data []byte) error {
	var j tokenSourceJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	typeName, _, _ := strings.Cut(j.Type, ",")
	if j.Kind != kindManagedIdentity && (j.Kind != "" || !strings.HasSuffix(typeName, typeManagedIdentity)) {
		return fmt.Errorf("the token source %.80q is not supported, only %s is", j.Kind+typeName, kindManagedIdentity)
	}
	text := j.Options
	var inText string // as one version wrote it
	if json.Unmarshal(text, &inText) == nil && inText != "" {
		text = json.RawMessage(inText)
	}
	var o tokenOptionsJSON
	if len(text) > 0 {
		if err := json.Unmarshal(text, &o); err != nil {
			return fmt.Errorf("the options of the token source: %w", err)
		}
	}
	*s = TokenSource{j.Resource, orEmpty(o.AuthorityHost), orEmpty(o.TenantID), orEmpty(o.ClientID)}
	return nil
}

// Scope is what the token is asked for. Four spellings of two resources are made scopes; every other text is one already
// (ext: ManagedIdentityTokenSource.cs).
func (s *TokenSource) Scope() string {
	switch resource := strings.TrimSuffix(s.Resource, "/"); resource {
	case "https://management.core.windows.net", "https://graph.microsoft.com":
		return resource + "/.default"
	default:
		return s.Resource
	}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
