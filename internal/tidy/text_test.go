package tidy

import (
	"fmt"
	"regexp"
	"strings"
)

// The patterns and examples here are put together from pieces, so that they don't find themselves.
var (
	// machinePaths are homes and work folders; the folder of a Function App, which is the same everywhere, is none.
	machinePaths = regexp.MustCompile(`(?:^|[\s"'` + "`" + `=(:\[])(/(?:home|Users)/[\w.-]+|/ro` + `ot/[\w.-]+|/wo` + `rk/(?:main|shared|\.)|[A-Z]:\\Users\\)`)
	appFolders   = []string{"/home/site", "/home/LogFiles", "/home/data"}
	registries   = regexp.MustCompile(`(?:proxy|sum)\.gol` + `ang\.org|registry\.np` + `mjs\.org|deb\.deb` + `ian\.org|registry\.ya` + `rnpkg\.com|index\.docker\.io`)
	leftovers    = regexp.MustCompile(`(?://|#|<!--|/\*)\s*(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b(.*)`)
	reason       = regexp.MustCompile(`\b(because|until|when|once|as soon as)\b`)
)

func textRules() []rule {
	return []rule{
		{
			name:    "no machine's own paths",
			check:   noMachinePaths,
			broken:  file{"docs/setup.md", "Run `/home/" + "ann/go/bin/x` first."},
			finding: "docs/setup.md:1: /home/" + "ann: a path of one machine",
			fine:    file{"docs/setup.md", "The app lies in /home/site/wwwroot; see handler/home/page.go."},
		},
		{
			name:    "no registry's host",
			check:   noRegistries,
			broken:  file{"package-lock.json", "{\n" + `"resolved": "https://registry.np` + `mjs.org/x.tgz"}`},
			finding: "package-lock.json:2: registry.np" + "mjs.org: the machine's settings decide where packages come from",
			fine:    file{"README.md", "See https://pkg.go.dev/github.com/azdurable/azdurable."},
		},
		{
			name:    "what is left to do has a reason",
			check:   noLeftovers,
			broken:  file{"handler/server.go", "package handler\n// TO" + "DO: later"},
			finding: "handler/server.go:2: TO" + "DO without a reason",
			fine:    file{"handler/server.go", "package handler\n// TO" + "DO: drop this branch once Go 1.27 is the oldest supported version."},
		},
	}
}

// lines calls fn for each line of each text file.
func lines(t *tree, fn func(at, line string)) {
	for _, f := range t.files {
		n := 0
		for line := range strings.Lines(string(f.text)) {
			n++
			fn(fmt.Sprintf("%s:%d", f.path, n), line)
		}
	}
}

func noMachinePaths(t *tree) (found []string) {
	lines(t, func(at, line string) {
		for _, m := range machinePaths.FindAllStringSubmatch(line, -1) {
			if !anyPrefix(m[1], appFolders) {
				found = append(found, at+": "+m[1]+": a path of one machine: nobody else has it")
			}
		}
	})
	return found
}

func noRegistries(t *tree) (found []string) {
	lines(t, func(at, line string) {
		if host := registries.FindString(line); host != "" {
			found = append(found, at+": "+host+": the machine's settings decide where packages come from")
		}
	})
	return found
}

func noLeftovers(t *tree) (found []string) {
	lines(t, func(at, line string) {
		m := leftovers.FindStringSubmatch(line)
		if m == nil || m[1] == "TO"+"DO" && reason.MatchString(m[2]) {
			return
		}
		found = append(found, at+": "+m[1]+" without a reason: do it, or write what it waits for: TO"+"DO: … until/when/once/because …")
	})
	return found
}

func anyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
