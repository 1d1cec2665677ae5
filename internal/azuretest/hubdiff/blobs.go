package hubdiff

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// containers compares the blobs of the hub, and what stands in them.
func (c *comparison) containers(recorded, ours *azuretest.State) {
	for _, name := range union(c.hubOnly(maps.Keys(recorded.Containers)), c.hubOnly(maps.Keys(ours.Containers))) {
		a, inA := recorded.Containers[name]
		b, inB := ours.Containers[name]
		if !inA || !inB {
			c.only("container", "", name, name, inA)
			continue
		}
		rest := slices.Clone(b.Blobs)
		for i := range a.Blobs {
			x := &a.Blobs[i]
			if c.without(x.Name) {
				continue
			}
			at := slices.IndexFunc(rest, func(y azuretest.BlobState) bool {
				return c.ids.alike(x.Name, y.Name) && c.values(content(x), content(&y)) != Value
			})
			if at < 0 {
				at = slices.IndexFunc(rest, func(y azuretest.BlobState) bool { return c.ids.alike(x.Name, y.Name) })
			}
			if at < 0 {
				c.only("blob", name, x.Name, short(content(x)), true)
				continue
			}
			y := rest[at]
			rest = slices.Delete(rest, at, at+1)
			if isMessage(content(x)) && isMessage(content(&y)) {
				c.message("blob", x.Name, flatMessage(content(x)), flatMessage(content(&y)))
			} else if kind := c.values(content(x), content(&y)); kind != Same {
				c.found(&Finding{Kind: kind, Place: "blob", Instance: name, Row: x.Name, Recorded: short(content(x)), Ours: short(content(&y))})
			}
			if x.ContentType != "" && x.ContentType != y.ContentType { // not every recording has it
				c.found(&Finding{Kind: Value, Place: "blob", Instance: name, Row: x.Name, Column: "Content-Type", Recorded: x.ContentType, Ours: y.ContentType})
			}
		}
		for i := range rest {
			if !c.without(rest[i].Name) {
				c.only("blob", name, rest[i].Name, short(content(&rest[i])), false)
			}
		}
	}
}

func (c *comparison) without(blob string) bool {
	return slices.ContainsFunc(c.o.Without, func(id string) bool { return strings.HasPrefix(blob, id+"/") })
}

// isMessage reports whether a text is a message that was too large for a queue.
func isMessage(text string) bool {
	return strings.HasPrefix(text, "{") && strings.Contains(text, "TaskMessage")
}

// content is what stands in a blob, decompressed if it is compressed.
func content(b *azuretest.BlobState) string {
	z, err := gzip.NewReader(bytes.NewReader(b.Content))
	if err != nil {
		return string(b.Content)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return string(b.Content)
	}
	return string(text)
}
