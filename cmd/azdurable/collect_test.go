package main

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

// numbers is a store of the numbers below n; the token is the number to go on with. Its pages have largest items at most.
func numbers(n, largest int, asked *[]string) func(size int, token string) (page[int], error) {
	return func(size int, token string) (page[int], error) {
		*asked = append(*asked, fmt.Sprintf("%d from %s", size, token))
		var p page[int]
		from, _ := strconv.Atoi(token)
		for i := from; i < n && len(p.items) < min(size, largest); i++ {
			p.items = append(p.items, i)
		}
		if next := from + len(p.items); next < n {
			p.next = strconv.Itoa(next)
		}
		return p, nil
	}
}

func TestCollect(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                    string
		limit, n, largest, each int // every each-th is wanted
		token                   string
		want                    []int
		next                    string
	}{
		{name: "nothing there", limit: 3, largest: 10, each: 1},
		{name: "one page", limit: 3, n: 3, largest: 10, each: 1, want: []int{0, 1, 2}},
		{name: "more follow", limit: 3, n: 5, largest: 10, each: 1, want: []int{0, 1, 2}, next: "3"},
		{name: "going on", limit: 3, n: 5, largest: 10, each: 1, token: "3", want: []int{3, 4}},
		{name: "short pages", limit: 3, n: 5, largest: 1, each: 1, want: []int{0, 1, 2}, next: "3"},
		{name: "few are wanted", limit: 2, n: 100, largest: 1000, each: 30, want: []int{0, 30}, next: "31"},
		{name: "fewer than wanted", limit: 5, n: 100, largest: 1000, each: 30, want: []int{0, 30, 60, 90}},
		{name: "all", n: 100, largest: 7, each: 30, want: []int{0, 30, 60, 90}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []int
			var asked []string
			next, err := collect(tc.limit, tc.token, func(i int) bool { return i%tc.each == 0 }, numbers(tc.n, tc.largest, &asked), func(i int) error {
				got = append(got, i)
				return nil
			})
			if err != nil || next != tc.next || !slices.Equal(got, tc.want) {
				t.Errorf("%v, then %q, %v; want %v, then %q (asked for %v)", got, next, err, tc.want, tc.next, asked)
			}
		})
	}
}
