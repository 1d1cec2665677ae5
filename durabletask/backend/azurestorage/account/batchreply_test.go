package account

import (
	"errors"
	"strings"
	"testing"
)

const refusedAnswer = "--batchresponse_x\r\nContent-Type: multipart/mixed; boundary=changesetresponse_y\r\n\r\n--changesetresponse_y\r\n" +
	"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 409 Conflict\r\nContent-ID: 2\r\n" +
	"Content-Type: application/json;odata=minimalmetadata\r\n\r\n" +
	`{"odata.error":{"code":"EntityAlreadyExists","message":{"lang":"en-US","value":"1:The specified entity already exists."}}}` +
	"\r\n--changesetresponse_y--\r\n--batchresponse_x--\r\n"

func TestAnswersToTransactions(t *testing.T) {
	t.Parallel()
	etags, err := readBatch([]byte(batchAnswer(3)), 3)
	if err != nil || strings.Join(etags, " ") != `W/"0" W/"1" W/"2"` {
		t.Errorf("%v, %v", etags, err)
	}
	_, err = readBatch([]byte(refusedAnswer), 2)
	if e := as(err); e.Status != 409 || e.Code != "EntityAlreadyExists" || e.Row != 1 {
		t.Errorf("refused: %+v", e)
	}
	// Cut before it says of each operation that it took place, or with too few or too many parts, an answer is never a success.
	whole := batchAnswer(3)
	end := strings.Index(whole, "\r\n\r\n\r\n--changesetresponse_y--") + len("\r\n\r\n")
	for n := range end {
		if etags, err := readBatch([]byte(whole[:n]), 3); err == nil {
			t.Fatalf("cut at %d: %q", n, etags)
		}
	}
	for _, n := range []int{2, 4} {
		if _, err := readBatch([]byte(whole), n); !errors.Is(err, errCutShort) {
			t.Errorf("%d operations: %v", n, err)
		}
	}
}

func FuzzReadBatch(f *testing.F) {
	f.Add([]byte(batchAnswer(2)), 2)
	f.Add([]byte(refusedAnswer), 2)
	f.Add([]byte("HTTP/1.1 \r\n\r\n"), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		etags, err := readBatch(data, max(0, min(n, MaxOps)))
		if err == nil && len(etags) != max(0, min(n, MaxOps)) {
			t.Errorf("%d ETags for %d operations", len(etags), n)
		}
	})
}

func FuzzErrorCode(f *testing.F) {
	f.Add([]byte(`{"odata.error":{"code":"X","message":{"value":"1:y"}}}`))
	f.Add([]byte(`<Error><Code>X</Code></Error>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if code, row := errorCode(data); len(code) > maxCode || row < -1 {
			t.Errorf("%q at %d", code, row)
		}
	})
}
