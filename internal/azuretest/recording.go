package azuretest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxExpansion is how long a text may be that «c×N» stands for.
const maxExpansion = 16 << 20

// repetition is how recordings shorten c…c: «c×N» or <N times c>.
var repetition = regexp.MustCompile(`«([^"\\])×([0-9]{1,9})»|<([0-9]{1,9}) times ([^"\\])>`)

// Expand writes out the repetitions that a recording has shortened. It fails if one stands for too long a text.
func Expand(data []byte) ([]byte, error) {
	var tooLong error
	data = repetition.ReplaceAllFunc(data, func(m []byte) []byte {
		parts := repetition.FindSubmatch(m)
		c, times := parts[1], parts[2]
		if len(c) == 0 {
			c, times = parts[4], parts[3]
		}
		n, err := strconv.Atoi(string(times))
		if err != nil || n*len(c) > maxExpansion {
			tooLong = fmt.Errorf("%s is longer than %d bytes", m, maxExpansion)
			return m
		}
		return bytes.Repeat(c, n)
	})
	return data, tooLong
}

// ParseState reads a state in JSON: one of Snapshot's, or a recording of DTFx or of the Durable extension. Of a recording,
// repetitions that were shortened are written out, and texts that stood compressed in blobs are compressed again. blobEndpoint, unless empty, takes the place
// of the recorded URL of the blob service in rows and messages: that of the account into which the state is loaded.
func ParseState(data []byte, blobEndpoint string) (*State, error) {
	var recorded struct {
		Endpoints map[Kind]string `json:"endpoints"`
	}
	if err := json.Unmarshal(data, &recorded); err != nil {
		return nil, fmt.Errorf("azuretest: parse state: %w", err)
	}
	if old := recorded.Endpoints[Blob]; old != "" && blobEndpoint != "" {
		data = bytes.ReplaceAll(data, []byte(old), []byte(blobEndpoint))
	}
	data, err := Expand(data)
	if err != nil {
		return nil, fmt.Errorf("azuretest: parse state: %w", err)
	}
	var in struct {
		State
		Blobs map[string][]BlobState `json:"blobs"` // by container, in the recordings of the Durable extension
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("azuretest: parse state: %w", err)
	}
	for name, blobs := range in.Blobs {
		if in.Containers == nil {
			in.Containers = map[string]ContainerState{}
		}
		in.Containers[name] = ContainerState{Blobs: blobs}
	}
	return &in.State, nil
}

// recordedBlob is how a blob's content stands in JSON: as text, as text that is to be compressed, or in base64.
type recordedBlob struct {
	Body          *string `json:"body,omitempty"`
	BodyGunzipped *string `json:"bodyGunzipped,omitempty"`
	BodyBase64    []byte  `json:"bodyBase64,omitempty"`
	// The recordings of the Durable extension say it in this way.
	Content *string `json:"content,omitempty"`
	Gzip    bool    `json:"gzip,omitempty"`
}

type plainBlob BlobState

// MarshalJSON writes a blob, in base64 when its content is no text.
func (b BlobState) MarshalJSON() ([]byte, error) {
	out := struct {
		plainBlob
		recordedBlob
	}{plainBlob: plainBlob(b)}
	if text := string(b.Content); utf8.ValidString(text) {
		out.Body = &text
	} else {
		out.BodyBase64 = b.Content
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads a blob as MarshalJSON or a recording writes it.
func (b *BlobState) UnmarshalJSON(data []byte) error {
	var in struct {
		plainBlob
		recordedBlob
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*b = BlobState(in.plainBlob)
	if in.recordedBlob.Content != nil {
		in.Body = in.recordedBlob.Content
		if in.Gzip {
			in.Body, in.BodyGunzipped = nil, in.recordedBlob.Content
		}
	}
	switch {
	case in.Body != nil:
		b.Content = []byte(*in.Body)
	case in.BodyGunzipped != nil:
		var compressed bytes.Buffer
		w := gzip.NewWriter(&compressed)
		_, err := w.Write([]byte(*in.BodyGunzipped))
		if err = errors.Join(err, w.Close()); err != nil {
			return err
		}
		b.Content = compressed.Bytes()
	default:
		b.Content = in.BodyBase64
	}
	return nil
}

// UnmarshalJSON reads a message as MarshalJSON or a recording writes it: with dates as in JSON or in HTTP headers, and with
// the text as a string or, when it is JSON, as it is.
func (m *Message) UnmarshalJSON(data []byte) error {
	var in struct {
		ID          string          `json:"messageId"`
		Inserted    recordedTime    `json:"insertionTime"`
		Expires     recordedTime    `json:"expirationTime"`
		NextVisible recordedTime    `json:"timeNextVisible"`
		Dequeued    json.RawMessage `json:"dequeueCount"`
		PopReceipt  string          `json:"popReceipt"`
		Text        json.RawMessage `json:"messageText"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*m = Message{in.ID, in.Inserted.Time, in.Expires.Time, in.NextVisible.Time, 0, in.PopReceipt, string(in.Text)}
	if count := strings.Trim(string(in.Dequeued), `"`); count != "" {
		n, err := strconv.Atoi(count)
		if err != nil {
			return fmt.Errorf("read a message: %w", err)
		}
		m.Dequeued = n
	}
	if strings.HasPrefix(m.Text, `"`) {
		return json.Unmarshal(in.Text, &m.Text)
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, in.Text)
	m.Text = compact.String()
	return err
}

type recordedTime struct{ time.Time }

func (t *recordedTime) UnmarshalJSON(data []byte) error {
	if err := t.Time.UnmarshalJSON(data); err == nil {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	parsed, err := http.ParseTime(text)
	t.Time = parsed
	return err
}
