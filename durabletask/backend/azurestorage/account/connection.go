package account

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// service is one of the three services of an account that we use.
type service int

const (
	blobService service = iota
	queueService
	tableService
	services
)

func (s service) String() string { return [...]string{"blob", "queue", "table"}[s] }

// Connection says where a storage account is and how to prove that we may use it. Make one with [ParseConnectionString] or
// [FromSettings]. It prints without its secrets.
type Connection struct {
	accountName string
	endpoints   [services]string // without a slash at the end and without a query
	emulator    bool
	proof       *proof
}

// proof is how requests are authorised: by exactly one of its fields. It hangs on a pointer, so that no way of printing a
// connection, or what has one inside, shows it.
type proof struct {
	key        []byte
	sas        string // encoded query, without a question mark
	credential azcore.TokenCredential
}

// AccountName returns the name of the account, or "" if only its endpoints are known.
func (c Connection) AccountName() string { return c.accountName }

// BlobEndpoint returns the URL of the blob service, without a slash at the end.
func (c Connection) BlobEndpoint() string { return c.endpoints[blobService] }

// QueueEndpoint returns the URL of the queue service, without a slash at the end.
func (c Connection) QueueEndpoint() string { return c.endpoints[queueService] }

// TableEndpoint returns the URL of the table service, without a slash at the end.
func (c Connection) TableEndpoint() string { return c.endpoints[tableService] }

// Emulator reports whether the connection leads to an emulator on this machine.
func (c Connection) Emulator() bool { return c.emulator }

// String returns account, endpoint and how requests are authorised, without the secret.
func (c Connection) String() string {
	return fmt.Sprintf("storage account %s (%s, %s)", c.title(), c.endpoints[queueService], c.means())
}

// GoString is String, so that %#v shows no secret either.
func (c Connection) GoString() string { return c.String() }

// LogValue logs what String prints.
func (c Connection) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("account", c.title()),
		slog.String("endpoint", c.endpoints[queueService]),
		slog.String("authorised_by", c.means()),
	)
}

func (c Connection) title() string {
	if c.accountName == "" {
		return "(unnamed)"
	}
	return c.accountName
}

func (c Connection) means() string {
	switch {
	case c.proof == nil:
		return "nothing"
	case c.proof.credential != nil:
		return "identity"
	case c.proof.sas != "":
		return "shared access signature"
	default:
		return "key"
	}
}

// publicEndpoint is the address of a service of an account in the cloud.
func publicEndpoint(scheme, account string, s service, suffix string) string {
	return fmt.Sprintf("%s://%s.%s.%s", scheme, account, s, suffix)
}

// setEndpoint takes the address of a service as a setting gives it. A query, which would be a signature, is an error.
func (c *Connection) setEndpoint(s service, setting, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s is not the address of a service: write https://<account>.%s.core.windows.net", setting, s)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%s has more than the address of a service: write https://<account>.%s.core.windows.net, "+
			"and give a shared access signature as SharedAccessSignature=…", setting, s)
	}
	c.endpoints[s] = strings.TrimSuffix(u.String(), "/")
	if host := u.Hostname(); host == "localhost" || isLoopback(host) {
		c.emulator = true
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// nameOf guesses the account's name from one of its endpoints: the first label of its host, or for an address that is a number or
// has no dots (an emulator) the first element of its path.
func nameOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	host, _, dotted := strings.Cut(u.Hostname(), ".")
	if dotted && net.ParseIP(u.Hostname()) == nil {
		return host
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return name
}
