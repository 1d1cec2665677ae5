package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// MessageBlob returns the name of the blob a large message stands in. The blob holds the message's JSON, gzipped.
func (m *Message) MessageBlob() string {
	id := m.ActivityID
	if id == "" {
		id = zeroGUID
	}
	return m.Target.InstanceID + "/message-" + strings.ReplaceAll(id, "-", "") + "-" + m.Event.Type().String() + ".json.gz"
}

// TargetOfBlob returns the instance that the message in a blob is for, as its name tells.
func TargetOfBlob(blob string) (instanceID string, ok bool) {
	n := strings.LastIndex(blob, "/message-")
	if n <= 0 {
		return "", false
	}
	return blob[:n], true
}

// ColumnBlob returns the name of the blob a large column stands in; random must be fresh, so that nobody overwrites the
// blob of another. The blob holds the column's text, gzipped. For a row of the instances table rowKey is empty and the
// event type is the column's name.
func ColumnBlob(partitionKey, rowKey, eventType string, random uint32, column string) string {
	return fmt.Sprintf("%s/history-%s-%s-%08X-%s.json.gz", partitionKey, rowKey, eventType, random&0x7FFFFFFF, column)
}

// BlobURL returns the URL of a blob of the container at the URL container, as it stands in Input and Output.
func BlobURL(container, blob string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(container, "/"))
	b.WriteByte('/')
	for _, c := range []byte(blob) {
		if c == '/' || unreserved(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// BlobOfURL returns the name of the blob that text is the URL of, if it is one of the container. Everything else is plain
// text, whatever it looks like. Differs from DTFx, which takes every absolute URI for a blob and then fails.
func BlobOfURL(container, text string) (string, bool) {
	path, ok := strings.CutPrefix(text, strings.TrimSuffix(container, "/")+"/")
	if !ok || path == "" {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '?' || c == '#' || c == ' ' {
			return "", false
		}
		if n, ok := percent(path[i:]); ok {
			c = n
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// HoldsMessage reports whether a blob named in Input holds the start message, whose event has the input, and not the input.
func HoldsMessage(blob string) bool {
	return strings.HasSuffix(blob, "ExecutionStarted.json.gz")
}

// percent reads the %XX at the beginning of s.
func percent(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:3], 16, 8)
	return byte(n), err == nil
}

func unreserved(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~'
}
