package account

import (
	"bytes"
	"encoding/xml"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// reference reads a list of messages with encoding/xml.
func reference(doc []byte) ([]Message, error) {
	var list struct {
		XMLName  xml.Name `xml:"QueueMessagesList"`
		Messages []struct {
			ID    string `xml:"MessageId"`
			Pop   string `xml:"PopReceipt"`
			Count int    `xml:"DequeueCount"`
			Text  []byte `xml:"MessageText"`
		} `xml:"QueueMessage"`
	}
	err := xml.Unmarshal(doc, &list)
	var messages []Message
	for _, m := range list.Messages {
		messages = append(messages, Message{ID: m.ID, PopReceipt: m.Pop, DequeueCount: m.Count, Text: m.Text})
	}
	return messages, err
}

// What is put comes back, and any reader of XML sees the same text.
func FuzzMessageText(f *testing.F) {
	for _, s := range []string{"", "{}", "a<b>&c;\r\n\r\t'\"]]>", "ü😀\ufffd", "\ufffe", "\x00", "\xff", "&amp;lt;"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		body, err := messageBody(text)
		carried := utf8.Valid(text) && !bytes.ContainsFunc(text, func(r rune) bool { return !isXML(r) })
		if (err == nil) != carried {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		body = bytes.Replace(body, []byte("<MessageText>"), []byte("<MessageId>1</MessageId><MessageText>"), 1)
		doc := append(append([]byte("<QueueMessagesList>"), body...), "</QueueMessagesList>"...)
		ours, err := readMessages(doc)
		if err != nil || len(ours) != 1 || !bytes.Equal(ours[0].Text, text) {
			t.Fatalf("%q: read %+v, %v", text, ours, err)
		}
		theirs, err := reference(doc)
		if err != nil || len(theirs) != 1 || !bytes.Equal(theirs[0].Text, text) {
			t.Fatalf("%q: others read %+v, %v", text, theirs, err)
		}
	})
}

// Whatever comes, reading ends in messages or an error.
func FuzzReadMessages(f *testing.F) {
	f.Add([]byte(messageList(2, "<DequeueCount>3</DequeueCount><MessageText>{&quot;a&quot;:&#10;&#xD;&apos;&gt;}\r\nx\ry</MessageText>")))
	f.Add([]byte(`<?xml version="1.0"?><QueueMessagesList />`))
	f.Add([]byte("\xef\xbb\xbf<QueueMessagesList>\n <QueueMessage>\n  <MessageId>1</MessageId>\n  <MessageText></MessageText>\n </QueueMessage>\n</QueueMessagesList>"))
	f.Add([]byte(`<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText><![CDATA[x]]></MessageText></QueueMessage></QueueMessagesList>`))
	f.Add([]byte(`<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>&#0;&nope;</MessageText></QueueMessage></QueueMessagesList>`))
	f.Fuzz(func(_ *testing.T, doc []byte) { _, _ = readMessages(doc) })
}

func TestReadMessages(t *testing.T) {
	t.Parallel()
	doc := []byte(messageList(2, "<DequeueCount>3</DequeueCount><MessageText>{&quot;a&quot;:&#10;&#xD;&apos;&gt;&#x1F600;}\r\nx\ry&amp;lt;</MessageText>"))
	got, err := readMessages(doc)
	check(t, "read", err)
	want, err := reference(doc)
	check(t, "reference", err)
	for i := range got {
		if got[i].Inserted.Year() != 2009 || got[i].NextVisible.Minute() != 29 {
			t.Errorf("times %s and %s", got[i].Inserted, got[i].NextVisible)
		}
		want[i].Inserted, want[i].NextVisible = got[i].Inserted, got[i].NextVisible
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, doc := range map[string]string{
		"no list":          `<html></html>`,
		"list cut short":   `<QueueMessagesList><QueueMessage><MessageId>1</MessageId></QueueMessage>`,
		"other list":       `<QueueMessagesListing></QueueMessagesListing>`,
		"without id":       `<QueueMessagesList><QueueMessage></QueueMessage></QueueMessagesList>`,
		"count":            `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><DequeueCount>x</DequeueCount></QueueMessage></QueueMessagesList>`,
		"inner element":    `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>a<b/></MessageText></QueueMessage></QueueMessagesList>`,
		"unknown entity":   `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>&nbsp;</MessageText></QueueMessage></QueueMessagesList>`,
		"endless entity":   `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>&amp</MessageText></QueueMessage></QueueMessagesList>`,
		"no character":     `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>&#xFFFF;</MessageText></QueueMessage></QueueMessagesList>`,
		"message cut":      `<QueueMessagesList><QueueMessage><MessageId>1</MessageId></QueueMessagesList>`,
		"character number": `<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>&#x;</MessageText></QueueMessage></QueueMessagesList>`,
	} {
		if got, err := readMessages([]byte(doc)); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
