package azuretest

import (
	"net/url"
	"strings"
)

// target is what a table URL addresses: a table, or an entity of it.
type target struct {
	table, pk, rk string
	entity        bool
}

// parseTarget reads Table, Table() and Table(PartitionKey='…',RowKey='…').
func parseTarget(path string) (target, *serviceError) {
	name, keys, ok := strings.Cut(path, "(")
	t := target{table: name}
	if !ok || keys == ")" {
		return t, nil
	}
	rest, ok := strings.CutSuffix(keys, ")")
	if !ok {
		return t, errInvalidURI
	}
	pk, rest, ok := keyOf(rest, "PartitionKey=")
	if !ok || !strings.HasPrefix(rest, ",") {
		return t, errInvalidURI
	}
	rk, rest, ok := keyOf(strings.TrimLeft(rest[1:], " "), "RowKey=")
	if !ok || rest != "" {
		return t, errInvalidURI
	}
	t.pk, t.rk, t.entity = pk, rk, true
	return t, nil
}

// keyOf reads name'…', in which ” stands for one quote.
func keyOf(text, name string) (key, rest string, ok bool) {
	text, ok = strings.CutPrefix(text, name)
	if !ok {
		return "", "", false
	}
	return quoted(text)
}

// quoted reads a quoted text at the beginning of text.
func quoted(text string) (inner, rest string, ok bool) {
	if !strings.HasPrefix(text, "'") {
		return "", "", false
	}
	for i := 1; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			i++
			continue
		}
		return strings.ReplaceAll(text[1:i], "''", "'"), text[i+1:], true
	}
	return "", "", false
}

func escapeKey(key string) string { return url.PathEscape(strings.ReplaceAll(key, "'", "''")) }
