package account

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"
)

const testConnection = "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=" + testKey + ";EndpointSuffix=core.windows.net"

func TestConnectionStrings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text, account, means string
		endpoints                  [services]string
		emulator                   bool
	}{
		{
			name: "of the portal", text: testConnection, account: "acct", means: "key",
			endpoints: [services]string{"https://acct.blob.core.windows.net", "https://acct.queue.core.windows.net", "https://acct.table.core.windows.net"},
		},
		{
			name: "other cloud, other case", text: "accountname=acct;ACCOUNTKEY=" + testKey + ";EndpointSuffix=core.chinacloudapi.cn;DefaultEndpointsProtocol=HTTP;;",
			account: "acct", means: "key",
			endpoints: [services]string{"http://acct.blob.core.chinacloudapi.cn", "http://acct.queue.core.chinacloudapi.cn", "http://acct.table.core.chinacloudapi.cn"},
		},
		{
			name: "signature and endpoints",
			text: "BlobEndpoint=https://acct.blob.example/;QueueEndpoint=https://acct.queue.example/;TableEndpoint=https://acct.table.example/;" +
				"FileEndpoint=https://acct.file.example/;SharedAccessSignature=?" + testSAS,
			account: "acct", means: "shared access signature",
			endpoints: [services]string{"https://acct.blob.example", "https://acct.queue.example", "https://acct.table.example"},
		},
		{
			name: "emulator", text: "UseDevelopmentStorage=true", account: emulatorAccount, means: "key", emulator: true,
			endpoints: [services]string{"http://127.0.0.1:10000/devstoreaccount1", "http://127.0.0.1:10001/devstoreaccount1", "http://127.0.0.1:10002/devstoreaccount1"},
		},
		{
			name: "emulator on another machine", text: "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite",
			account: emulatorAccount, means: "key", emulator: true,
			endpoints: [services]string{"http://azurite:10000/devstoreaccount1", "http://azurite:10001/devstoreaccount1", "http://azurite:10002/devstoreaccount1"},
		},
		{
			name: "emulator spelt out",
			text: "AccountName=devstoreaccount1;AccountKey=" + emulatorKey + ";BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;" +
				"QueueEndpoint=http://127.0.0.1:2/devstoreaccount1;TableEndpoint=http://localhost:3/devstoreaccount1",
			account: emulatorAccount, means: "key", emulator: true,
			endpoints: [services]string{"http://127.0.0.1:1/devstoreaccount1", "http://127.0.0.1:2/devstoreaccount1", "http://localhost:3/devstoreaccount1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := ParseConnectionString(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.endpoints, c.endpoints); diff != "" {
				t.Error(diff)
			}
			if c.AccountName() != tc.account || c.means() != tc.means || c.Emulator() != tc.emulator {
				t.Errorf("account %q by %q, emulator %t", c.AccountName(), c.means(), c.Emulator())
			}
		})
	}
}

// Each error says what to write, and none repeats what was written.
func TestConnectionStringsThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "it is empty"},
		{"no parts", "c2VjcmV0", "a part has no name"},
		{"no proof", "AccountName=acct", "neither AccountKey nor SharedAccessSignature"},
		{"two proofs", testConnection + ";SharedAccessSignature=" + testSAS, "leave one of them out"},
		{"key cut short", "AccountName=acct;AccountKey=c2VjcmV0LWtl*", "AccountKey is not Base64"},
		{"no name", "AccountKey=" + testKey, "neither AccountName nor BlobEndpoint"},
		{"key without name", "AccountKey=" + testKey + ";BlobEndpoint=https://secret.b;QueueEndpoint=https://secret.q;TableEndpoint=https://secret.t", "add AccountName=…"},
		{"bad name", "AccountName=secret_Acct;AccountKey=" + testKey, "AccountName is no name of an account"},
		{"bad signature", "AccountName=acct;SharedAccessSignature=secret", "SharedAccessSignature is not a signature"},
		{"bad endpoint", testConnection + ";QueueEndpoint=secret", "QueueEndpoint is not the address"},
		{"signature in endpoint", testConnection + ";QueueEndpoint=https://acct.queue.example/?sig=secret", "QueueEndpoint has more than the address"},
		{"password in endpoint", testConnection + ";QueueEndpoint=https://a:secret@acct.queue.example/", "QueueEndpoint has more than the address"},
		{"bad scheme", testConnection + ";DefaultEndpointsProtocol=secret", "DefaultEndpointsProtocol is neither"},
		{"bad emulator", "UseDevelopmentStorage=secret", "UseDevelopmentStorage can only be true"},
		{"bad proxy", "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=secret", "DevelopmentStorageProxyUri is not an address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseConnectionString(tc.text)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "c2VjcmV0")) {
				t.Errorf("error %v repeats the value", err)
			}
		})
	}
}

func TestConnectionsPrintWithoutSecrets(t *testing.T) {
	t.Parallel()
	withKey, err := ParseConnectionString(testConnection)
	if err != nil {
		t.Fatal(err)
	}
	withSAS, err := ParseConnectionString("AccountName=acct;SharedAccessSignature=" + testSAS)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Connection{withKey, withSAS} {
		inside := struct{ hidden Connection }{c}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("open", "connection", c, "inside", inside)
		a := openAt(t, c, always(200))
		for _, text := range []string{
			fmt.Sprint(c), fmt.Sprintf("%+v %#v %s %q %x", c, c, c, c, c), fmt.Sprintf("%v %+v %#v", inside, inside, inside), log.String(),
			fmt.Sprintf("%v %+v", a.options, a.Connection()),
		} {
			for _, secret := range []string{"secret-key", "c2VjcmV0", "sig=", fmt.Sprint([]byte("secret-key"))[1:20], fmt.Sprintf("%x", "secret-key")} {
				if strings.Contains(text, secret) {
					t.Errorf("%q shows %q", text, secret)
				}
			}
		}
	}
	if want := "storage account acct (https://acct.queue.core.windows.net, key)"; withKey.String() != want {
		t.Errorf("prints %q, want %q", withKey, want)
	}
}

func FuzzParseConnectionString(f *testing.F) {
	f.Add(testConnection)
	f.Add("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://[::1]")
	f.Add("BlobEndpoint=https://a.b/;QueueEndpoint=http://1.2.3.4/x;TableEndpoint=https://a.c;SharedAccessSignature=" + testSAS)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConnectionString(text)
		if err != nil {
			return
		}
		if c.means() == "nothing" || c.endpoints[tableService] == "" {
			t.Errorf("%s opens nothing", c)
		}
		if _, err := Open(c, Options{}); err != nil {
			t.Error(err)
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	type settings map[string]string
	for _, tc := range []struct {
		name, connection, want string // the connection, or the error
		settings               settings
		identity               Identity
	}{
		{name: "default", connection: "Storage", settings: settings{"AzureWebJobsStorage": testConnection}, want: "storage account acct (https://acct.queue.core.windows.net, key)"},
		{name: "whole name", connection: "AzureWebJobsStorage", settings: settings{"AzureWebJobsStorage": testConnection}, want: "storage account acct (https://acct.queue.core.windows.net, key)"},
		{name: "section of strings first", connection: "Storage", settings: settings{
			"ConnectionStrings:AzureWebJobsStorage": "UseDevelopmentStorage=true", "AzureWebJobsStorage": testConnection,
		}, want: "storage account devstoreaccount1 (http://127.0.0.1:10001/devstoreaccount1, key)"},
		{name: "prefixed first", connection: "Orders", settings: settings{"AzureWebJobsOrders": testConnection, "Orders": "UseDevelopmentStorage=true"}, want: "storage account acct (https://acct.queue.core.windows.net, key)"},
		{name: "bare", connection: "Orders", settings: settings{"Orders": "UseDevelopmentStorage=true"}, want: "storage account devstoreaccount1 (http://127.0.0.1:10001/devstoreaccount1, key)"},
		{name: "identity", connection: "Storage", settings: settings{"AzureWebJobsStorage__accountName": "acct"}, want: "storage account acct (https://acct.queue.core.windows.net, identity)"},
		{name: "managed, colons", connection: "Storage", settings: settings{
			"AzureWebJobsStorage:accountName": "acct", "AzureWebJobsStorage:credential": "managedIdentity", "AzureWebJobsStorage:clientId": "me",
		}, identity: Identity{Managed: true, ClientID: "me"}, want: "storage account acct (https://acct.queue.core.windows.net, identity)"},
		{name: "addresses", connection: "Storage", settings: settings{
			"AzureWebJobsStorage__blobServiceUri":  "https://acct.blob.core.windows.net/",
			"AzureWebJobsStorage__queueServiceUri": "https://acct.queue.core.windows.net/",
			"AzureWebJobsStorage__tableServiceUri": "https://acct.table.core.windows.net/",
			"AzureWebJobsStorage__tenantId":        "tenant", "AzureWebJobsStorage__clientId": "me", "AzureWebJobsStorage__clientSecret": "secret",
		}, identity: Identity{TenantID: "tenant", ClientID: "me", ClientSecret: "secret"}, want: "storage account acct (https://acct.queue.core.windows.net, identity)"},
		{name: "nothing", connection: "Storage", want: "Unable to resolve the Azure Storage connection named 'Storage'."},
		{name: "empty", connection: "Storage", settings: settings{"AzureWebJobsStorage": " "}, want: "Unable to resolve the Azure Storage connection named 'Storage'."},
		{name: "wrong string", connection: "Storage", settings: settings{"AzureWebJobsStorage": "AccountName=acct"}, want: "setting AzureWebJobsStorage: it has neither AccountKey"},
		{name: "address missing", connection: "Storage", settings: settings{
			"AzureWebJobsStorage__blobServiceUri": "https://acct.blob.core.windows.net/",
		}, want: "setting AzureWebJobsStorage__queueServiceUri is missing: set AzureWebJobsStorage__accountName"},
		{name: "no https", connection: "Storage", settings: settings{
			"AzureWebJobsStorage__accountName": "acct", "AzureWebJobsStorage__blobServiceUri": "http://secret.example",
		}, want: "setting AzureWebJobsStorage__blobServiceUri: an identity needs https"},
		{name: "name with domain", connection: "Storage", settings: settings{"AzureWebJobsStorage__accountName": "secret.blob.core"}, want: "setting AzureWebJobsStorage__accountName is no name"},
		{name: "other credential", connection: "Storage", settings: settings{
			"AzureWebJobsStorage__accountName": "acct", "AzureWebJobsStorage__credential": "secret",
		}, want: "setting AzureWebJobsStorage__credential can only be managedidentity"},
		{name: "half a principal", connection: "Storage", settings: settings{
			"AzureWebJobsStorage__accountName": "acct", "AzureWebJobsStorage__clientSecret": "secret",
		}, want: "setting AzureWebJobsStorage__clientSecret needs clientId and tenantId"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var identity Identity
			c, err := FromSettings(tc.connection, func(name string) (string, bool) { v, ok := tc.settings[name]; return v, ok },
				func(i Identity) (azcore.TokenCredential, error) { identity = i; return token{}, nil })
			got := c.String()
			if err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, tc.want) || strings.Contains(got, "secret") {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if identity != tc.identity {
				t.Errorf("identity %v, want %v", identity, tc.identity)
			}
		})
	}
	_, err := FromSettings("Storage", func(name string) (string, bool) { return "acct", name == "AzureWebJobsStorage__accountName" }, nil)
	if err == nil || !strings.Contains(err.Error(), "this build has no identities: set AzureWebJobsStorage to a connection string") {
		t.Errorf("without identities: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v", Identity{ClientSecret: "secret9"}, Identity{ClientSecret: "secret9"}, Identity{ClientSecret: "secret9"}); strings.Contains(text, "secret9") {
		t.Errorf("%s shows the secret", text)
	}
}
