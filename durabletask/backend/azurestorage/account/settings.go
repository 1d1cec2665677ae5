package account

import (
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// Identity is what the settings of an identity-based connection say about who we are. All fields are optional. The package
// identity makes a credential of it.
type Identity struct {
	// Managed asks for the managed identity of the machine; otherwise the usual places are tried in turn.
	Managed bool
	// ClientID is a user-assigned managed identity or, with the other two, a service principal.
	ClientID string
	// TenantID and ClientSecret are those of a service principal.
	TenantID, ClientSecret string
}

// String shows no secret.
func (i Identity) String() string {
	return fmt.Sprintf("identity (managed %t, client %q, tenant %q, with secret %t)", i.Managed, i.ClientID, i.TenantID, i.ClientSecret != "")
}

// GoString is String, so that %#v shows no secret either.
func (i Identity) GoString() string { return i.String() }

// UnknownConnectionError says that no setting describes the connection.
type UnknownConnectionError struct{ Name string }

// Error begins with the words that the reference uses.
func (e *UnknownConnectionError) Error() string {
	return fmt.Sprintf("Unable to resolve the Azure Storage connection named '%s'. Set AzureWebJobs%[1]s to a connection string, "+
		"or AzureWebJobs%[1]s__accountName to the name of an account that the app's identity may use.", strings.TrimPrefix(e.Name, functionsPrefix))
}

const (
	functionsPrefix = "AzureWebJobs"
	stringsSection  = "ConnectionStrings"
)

// FromSettings finds the connection of a name ("Storage" and "AzureWebJobsStorage" are the default one) among settings: the first
// that is there of ConnectionStrings:AzureWebJobs{name}, AzureWebJobs{name}, ConnectionStrings:{name} and {name}, each with colons or double underscores
// between its parts. A value is a connection string; a section (AzureWebJobsStorage__accountName or …__blobServiceUri,
// …__queueServiceUri and …__tableServiceUri, …__credential, …__clientId, …__tenantId, …__clientSecret) is an identity-based one, for which credential makes the
// credential; nil refuses those. The error is an *UnknownConnectionError if there is nothing of that name.
//
// DTFx: WebJobsConnectionInfoProvider.Resolve, AzureStorageAccountProvider.
func FromSettings(name string, lookup func(string) (string, bool), credential func(Identity) (azcore.TokenCredential, error)) (Connection, error) {
	for _, path := range [][]string{{stringsSection, functionsPrefix + name}, {functionsPrefix + name}, {stringsSection, name}, {name}} {
		s := section{path, lookup}
		if value, setting := s.get(); value != "" {
			c, err := parseConnectionString(value)
			if err != nil {
				return Connection{}, fmt.Errorf("setting %s: %w", setting, err)
			}
			return c, nil
		}
		if s.exists() {
			return s.connection(credential)
		}
	}
	return Connection{}, &UnknownConnectionError{Name: name}
}

// section is a group of settings.
type section struct {
	path   []string
	lookup func(string) (string, bool)
}

// get returns the value of a setting of the section, or of the section itself, and its name.
func (s section) get(key ...string) (value, setting string) {
	parts := append(append([]string(nil), s.path...), key...)
	for _, separator := range []string{"__", ":"} {
		setting := strings.Join(parts, separator)
		if value, ok := s.lookup(setting); ok && strings.TrimSpace(value) != "" {
			return strings.TrimSpace(value), setting
		}
	}
	return "", strings.Join(parts, "__")
}

var sectionKeys = []string{
	"accountName", "blobServiceUri", "queueServiceUri", "tableServiceUri", "serviceUri", "credential", "clientId", "tenantId", "clientSecret",
}

func (s section) exists() bool {
	for _, key := range sectionKeys {
		if value, _ := s.get(key); value != "" {
			return true
		}
	}
	return false
}

func (s section) connection(credential func(Identity) (azcore.TokenCredential, error)) (Connection, error) {
	var c Connection
	if err := s.setEndpoints(&c); err != nil {
		return Connection{}, err
	}
	identity, err := s.identity()
	if err != nil {
		return Connection{}, err
	}
	_, setting := s.get()
	if credential == nil {
		return Connection{}, fmt.Errorf("settings %s__…: this build has no identities: set %[1]s to a connection string", setting)
	}
	token, err := credential(identity)
	if err != nil {
		return Connection{}, fmt.Errorf("settings %s__…: %w", setting, err)
	}
	c.proof = &proof{credential: token}
	return c, nil
}

func (s section) setEndpoints(c *Connection) error {
	account, accountSetting := s.get("accountName")
	if account != "" && !accountNames.MatchString(account) {
		return fmt.Errorf("setting %s is no name of a storage account: write its 3 to 24 lower-case letters and digits, without a domain", accountSetting)
	}
	c.accountName = account
	for i, key := range [services]string{blobService: "blobServiceUri", queueService: "queueServiceUri", tableService: "tableServiceUri"} {
		address, setting := s.get(key)
		switch {
		case address != "":
			if err := c.setEndpoint(service(i), "setting "+setting, address); err != nil {
				return err
			}
			if !strings.HasPrefix(c.endpoints[i], "https://") {
				return fmt.Errorf("setting %s: an identity needs https: write https://…", setting)
			}
		case account != "":
			c.endpoints[i] = publicEndpoint("https", account, service(i), publicSuffix)
		default:
			return fmt.Errorf("setting %s is missing: set %s, or all of blobServiceUri, queueServiceUri and tableServiceUri", setting, accountSetting)
		}
	}
	if c.accountName == "" {
		c.accountName = nameOf(c.endpoints[queueService])
	}
	return nil
}

func (s section) identity() (Identity, error) {
	kind, setting := s.get("credential")
	if kind != "" && !strings.EqualFold(kind, "managedidentity") {
		return Identity{}, fmt.Errorf("setting %s can only be managedidentity: leave it out to use whatever identity there is", setting)
	}
	i := Identity{Managed: kind != ""}
	i.ClientID, _ = s.get("clientId")
	i.TenantID, _ = s.get("tenantId")
	i.ClientSecret, _ = s.get("clientSecret")
	if i.ClientSecret != "" && (i.ClientID == "" || i.TenantID == "") {
		return Identity{}, errors.New("setting " + strings.Join(s.path, "__") + "__clientSecret needs clientId and tenantId beside it")
	}
	return i, nil
}
