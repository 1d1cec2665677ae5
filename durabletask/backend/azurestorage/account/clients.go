package account

import (
	"encoding/base64"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	blobs "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
)

// clients are the SDK's, one for each service. Those for one queue, table or container share their connections and policies.
type clients struct {
	queues *azqueue.ServiceClient
	tables *aztables.ServiceClient
	blobs  *blobs.Client
}

// newClients makes the clients, each with what proves who we are: signing and tokens are theirs.
func (a *Account) newClients() (c clients, err error) {
	if c.queues, err = a.newQueues(); err != nil {
		return c, err
	}
	if c.tables, err = a.newTables(); err != nil {
		return c, err
	}
	c.blobs, err = a.newBlobs()
	return c, err
}

func (a *Account) newQueues() (*azqueue.ServiceClient, error) {
	o, at := &azqueue.ClientOptions{ClientOptions: a.clientOptions()}, a.connection.endpoints[queueService]
	switch p := a.connection.proof; {
	case p.credential != nil:
		return azqueue.NewServiceClient(at, p.credential, o)
	case p.sas != "":
		return azqueue.NewServiceClientWithNoCredential(at+"/?"+p.sas, o)
	default:
		key, err := azqueue.NewSharedKeyCredential(a.connection.accountName, base64.StdEncoding.EncodeToString(p.key))
		if err != nil {
			return nil, err
		}
		return azqueue.NewServiceClientWithSharedKeyCredential(at, key, o)
	}
}

func (a *Account) newTables() (*aztables.ServiceClient, error) {
	o, at := &aztables.ClientOptions{ClientOptions: a.clientOptions()}, a.connection.endpoints[tableService]
	switch p := a.connection.proof; {
	case p.credential != nil:
		return aztables.NewServiceClient(at, p.credential, o)
	case p.sas != "":
		return aztables.NewServiceClientWithNoCredential(at+"/?"+p.sas, o)
	default:
		key, err := aztables.NewSharedKeyCredential(a.connection.accountName, base64.StdEncoding.EncodeToString(p.key))
		if err != nil {
			return nil, err
		}
		return aztables.NewServiceClientWithSharedKey(at, key, o)
	}
}

func (a *Account) newBlobs() (*blobs.Client, error) {
	o, at := &blobs.ClientOptions{ClientOptions: a.clientOptions()}, a.connection.endpoints[blobService]
	// By itself, one refusal by the service would make all uploads of the next minute ask first: one failing request slows no other down.
	o.ExpectContinueBehavior.Mode = blobs.ExpectContinueModeOff
	switch p := a.connection.proof; {
	case p.credential != nil:
		return blobs.NewClient(at, p.credential, o)
	case p.sas != "":
		return blobs.NewClientWithNoCredential(at+"/?"+p.sas, o)
	default:
		key, err := azblob.NewSharedKeyCredential(a.connection.accountName, base64.StdEncoding.EncodeToString(p.key))
		if err != nil {
			return nil, err
		}
		return blobs.NewClientWithSharedKeyCredential(at, key, o)
	}
}

// clientOptions are made anew for each client, because the one for queues adds to the slices in them. Our policy is one "per call": those
// "per retry" come, in the clients for tables and blobs, after the signature. With the retries off there is one try per call.
func (a *Account) clientOptions() policy.ClientOptions {
	return policy.ClientOptions{
		Retry:           policy.RetryOptions{MaxRetries: -1},
		Telemetry:       policy.TelemetryOptions{Disabled: true},
		Transport:       reached{a.options.Transport},
		PerCallPolicies: []policy.Policy{tries{a}},
	}
}
