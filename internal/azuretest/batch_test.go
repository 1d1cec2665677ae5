package azuretest

import (
	"bytes"
	"slices"
	"testing"
)

const fuzzContentType = "multipart/mixed; boundary=batch_x"

var batchSeeds = []string{
	"--batch_x\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPOST http://h/a/T HTTP/1.1\r\nPrefer: return-no-content\r\n\r\n{\"PartitionKey\":\"p\",\"RowKey\":\"r\"}\r\n--c\r\nContent-Type: application/http\r\n\r\nDELETE http://h/a/T(PartitionKey='p',RowKey='s') HTTP/1.1\r\nIf-Match: *\r\n\r\n\r\n--c--\r\n--batch_x--\r\n",
	"--batch_x\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: application/http\n\nPUT /T(PartitionKey='p',RowKey='r') HTTP/1.1\nContent-ID: 3\n\n{}\n--c--\n--batch_x--\n",
	"--batch_x\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--batch_x--\r\n",
	"--batch_x--",
	"",
}

func TestBatchesAreRead(t *testing.T) {
	t.Parallel()
	parts, f := parseBatch(fuzzContentType, []byte(batchSeeds[0]))
	if f != nil || len(parts) != 2 || parts[0].method != "POST" || string(parts[0].body) != `{"PartitionKey":"p","RowKey":"r"}` || parts[1].header.Get("If-Match") != "*" || len(bytes.TrimSpace(parts[1].body)) > 0 {
		t.Errorf("%+v, %v", parts, f)
	}
	parts, f = parseBatch(fuzzContentType, []byte(batchSeeds[1]))
	if f != nil || len(parts) != 1 || string(parts[0].body) != "{}" || parts[0].contentID != "3" {
		t.Errorf("%+v, %v", parts, f)
	}
	for _, seed := range batchSeeds[2:] {
		if parts, f := parseBatch(fuzzContentType, []byte(seed)); f == nil {
			t.Errorf("%q: %+v", seed, parts)
		}
	}
	for n := range len(batchSeeds[0]) - 4 {
		if _, f := parseBatch(fuzzContentType, []byte(batchSeeds[0][:n])); f == nil {
			t.Errorf("a batch that ends after %d bytes is taken for a whole one", n)
		}
	}
}

// Whatever a batch looks like, reading it ends in its operations or a refusal.
func FuzzBatch(f *testing.F) {
	for _, seed := range batchSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		parts, failure := parseBatch(fuzzContentType, body)
		if failure == nil && len(parts) == 0 {
			t.Error("neither operations nor a refusal")
		}
		for i := range parts {
			_, _ = parts[i].change()
		}
	})
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte(`{"A":"1","B@odata.type":"Edm.Int64","B":"2","C":null,"D":1.5,"Timestamp":"x"}`))
	f.Add([]byte(`{"A":{"B":1}}`))
	f.Add([]byte("{ \"A\\n\\\"\\\\\" : -1e5 ,\"\\u00e9\":true}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if fast, ok := scanMembers(body); ok {
			if slow, ok := decodeMembers(body); !ok || !slices.Equal(fast, slow) {
				t.Errorf("%s: %v, but %v", body, fast, slow)
			}
		}
		properties, failure := parseProperties(body)
		if failure != nil {
			return
		}
		b := []byte(`{"PartitionKey":""`)
		for i := range properties {
			b = appendJSON(append(b, ','), properties[i].name+"@odata.type")
			b = append(b, ':')
			b = appendJSON(b, edmNames[properties[i].typ])
			if isIdentifier(properties[i].name) {
				b = appendProperty(b, properties[i].name, &properties[i].value, noMetadata)
			}
		}
		if _, failure := parseProperties(append(b, '}')); failure != nil {
			t.Errorf("%s became %s, which is refused", body, b)
		}
	})
}

// The fast way of reading a message says what the slow one says.
func FuzzMessageText(f *testing.F) {
	f.Add("<QueueMessage><MessageText>a &lt;b&gt; &amp;&#34;&#39;&#xA;é</MessageText></QueueMessage>")
	f.Add(`<?xml version="1.0"?><QueueMessage><MessageText></MessageText></QueueMessage>`)
	f.Fuzz(func(t *testing.T, body string) {
		fast, ok := plainMessageText([]byte(body))
		if !ok {
			return
		}
		if slow, f := messageText([]byte(" <!-- -->" + body)); f == nil && slow != fast {
			t.Errorf("%q: %q, but %q", body, fast, slow)
		}
	})
}
