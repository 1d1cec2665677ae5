package account

import (
	"bytes"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// ownBody is sent in place of the body that the SDK makes, where that costs too much or loses something:
//
//   - Rows: the SDK turns each into a map and back. A transaction of 12 rows costs 459 µs so, and 42 µs otherwise; and a float 1.0 comes out as the
//     integer 1. So it is given rows of keys only, and the rows that the caller made are sent.
//   - Texts of messages: see messageBody.
//   - An update of a message's visibility: the SDK would send an empty text along, and the text would be gone.
//
// It takes place before requests to queues are signed; those to tables are signed without their bodies.
type ownBody struct {
	data    []byte // nil for none
	content string // Content-Type
}

func (b *ownBody) replace(req *policy.Request) error {
	if len(b.data) == 0 {
		req.Raw().GetBody = nil
		return req.SetBody(nil, "")
	}
	return req.SetBody(body{bytes.NewReader(b.data)}, b.content)
}

// body is a request's body; rewinding it is how Go repeats a request that a closed connection never took.
type body struct{ *bytes.Reader }

// Close does nothing.
func (body) Close() error { return nil }
