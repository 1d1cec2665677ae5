package hosttest

import (
	"crypto/md5" //nolint:gosec // the checksum that blobs have
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Blob is what is known of a blob besides its content.
type Blob struct {
	// ContentType is its media type; empty for application/octet-stream.
	ContentType string
	// Metadata is what its writer has noted, by names in any case.
	Metadata map[string]string
}

// PutBlob writes a blob, path is container/name, calls every function whose trigger it fits, and returns their outcomes by name.
func (h *Host) PutBlob(path string, content []byte, properties ...Blob) map[string]Outcome {
	h.t.Helper()
	j := h.must()
	h.storage.PutBlob(path, content)
	var b Blob
	for _, p := range properties {
		b = p
	}
	out := map[string]Outcome{}
	for _, f := range j.app.valid() {
		trigger := f.trigger()
		if !trigger.is("blobTrigger") || h.options.disabled(f) {
			continue
		}
		if parameters, ok := matchBlob(trigger.property("path"), path); ok {
			p := blobPayload(f, path, content, b, parameters, time.Now())
			j.addInputs(f, p, nil)
			a, err := j.invoke(f, newGUID(), p, nil)
			if err == nil {
				err = h.writeOutputs(f, a, p.expander(nil))
			}
			out[f.name] = outcomeOf(a, err)
		}
	}
	return out
}

var pathParameter = regexp.MustCompile(`\\\{(\w+)\\\}`)

// matchBlob finds the values of the {names} in a pattern; a pattern without a name for blobs takes in the whole container.
func matchBlob(pattern, path string) (values []parameter, ok bool) {
	if !strings.Contains(pattern, "/") {
		pattern += "/{blobName}"
	}
	re := regexp.MustCompile("^" + pathParameter.ReplaceAllString(regexp.QuoteMeta(pattern), `(?P<$1>.+)`) + "$")
	m := re.FindStringSubmatch(path)
	if m == nil {
		return nil, false
	}
	for i, name := range re.SubexpNames() {
		if name != "" {
			values = append(values, parameter{name: name, value: m[i]})
		}
	}
	return values, true
}

// blobPayload is what the invocation for a blob carries.
func blobPayload(f *function, path string, content []byte, b Blob, parameters []parameter, now time.Time) *payload {
	trigger := f.trigger()
	data := bytesValue(content)
	if strings.EqualFold(trigger.property("dataType"), "string") {
		data = quoted(validUTF8(content))
	}
	if b.ContentType == "" {
		b.ContentType = "application/octet-stream"
	}
	sum := md5.Sum(content) //nolint:gosec // the checksum that blobs have
	notes := object()
	for _, name := range slices.Sorted(maps.Keys(b.Metadata)) {
		notes.put(strings.ToUpper(name[:1])+name[1:], text(b.Metadata[name]))
	}
	at := text(now.UTC().Format(wireSeconds))
	properties := object(
		member{"CacheControl", null()}, member{"ContentDisposition", null()}, member{"ContentEncoding", null()}, member{"ContentLanguage", null()},
		member{"Length", number(len(content))}, member{"ContentMD5", text(base64.StdEncoding.EncodeToString(sum[:]))},
		member{"ContentType", text(b.ContentType)}, member{"ETag", text(fmt.Sprintf(`"0x%X"`, now.UnixNano()))}, member{"Created", at},
		member{"LastModified", at}, member{"BlobType", number(2)}, member{"LeaseStatus", number(2)}, member{"LeaseState", number(1)},
		member{"LeaseDuration", number(0)}, member{"PageBlobSequenceNumber", null()}, member{"AppendBlobCommittedBlockCount", null()},
		member{"IsServerEncrypted", boolean(true)}, member{"IsIncrementalCopy", boolean(false)}, member{"StandardBlobTier", number(1)},
		member{"RehydrationStatus", null()}, member{"PremiumPageBlobTier", null()}, member{"BlobTierInferred", boolean(true)},
		member{"BlobTierLastModifiedTime", at}, member{"DeletedTime", null()}, member{"RemainingDaysBeforePermanentDelete", null()})
	p := &payload{data: object(member{trigger.name, data})}
	p.metadata.set("Uri", quoted("http://127.0.0.1:10000/devstoreaccount1/"+path))
	p.metadata.set("Properties", properties)
	p.metadata.set("Metadata", notes)
	for _, v := range parameters {
		p.metadata.set(v.name, quoted(v.value))
	}
	p.metadata.system(f, now)
	return p
}

// addInputs adds the input bindings of a function to what an invocation carries: blobs as text, or as bytes if the binding is binary, and null for one that
// is not there or of a type that the double does not keep.
func (j *jobHost) addInputs(f *function, p *payload, c *httpCall) {
	expand := p.expander(c)
	for i := range f.bindings {
		b := &f.bindings[i]
		if b.out() || b.trigger() {
			continue
		}
		data := quotedJSON(null())
		if b.is("blob") {
			if content, ok := j.host.storage.Blob(expand(b.property("path"))); ok && b.binary() {
				data = bytesValue(content)
			} else if ok {
				data = quoted(validUTF8(content))
			}
		}
		p.data.put(b.name, data)
	}
}
