package account

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// readBatch reads the answer to a transaction of n operations: their ETags, or the failure of the one that was refused. An answer that
// lacks some of them is an error, not a success.
func readBatch(answer []byte, n int) ([]string, error) {
	etags := make([]string, 0, n)
	for {
		at := bytes.Index(answer, []byte("HTTP/1.1 "))
		if at < 0 {
			break
		}
		head, body, ok := bytes.Cut(answer[at:], []byte("\r\n\r\n"))
		if !ok {
			return nil, errCutShort
		}
		status, headers, err := readHead(head)
		if err != nil {
			return nil, err
		}
		if status >= http.StatusMultipleChoices {
			text, _, _ := bytes.Cut(body, []byte("\r\n--"))
			code, row := errorCode(bytes.TrimSpace(text))
			return nil, &Error{Status: status, Code: code, Row: row}
		}
		etags = append(etags, headers)
		answer = body
	}
	if len(etags) != n {
		return nil, fmt.Errorf("%w: %d of %d operations", errCutShort, len(etags), n)
	}
	return etags, nil
}

// readHead returns the status and the ETag of one operation.
func readHead(head []byte) (status int, etag string, err error) {
	line, headers, _ := strings.Cut(string(head), "\r\n")
	_, line, _ = strings.Cut(line, " ")
	number, _, _ := strings.Cut(line, " ")
	if status, err = strconv.Atoi(number); err != nil || status < 100 || status > 599 {
		return 0, "", errUnread
	}
	for header := range strings.SplitSeq(headers, "\r\n") {
		if name, value, ok := strings.Cut(header, ":"); ok && strings.EqualFold(name, "ETag") {
			etag = strings.TrimSpace(value)
		}
	}
	return status, etag, nil
}
