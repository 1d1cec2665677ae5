package main

import "strings"

// largestPage is how many items are asked for at once, at most: the limit of Azure Tables.
const largestPage = 1000

// paging are the flags of lists. Commands embed it.
type paging struct {
	Top               int    `default:"50" help:"How many to print."`
	All               bool   `help:"Print all."`
	ContinuationToken string `placeholder:"TOKEN" help:"Go on where another list has ended."`
}

// limit is how many items are wanted; 0 means all.
func (p *paging) limit() (int, error) {
	switch {
	case p.All:
		return 0, nil
	case p.Top <= 0:
		return 0, fail(exitUsage, "--top %d: at least 1, or --all", p.Top)
	}
	return p.Top, nil
}

// end tells how to go on behind a list. (core-tools: DurableManager, whose words scripts look for.)
func (p *paging) end(s *session, next string) error {
	switch {
	case p.All, s.json && next == "":
		return nil
	case s.json:
		return printf(s.stderr, "Continuation token for next set of results: '%s'\n", next)
	}
	return s.tell("Continuation token for next set of results: '%s'", next)
}

// collect reads pages until it has taken as many items as wanted, which are all if limit is 0, and returns the token for what follows.
func collect[T any](limit int, token string, wanted func(T) bool, read func(size int, token string) (page[T], error), take func(T) error) (string, error) {
	size, left := limit, limit
	if limit == 0 {
		size = largestPage
	}
	for {
		size = min(max(size, 1), largestPage)
		p, err := read(size, token)
		if err != nil {
			return "", err
		}
		taken := 0
		for n, item := range p.items {
			if !wanted(item) {
				continue
			}
			if err := take(item); err != nil {
				return "", err
			}
			if taken++; limit == 0 || taken < left {
				continue
			}
			if n+1 < len(p.items) { // only the store can say how to go on from within a page: ask for the part that was taken
				if p, err = read(n+1, token); err != nil {
					return "", err
				}
			}
			return p.next, nil
		}
		if token = p.next; token == "" {
			return "", nil
		}
		switch left -= taken; {
		case limit == 0:
		case taken == 0: // what is wanted is rare here
			size *= 2
		default:
			size = max(left, size)
		}
	}
}

// words splits a list in a flag: func durable has blanks between its items.
func words(lists []string) []string {
	var all []string
	for _, list := range lists {
		all = append(all, strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	return all
}
