package hubdiff

import (
	"regexp"
	"strings"
)

// What differs from run to run: times, ids, the random parts of names of blobs, where blobs are, and spans.
var varying = regexp.MustCompile(
	`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)` + // a time
		`|([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|\b[0-9a-f]{32}\b)` + // an id
		`|(-[0-9A-F]{8}-)` + // within a blob's name
		`|(https?://[0-9a-zA-Z.:]+/[a-z0-9]+(?:/[a-z0-9-]+-largemessages))`) // a blob's container

// The parts of an expression that matches.
const (
	timePart = iota + 1
	idPart
	noncePart
	urlPart
)

// noTime is how .NET writes that there is no time; it is compared.
const noTime = "0001-01-01T00:00:00"

// token is a piece of a text: what is fixed, and what stands in for something that varies.
type token struct {
	part int // 0 for fixed text
	text string
}

func tokens(s string) []token {
	var all []token
	last := 0
	for _, m := range varying.FindAllStringSubmatchIndex(s, -1) {
		for part := timePart; part <= urlPart; part++ {
			if m[2*part] < 0 {
				continue
			}
			text := s[m[2*part]:m[2*part+1]]
			if part == timePart && strings.HasPrefix(text, noTime) {
				break
			}
			all = append(all, token{0, s[last:m[0]]}, token{part, text})
			last = m[1]
		}
	}
	return append(all, token{0, s[last:]})
}

// pairs says which id of our hub stands for an id of the recorded one, and the other way round.
type pairs map[string]string

// Recorded ids and ours are apart even when they are equal.
func recordedID(id string) string { return "recorded " + strings.ToLower(id) }
func ourID(id string) string      { return "ours " + strings.ToLower(id) }

// alike reports whether two texts can stand for each other.
func (p pairs) alike(recorded, ours string) bool {
	a, b := tokens(recorded), tokens(ours)
	if len(a) != len(b) {
		return false
	}
	// Ids that the same text names twice must be the same twice.
	here := pairs{}
	for i := range a {
		if a[i].part != b[i].part || a[i].part == 0 && a[i].text != b[i].text {
			return false
		}
		if a[i].part != idPart {
			continue
		}
		x, y := recordedID(a[i].text), ourID(b[i].text)
		for _, known := range []pairs{p, here} {
			if other, ok := known[x]; ok && other != y {
				return false
			}
			if other, ok := known[y]; ok && other != x {
				return false
			}
		}
		here[x], here[y] = y, x
	}
	return true
}

// known reports whether all ids of a recorded text have been paired.
func (p pairs) known(recorded string) bool {
	for _, t := range tokens(recorded) {
		if _, ok := p[recordedID(t.text)]; t.part == idPart && !ok {
			return false
		}
	}
	return true
}

// bind pairs the ids of two texts that are alike.
func (p pairs) bind(recorded, ours string) {
	a, b := tokens(recorded), tokens(ours)
	for i := range a {
		if a[i].part == idPart {
			x, y := recordedID(a[i].text), ourID(b[i].text)
			p[x], p[y] = y, x
		}
	}
}
