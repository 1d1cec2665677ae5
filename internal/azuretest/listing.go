package azuretest

import (
	"bytes"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxListPage is how many names one answer lists at most.
const maxListPage = 5000

func (x *exchange) listQueues() *response {
	names, next, f := x.page(slices.Collect(maps.Keys(x.s.queues)))
	if f != nil {
		return x.fail(f)
	}
	var b bytes.Buffer
	x.startList(&b, "")
	b.WriteString("<Queues>")
	for _, name := range names {
		b.WriteString("<Queue><Name>" + name + "</Name>")
		if slices.Contains(x.include(), "metadata") {
			metadataXML(&b, x.s.queues[name].metadata)
		}
		b.WriteString("</Queue>")
	}
	b.WriteString("</Queues>")
	return x.endList(&b, next)
}

func (x *exchange) include() []string { return strings.Split(x.Query.Get("include"), ",") }

// page picks the names that a listing asks for, and the marker of the next page.
func (x *exchange) page(names []string) (page []string, next string, f *serviceError) {
	limit, f := x.queryInt("maxresults", maxListPage, 1, maxListPage)
	if f != nil {
		return nil, "", f
	}
	limit = min(limit, x.s.listPage())
	prefix, marker := x.Query.Get("prefix"), x.Query.Get("marker")
	slices.Sort(names)
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) || name < marker {
			continue
		}
		if len(page) == limit {
			return page, name, nil
		}
		page = append(page, name)
	}
	return page, "", nil
}

// listPage is how many names one answer lists: small pages of entities mean small pages of names too.
func (s *Service) listPage() int {
	if s.options.PageSize < MaxQueryPage {
		return s.options.PageSize
	}
	return maxListPage
}

func (x *exchange) startList(b *bytes.Buffer, attributes string) {
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="` + x.s.Endpoint(x.kind) + `/"` + attributes + `>`)
	for _, e := range [][2]string{{"Prefix", "prefix"}, {"Marker", "marker"}, {"MaxResults", "maxresults"}, {"Delimiter", "delimiter"}} {
		if value := x.Query.Get(e[1]); value != "" {
			element(b, e[0], value)
		}
	}
}

func (x *exchange) endList(b *bytes.Buffer, next string) *response {
	element(b, "NextMarker", next)
	b.WriteString("</EnumerationResults>")
	return respond(http.StatusOK).xml(b.Bytes())
}

func element(b *bytes.Buffer, name, value string) {
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(value)) // a buffer takes everything
	b.WriteString("</" + name + ">")
}

func metadataXML(b *bytes.Buffer, metadata map[string]string) {
	b.WriteString("<Metadata>")
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		element(b, key, metadata[key])
	}
	b.WriteString("</Metadata>")
}
