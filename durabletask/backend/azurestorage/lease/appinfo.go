package lease

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// appInfo is what stands in the info blob of the app lease: whose lease it is and who is to get it, as lease ids, empty for nobody.
// Members that we don't know are kept.
type appInfo struct {
	owner, wants string
	others       map[string]json.RawMessage
}

const (
	memberOwner = "OwnerId"
	memberWants = "DesiredSwapId"
)

func parseAppInfo(data []byte) (appInfo, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &members); err != nil {
		return appInfo{}, fmt.Errorf("app lease info: %w", err)
	}
	if members == nil {
		return appInfo{}, fmt.Errorf("app lease info: no object: %.80q", data)
	}
	info := appInfo{others: members}
	for name, to := range map[string]*string{memberOwner: &info.owner, memberWants: &info.wants} {
		var id *string
		if text, ok := members[name]; ok {
			if err := json.Unmarshal(text, &id); err != nil {
				return appInfo{}, fmt.Errorf("app lease info: %s: %w", name, err)
			}
		}
		if id != nil {
			*to = *id
		}
		delete(members, name)
	}
	return info, nil
}

func (i appInfo) json() []byte {
	var b bytes.Buffer
	member := func(name string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			panic(err) // what was read can be written
		}
		b.WriteByte(',')
		key, _ := json.Marshal(name) //nolint:errchkjson // a string
		b.Write(key)
		b.WriteByte(':')
		b.Write(text)
	}
	id := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	member(memberOwner, id(i.owner))
	member(memberWants, id(i.wants))
	for _, name := range slices.Sorted(maps.Keys(i.others)) {
		member(name, i.others[name])
	}
	b.WriteByte('}')
	text := b.Bytes()
	text[0] = '{'
	return text
}
