package main

import (
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
)

// allStatuses are the names of states.
func allStatuses() []string {
	var names []string
	for s := history.Running; s <= history.Suspended; s++ {
		names = append(names, s.String())
	}
	return names
}

// parseStatuses reads states in any letter case.
func parseStatuses(lists []string) ([]string, error) {
	var found []string
	for _, word := range words(lists) {
		known := false
		for _, name := range allStatuses() {
			if strings.EqualFold(name, word) {
				found, known = append(found, name), true
			}
		}
		if !known {
			return nil, fail(exitUsage, "--status %q is not known: it is one of %s", word, strings.Join(allStatuses(), ", "))
		}
	}
	return found, nil
}
