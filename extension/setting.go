package extension

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/bindings"
)

// setting is one that can be set: its path, in which * stands for an index, and what takes its value.
type setting struct {
	path string
	set  func(value string) error
}

func text(target *string) func(string) error {
	return func(value string) error {
		if target != nil {
			*target = value
		}
		return nil
	}
}

// texts takes the elements of a list.
func texts(target *[]string) func(string) error {
	return func(value string) error {
		*target = append(*target, value)
		return nil
	}
}

// integers takes the elements of a list of whole numbers within bounds.
func integers(target *[]int, lowest, highest int, rule string) func(string) error {
	return func(value string) error {
		var n int
		if err := integer(&n, lowest, highest, rule)(value); err != nil {
			return err
		}
		*target = append(*target, n)
		return nil
	}
}

// optional takes a text that may also be absent.
func optional(target **string) func(string) error {
	return func(value string) error {
		*target = &value
		return nil
	}
}

func boolean(target *bool) func(string) error {
	return func(value string) error {
		v := strings.EqualFold(strings.TrimSpace(value), "true")
		if !v && !strings.EqualFold(strings.TrimSpace(value), "false") {
			return errors.New("must be true or false.") //nolint:revive // the reference's messages are sentences
		}
		if target != nil {
			*target = v
		}
		return nil
	}
}

// integer takes whole numbers within bounds; rule is what the message says of them.
func integer(target *int, lowest, highest int, rule string) func(string) error {
	return func(value string) error {
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil {
			return errors.New("must be an integer.") //nolint:revive // the reference's messages are sentences
		}
		if n < lowest || n > highest {
			return errors.New(rule)
		}
		if target != nil {
			*target = n
		}
		return nil
	}
}

func span(target *time.Duration, shortest, longest time.Duration, rule string) func(string) error {
	return func(value string) error {
		d, err := bindings.ParseTimeSpan(value)
		if err != nil {
			return fmt.Errorf("must be a time span: %w", err)
		}
		if d < shortest || d > longest {
			return errors.New(rule)
		}
		if target != nil {
			*target = d
		}
		return nil
	}
}

// oneOf takes one of the names; the target gets its index.
func oneOf(target *int, names ...string) func(string) error {
	return func(value string) error {
		for i, name := range names {
			if strings.EqualFold(name, strings.TrimSpace(value)) {
				if target != nil {
					*target = i
				}
				return nil
			}
		}
		return fmt.Errorf("must be one of %s.", strings.Join(names, ", ")) //nolint:revive // the reference's messages are sentences
	}
}

// find returns the setting with this path, in any letter case.
func find(known []setting, path string) (setting, bool) {
	for _, s := range known {
		list, isList := strings.CutSuffix(s.path, "*")
		index := path[min(len(list), len(path)):]
		_, err := strconv.Atoi(index)
		if strings.EqualFold(s.path, path) || isList && err == nil && strings.EqualFold(list, path[:len(list)]) {
			return s, true
		}
	}
	return setting{}, false
}

// nearest returns the path of the setting that takes the fewest changes to get to.
func nearest(known []setting, path string) string {
	best, fewest := "", -1
	for _, s := range known {
		if n := changes(strings.ToLower(s.path), strings.ToLower(path)); fewest < 0 || n < fewest {
			best, fewest = s.path, n
		}
	}
	return best
}

// changes is the Levenshtein distance of two texts: how many bytes to insert, delete or replace.
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
