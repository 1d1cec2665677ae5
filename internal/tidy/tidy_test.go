package tidy

import (
	"slices"
	"strings"
	"testing"
)

// rule is one house rule.
type rule struct {
	name  string
	check func(*tree) []string // what breaks the rule, each with its place
	// broken is a file that breaks the rule, and says how the finding begins; fine is one that comes close and doesn't.
	broken, fine file
	finding      string
}

type file struct{ path, text string }

func TestHouseRules(t *testing.T) {
	t.Parallel()
	all := checkout(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			for _, finding := range r.check(all) {
				t.Error(finding)
			}
		})
	}
}

func TestRulesBite(t *testing.T) {
	t.Parallel()
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			if got := checkFile(t, r, r.broken); len(got) != 1 || !strings.HasPrefix(got[0], r.finding) {
				t.Errorf("%s: found %q, want one finding that begins with %q", r.broken.path, got, r.finding)
			}
			if got := checkFile(t, r, r.fine); len(got) > 0 {
				t.Errorf("%s: found %q, want nothing", r.fine.path, got)
			}
		})
	}
}

func checkFile(t *testing.T, r rule, f file) []string {
	t.Helper()
	one, err := parse(map[string][]byte{f.path: []byte(f.text)})
	if err != nil {
		t.Fatal(err)
	}
	return r.check(one)
}

func rules() []rule { return slices.Concat(importRules(), codeRules(), textRules()) }
