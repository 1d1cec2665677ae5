package azuretest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
)

func (x *exchange) putBlock(c *container) *response {
	b := c.blobs[x.Key]
	if b == nil {
		b = &blob{name: x.Key}
	}
	if f := b.lease.allows(x.Header.Get("X-Ms-Lease-Id"), "Blob", true, x.now); f != nil {
		return x.fail(f)
	}
	if b.blocks == nil {
		b.blocks = map[string][]byte{}
	}
	b.blocks[x.Query.Get("blockid")] = x.Body
	c.blobs[b.name] = b
	return respond(http.StatusCreated, "x-ms-request-server-encrypted", "true")
}

func (x *exchange) putBlockList(c *container) *response {
	b, f := x.writable(c)
	if f != nil {
		return x.fail(f)
	}
	var content []byte
	list := map[string][]byte{}
	d := xml.NewDecoder(bytes.NewReader(x.Body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return x.fail(errInvalidXML)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local == "BlockList" {
			continue
		}
		var id string
		if err := d.DecodeElement(&id, &start); err != nil {
			return x.fail(errInvalidXML)
		}
		block, uncommitted := b.blocks[id]
		old, committed := b.list[id]
		switch kind := start.Name.Local; {
		case uncommitted && (kind == "Latest" || kind == "Uncommitted"):
		case committed && (kind == "Latest" || kind == "Committed"):
			block = old
		default:
			return x.fail(errInvalidBlockList)
		}
		list[id] = block
		content = append(content, block...)
	}
	b.list = list
	return x.written(c, b, content)
}
