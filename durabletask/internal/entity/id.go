package entity

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/azdurable/azdurable/durabletask/history"
)

// ID returns the id of an entity. Names don't tell upper from lower case, keys do. It fails if the name is empty or contains @, or
// either has a character that no store takes.
func ID(name, key string) (history.EntityID, error) {
	switch {
	case name == "":
		return history.EntityID{}, fmt.Errorf("an entity needs a name; its key is %q", key)
	case strings.Contains(name, "@"):
		return history.EntityID{}, fmt.Errorf("the name of entity %q must not contain @; only keys may", name)
	}
	for _, part := range []string{name, key} {
		if i := strings.IndexFunc(part, forbidden); i >= 0 {
			return history.EntityID{}, fmt.Errorf(`the id of entity %q, %q must not contain control characters, /, \, # or ?`, name, key)
		}
	}
	return history.EntityID{Name: strings.ToLower(name), Key: key}, nil
}

func forbidden(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune(`/\#?`, r) }

// ParseID takes an instance id apart. It fails if that is no entity's.
func ParseID(instanceID string) (history.EntityID, error) {
	name, key, ok := strings.Cut(strings.TrimPrefix(instanceID, "@"), "@")
	if !ok || name == "" || !history.IsEntity(instanceID) {
		return history.EntityID{}, fmt.Errorf("%q is not the instance id of an entity, which is @name@key", instanceID)
	}
	return history.EntityID{Name: name, Key: key}, nil
}
