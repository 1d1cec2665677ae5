package azuretest

import (
	"net/http"
	"net/url"
)

// Call is a request as rules, gates and the log see it. It may be read, not changed.
type Call struct {
	Client   string // whose transport sent it; "" for one that came over a socket
	N        int    // the how many-th of its client, from 1
	Op       Op
	Resource string // the queue, table or container
	Key      string // the message's id, the entity's PartitionKey (of a batch: that of its first row), or the blob's name
	Row      string // the entity's RowKey
	Method   string
	Query    url.Values
	Header   http.Header
	Body     []byte
}
