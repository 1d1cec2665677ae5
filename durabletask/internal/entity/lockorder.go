package entity

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/azdurable/azdurable/durabletask/history"
)

// CompareIDs is the order in which entities are locked. Everybody who locks must keep to one order, or two who want the same
// entities wait for each other for ever; so this is .NET's: by name, then by key, as the invariant culture sorts texts.
//
// The invariant culture compares letters first, then accents, then case. Letters are those of ASCII and Latin-1 here; others
// stand behind them by code point. Apps that share entities whose names or keys have other letters with .NET should not lock
// several of them.
func CompareIDs(a, b history.EntityID) int {
	return cmp.Or(compareText(a.Name, b.Name), compareText(a.Key, b.Key))
}

// lockSet puts entities into the order of locking, each once.
func lockSet(ids []history.EntityID) []history.EntityID {
	return slices.Compact(slices.SortedFunc(slices.Values(ids), CompareIDs))
}

// marks are the characters of ASCII that stand before digits and letters, in their order.
const marks = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"

// accents are the accented letters of Latin-1, in groups of a base letter and an accent.
var accents = func() map[rune][2]rune {
	m := make(map[rune][2]rune)
	add := func(accent rune, letters, bases string) {
		base := []rune(bases)
		for i, l := range []rune(letters) {
			m[l] = [2]rune{base[i], accent}
		}
	}
	// The accents in the order of their weights.
	add(1, "áéíóúýÁÉÍÓÚÝ", "aeiouyAEIOUY")
	add(2, "àèìòùÀÈÌÒÙ", "aeiouAEIOU")
	add(3, "âêîôûÂÊÎÔÛ", "aeiouAEIOU")
	add(4, "åÅ", "aA")
	add(5, "äëïöüÿÄËÏÖÜ", "aeiouyAEIOU")
	add(6, "ãñõÃÑÕ", "anoANO")
	add(7, "çÇ", "cC")
	return m
}()

// weight is what a character counts on the three levels.
type weight struct{ letter, accent, upper int }

func weigh(r rune) weight {
	var w weight
	if base, ok := accents[r]; ok {
		r, w.accent = base[0], int(base[1])
	}
	if lower := unicode.ToLower(r); lower != r {
		r, w.upper = lower, 1
	}
	i := strings.IndexRune(marks, r)
	switch {
	case i >= 0:
		w.letter = 1 + i
	case r < ' ':
		w.letter = 0 // ignored until everything else is equal
	default:
		w.letter = len(marks) + int(r)
	}
	return w
}

func compareText(a, b string) int {
	if a == b {
		return 0
	}
	x, y := weights(a), weights(b)
	level := func(of func(weight) int) int {
		return slices.CompareFunc(x, y, func(v, w weight) int { return cmp.Compare(of(v), of(w)) })
	}
	return cmp.Or(
		level(func(w weight) int { return w.letter }),
		level(func(w weight) int { return w.accent }),
		level(func(w weight) int { return w.upper }),
		cmp.Compare(a, b), // two texts that look the same still need one order
	)
}

func weights(s string) []weight {
	out := make([]weight, 0, len(s))
	for _, r := range s {
		if w := weigh(r); w.letter > 0 {
			out = append(out, w)
		}
	}
	return out
}
