package account

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// Limits of a transaction.
const (
	// MaxOps is how many operations a transaction has at most.
	MaxOps = 100
	// MaxTransaction is how many bytes it has at most.
	MaxTransaction = 4 << 20
)

// The lines between the parts of a transaction. A row is JSON on one line, so none can hold one.
const (
	batchBoundary  = "batch_azdurable"
	changeBoundary = "changeset_azdurable"
)

// Submit does all or nothing of some operations on different rows of one partition, and returns the new ETags in their order. If one is
// refused, the error is about it, with its place in Row. It is not repeated after an ambiguous failure.
func (t *Table) Submit(ctx context.Context, ops []Op) (etags []string, err error) {
	body, err := t.batchBody(ops)
	if err != nil {
		return nil, fmt.Errorf("submit transaction to table %q: %w", t.name, err)
	}
	r := &request{kind: "submit transaction", own: &ownBody{body, "multipart/mixed; boundary=" + batchBoundary}, call: func(ctx context.Context) error {
		_, err := t.client.SubmitTransaction(ctx, anyTransaction, nil)
		return err
	}}
	r.read = func(answer *reply) (err error) {
		etags, err = readBatch(answer.body, len(ops))
		return err
	}
	if _, err := t.do(ctx, r); err != nil {
		return nil, err
	}
	return etags, nil
}

// anyTransaction is what the SDK is given to make a request of, whose body is not sent. A deletion is the least work.
var anyTransaction = []aztables.TransactionAction{{ActionType: aztables.TransactionTypeDelete, Entity: []byte(`{"PartitionKey":"-","RowKey":"-"}`)}}

func (t *Table) batchBody(ops []Op) ([]byte, error) {
	if len(ops) == 0 || len(ops) > MaxOps {
		return nil, fmt.Errorf("%d operations: only 1 to %d are possible", len(ops), MaxOps)
	}
	endpoint := t.a.connection.endpoints[tableService]
	size := 0
	for i := range ops {
		size += len(ops[i].Row) + len(endpoint) + 512
	}
	b := bytes.NewBuffer(make([]byte, 0, size))
	b.WriteString("--" + batchBoundary + "\r\nContent-Type: multipart/mixed; boundary=" + changeBoundary + "\r\n\r\n")
	for i := range ops {
		if ops[i].Key.Partition != ops[0].Key.Partition {
			return nil, fmt.Errorf("operation %d is for partition %q, the first one for %q", i, ops[i].Key.Partition, ops[0].Key.Partition)
		}
		p, err := t.part(ops[i])
		if err != nil {
			return nil, fmt.Errorf("operation %d: %w", i, err)
		}
		b.WriteString("--" + changeBoundary + "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n")
		b.WriteString(p.method + " " + endpoint + p.path + " HTTP/1.1\r\nAccept: " + tableContent + "\r\n")
		for _, h := range p.headers {
			b.WriteString(h.name + ": " + h.value + "\r\n")
		}
		if p.body == nil {
			b.WriteString("\r\n\r\n")
			continue
		}
		b.WriteString("Content-Type: application/json\r\nDataServiceVersion: 3.0;\r\n\r\n")
		if err := writeLine(b, p.body); err != nil {
			return nil, fmt.Errorf("operation %d: row %q: %w", i, ops[i].Key.Row, err)
		}
		b.WriteString("\r\n")
	}
	b.WriteString("--" + changeBoundary + "--\r\n--" + batchBoundary + "--\r\n")
	if b.Len() > MaxTransaction {
		return nil, fmt.Errorf("%d bytes: only %d are possible", b.Len(), MaxTransaction)
	}
	return b.Bytes(), nil
}

// writeLine adds a row on one line.
func writeLine(b *bytes.Buffer, row []byte) error {
	if bytes.IndexByte(row, '\n') < 0 && bytes.IndexByte(row, '\r') < 0 {
		b.Write(row)
		return nil
	}
	return json.Compact(b, row)
}
