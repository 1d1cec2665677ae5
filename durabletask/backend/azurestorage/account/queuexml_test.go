package account

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"testing"
	"time"
	"unicode/utf8"
)

// What is not refused comes back from any reader of XML as it was.
func FuzzMessageText(f *testing.F) {
	for _, s := range []string{"", "{}", "a<b>&c;\r\n\r\t'\"]]>", "ü😀\ufffd", "\ufffe", "\x00", "\xff", "&amp;lt;"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		service := always(http.StatusCreated)
		_, err := open(t, service).Queue("q").Put(t.Context(), text, 0, 0)
		carried := utf8.Valid(text) && !bytes.ContainsFunc(text, func(r rune) bool { return !isXML(r) })
		if carried != (service.count() == 1) {
			t.Fatalf("%q: %d requests, %v", text, service.count(), err)
		}
		if !carried {
			return
		}
		var message struct {
			XMLName xml.Name `xml:"QueueMessage"`
			Text    []byte   `xml:"MessageText"`
		}
		if err := xml.Unmarshal([]byte(service.bodies[0]), &message); err != nil || !bytes.Equal(message.Text, text) {
			t.Fatalf("%q: read %q, %v", text, message.Text, err)
		}
	})
}

// isXML reports whether XML can carry a character.
func isXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF
}

func TestReadMessages(t *testing.T) {
	t.Parallel()
	doc := messageList(2, "<DequeueCount>3</DequeueCount><MessageText>{&quot;a&quot;:&#10;&#xD;&apos;&gt;&#x1F600;}\r\nx\ry&amp;lt;</MessageText>")
	read := func(doc string) ([]Message, error) {
		f := &fake{answer: func(_ int, r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK, doc), nil }}
		return open(t, f).Queue("q").Receive(t.Context(), 2, time.Minute)
	}
	got, err := read(doc)
	check(t, "read", err)
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	for _, m := range got {
		if m.Inserted.Year() != 2009 || m.NextVisible.Minute() != 29 || m.DequeueCount != 3 || string(m.Text) != "{\"a\":\n\r'>😀}\nx\ny&lt;" {
			t.Errorf("%+v, text %q", m, m.Text)
		}
	}
	if got, err := read(`<?xml version="1.0"?><QueueMessagesList />`); err != nil || len(got) != 0 {
		t.Errorf("empty: %+v, %v", got, err)
	}
	// What is no list, or not a whole one, is not taken for an empty queue: the messages may be hidden now.
	for name, doc := range map[string]string{
		"nothing":          ``,
		"no list":          `<html></html>`,
		"list cut short":   `<QueueMessagesList><QueueMessage><MessageId>1</MessageId></QueueMessage>`,
		"other list":       `<QueueMessagesListing></QueueMessagesListing>`,
		"without id":       `<QueueMessagesList><QueueMessage></QueueMessage></QueueMessagesList>`,
		"count":            `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><DequeueCount>x</DequeueCount></QueueMessage></QueueMessagesList>`,
		"unknown entity":   `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>&nbsp;</MessageText></QueueMessage></QueueMessagesList>`,
		"no character":     `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>&#xFFFF;</MessageText></QueueMessage></QueueMessagesList>`,
		"message cut":      `<QueueMessagesList><QueueMessage><MessageId>1</MessageId></QueueMessagesList>`,
		"character number": `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>&#x;</MessageText></QueueMessage></QueueMessagesList>`,
	} {
		if got, err := read(doc); !Ambiguous(err) || !Transient(err) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
