package azuretest

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"unicode/utf8"
)

func startMessages(b *bytes.Buffer) {
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><QueueMessagesList>`)
}

func endMessages(b *bytes.Buffer) []byte {
	b.WriteString("</QueueMessagesList>")
	return b.Bytes()
}

// write writes a message as Put, Get and Peek answer with it.
func (m *message) write(b *bytes.Buffer, receipt, count, text bool) {
	b.WriteString("<QueueMessage><MessageId>" + m.id + "</MessageId><InsertionTime>" + m.inserted.UTC().Format(http.TimeFormat) +
		"</InsertionTime><ExpirationTime>" + m.expires.UTC().Format(http.TimeFormat) + "</ExpirationTime>")
	if receipt {
		b.WriteString("<PopReceipt>" + m.receipt + "</PopReceipt><TimeNextVisible>" + m.visible.UTC().Format(http.TimeFormat) + "</TimeNextVisible>")
	}
	if count {
		b.WriteString("<DequeueCount>" + strconv.Itoa(m.dequeues) + "</DequeueCount>")
	}
	if text {
		element(b, "MessageText", m.text)
	}
	b.WriteString("</QueueMessage>")
}

// messageText reads the text out of the XML that a client sends.
func messageText(body []byte) (string, *serviceError) {
	text, ok := plainMessageText(body)
	if !ok {
		var doc struct {
			XMLName     xml.Name `xml:"QueueMessage"`
			MessageText *string  `xml:"MessageText"`
		}
		if err := xml.Unmarshal(body, &doc); err != nil || doc.MessageText == nil {
			return "", errInvalidXML
		}
		text = *doc.MessageText
	}
	if len(text) > MaxMessageBytes {
		return "", errBodyTooLarge
	}
	return text, nil
}

// plainMessageText reads the form in which clients write it, twenty times as fast as encoding/xml does. ok is false for every other form.
func plainMessageText(body []byte) (text string, ok bool) {
	const start, end = "<QueueMessage><MessageText>", "</MessageText></QueueMessage>"
	body = bytes.TrimSpace(body)
	if after, found := bytes.CutPrefix(body, []byte("<?xml")); found {
		if _, body, found = bytes.Cut(after, []byte("?>")); !found {
			return "", false
		}
		body = bytes.TrimSpace(body)
	}
	if !bytes.HasPrefix(body, []byte(start)) || !bytes.HasSuffix(body, []byte(end)) || len(body) < len(start)+len(end) {
		return "", false
	}
	body = body[len(start) : len(body)-len(end)]
	if bytes.ContainsAny(body, "<>\r") || !utf8.Valid(body) {
		return "", false
	}
	out := make([]byte, 0, len(body))
	for len(body) > 0 {
		i := bytes.IndexByte(body, '&')
		if i < 0 {
			i = len(body)
		}
		for _, r := range string(body[:i]) {
			if !isXML(r) {
				return "", false
			}
		}
		out = append(out, body[:i]...)
		if body = body[i:]; len(body) == 0 {
			break
		}
		end := bytes.IndexByte(body, ';')
		if end < 0 {
			return "", false
		}
		r, ok := entity(string(body[1:end]))
		if !ok {
			return "", false
		}
		out = utf8.AppendRune(out, r)
		body = body[end+1:]
	}
	return string(out), true
}

func isXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

func entity(name string) (r rune, ok bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot", "#34":
		return '"', true
	case "apos", "#39":
		return '\'', true
	case "#xA":
		return '\n', true
	case "#xD":
		return '\r', true
	case "#x9":
		return '\t', true
	}
	return 0, false // encoding/xml knows the rest
}
