package hosttest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// payload is what an invocation carries: Data, and Metadata as the host collects it.
type payload struct {
	data     *value
	metadata bindingData
}

// bindingData is the Metadata of an invocation: names without regard to case, where a later value replaces an earlier one but not its name or place. So a
// message can overwrite what the host says about it.
type bindingData struct{ members []member }

func (b *bindingData) set(name string, v *value) {
	for i := range b.members {
		if strings.EqualFold(b.members[i].name, name) {
			b.members[i].value = v
			return
		}
	}
	b.members = append(b.members, member{name, v})
}

// spread adds the members of a text that is a JSON object. Arrays and nulls are left out.
func (b *bindingData) spread(s string) {
	v, ok := jsonObject(s)
	if !ok {
		return
	}
	for _, m := range v.members {
		switch m.value.kind {
		case kindObject:
			b.set(m.name, m.value)
		case kindBool, kindNumber, kindString:
			b.set(m.name, quoted(m.value.plain()))
		case kindNull, kindArray:
		}
	}
}

// value is Metadata as it is sent: names that end in "trigger" are left out.
func (b *bindingData) value() *value {
	v := object()
	for _, m := range b.members {
		if !strings.HasSuffix(strings.ToLower(m.name), "trigger") {
			v.put(m.name, m.value)
		}
	}
	return v
}

// system adds the member sys, which every invocation has.
func (b *bindingData) system(f *function, now time.Time) {
	b.set("sys", object(
		member{"MethodName", text(f.name)}, member{"UtcNow", text(now.UTC().Format(wireUTC))}, member{"RandGuid", text(newGUID())}))
}

// The host writes a string, a number, a boolean or null as a string that holds its JSON; bytes are plain base64; dates are plain.

func quoted(s string) *value        { return text(quote(s)) }
func quotedJSON(v *value) *value    { return text(v.String()) }
func bytesValue(data []byte) *value { return text(base64.StdEncoding.EncodeToString(data)) }
func dateValue(t time.Time) *value  { return text(t.UTC().Format(wireSeconds)) }

// newGUID makes an id as the host's are: random, with dashes.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
