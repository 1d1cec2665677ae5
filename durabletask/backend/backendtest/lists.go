package backendtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func lists() []testCase {
	return []testCase{
		{name: "an empty hub lists nothing", run: listEmpty},
		{name: "pages are filled, in order of the ids", run: listPages},
		{name: "an id may come and go between pages", run: listWhileChanging},
		{name: "prefixes are exact", run: listPrefix},
		{name: "states and times select", run: listFilters},
		{name: "inputs may be left out", run: listOmitsInput},
		{name: "foreign page tokens and wrong page sizes are refused", run: listRefuses},
	}
}

// ids lists all pages of a query, and makes sure of what holds for each of them.
func (h *hub) ids(q backend.Query) []string {
	h.Helper()
	size := q.PageSize
	if size == 0 {
		size = backend.DefaultPageSize
	}
	all := []string{}
	for {
		p, err := h.List(h.ctx(), q)
		h.must(err)
		if len(p.Instances) > size {
			h.Fatalf("a page of %d, want at most %d", len(p.Instances), size)
		}
		for _, s := range p.Instances {
			all = append(all, s.Instance.ID)
		}
		if p.Next == "" {
			return all
		}
		for _, c := range p.Next {
			if c <= ' ' || c > '~' {
				h.Fatalf("token %q is not printable ASCII without blanks", p.Next)
			}
		}
		q.Token = p.Next
	}
}

func listEmpty(h *hub) {
	p, err := h.List(h.ctx(), backend.Query{})
	h.must(err)
	if len(p.Instances) != 0 || p.Next != "" {
		h.Errorf("page %+v, want an empty last one", p)
	}
}

func listPages(h *hub) {
	var want []string
	for n := range 25 {
		id := fmt.Sprintf("i%02d", (n*7)%25)
		h.create(id)
		want = append(want, id)
	}
	slices.Sort(want)
	for _, size := range []int{1, 5, 7, 24, 25, 26, 0, backend.MaxPageSize} {
		h.same(fmt.Sprintf("ids by pages of %d", size), h.ids(backend.Query{PageSize: size}), want)
	}
	got := h.ids(backend.Query{PageSize: 7, AnyOrder: true})
	slices.Sort(got)
	h.same("ids in any order", got, want)
	p, err := h.List(h.ctx(), backend.Query{PageSize: 10})
	h.must(err)
	if len(p.Instances) != 10 {
		h.Errorf("the first page has %d instances, want 10", len(p.Instances))
	}
	want0, err := h.Get(h.ctx(), "i00")
	h.must(err)
	h.same("states", p.Instances[0], want0)
}

func listWhileChanging(h *hub) {
	for _, id := range []string{"a", "c", "e"} {
		h.create(id)
	}
	p, err := h.List(h.ctx(), backend.Query{PageSize: 2})
	h.must(err)
	h.create("b")
	h.create("d")
	h.same("ids of the rest", h.ids(backend.Query{PageSize: 2, Token: p.Next}), []string{"d", "e"})
}

func listPrefix(h *hub) {
	ids := []string{"%", "_", "a", "a%", "a%b", "a_", "aXb", "A", "b", "ä", "äb", "\U0001F980", "\U0001F980x", "a\U0010FFFFz"}
	for _, id := range ids {
		h.create(id)
	}
	slices.Sort(ids)
	for prefix, want := range map[string][]string{
		"":            ids,
		"a":           {"a", "a%", "a%b", "aXb", "a_", "a\U0010FFFFz"},
		"a%":          {"a%", "a%b"},
		"a_":          {"a_"},
		"A":           {"A"},
		"%":           {"%"},
		"_":           {"_"},
		"ä":           {"ä", "äb"},
		"\U0001F980":  {"\U0001F980", "\U0001F980x"},
		"a\U0010FFFF": {"a\U0010FFFFz"},
		"z":           {},
		"a%b'":        {},
	} {
		h.same(fmt.Sprintf("ids with prefix %q", prefix), h.ids(backend.Query{Prefix: prefix, PageSize: 2}), want)
	}
}

func listFilters(h *hub) {
	var times []time.Time
	for n := range 6 {
		id := fmt.Sprint(n)
		times = append(times, h.create(id).Time)
		w := h.nextOf(id)
		if n%2 == 0 {
			h.finish(w)
		} else {
			h.commit(w, h.status(w, history.Running))
		}
		pass(time.Second)
	}
	for name, c := range map[string]struct {
		query backend.Query
		want  []string
	}{
		"completed":            {backend.Query{Statuses: []history.Status{history.Completed}}, []string{"0", "2", "4"}},
		"running or failed":    {backend.Query{Statuses: []history.Status{history.Running, history.Failed}}, []string{"1", "3", "5"}},
		"pending":              {backend.Query{Statuses: []history.Status{history.Pending}}, []string{}},
		"from":                 {backend.Query{CreatedFrom: times[2]}, []string{"2", "3", "4", "5"}},
		"just behind":          {backend.Query{CreatedFrom: times[2].Add(1)}, []string{"3", "4", "5"}},
		"to":                   {backend.Query{CreatedTo: times[2]}, []string{"0", "1", "2"}},
		"just before":          {backend.Query{CreatedTo: times[2].Add(-1)}, []string{"0", "1"}},
		"between, completed":   {backend.Query{CreatedFrom: times[1], CreatedTo: times[4], Statuses: []history.Status{history.Completed}}, []string{"2", "4"}},
		"nothing between":      {backend.Query{CreatedFrom: times[4], CreatedTo: times[1]}, []string{}},
		"prefix and completed": {backend.Query{Prefix: "2", Statuses: []history.Status{history.Completed}}, []string{"2"}},
	} {
		for _, size := range []int{0, 1} {
			c.query.PageSize = size
			h.same(name, h.ids(c.query), c.want)
		}
	}
}

func listOmitsInput(h *hub) {
	h.create("one")
	for _, omit := range []bool{false, true} {
		p, err := h.List(h.ctx(), backend.Query{OmitInput: omit})
		h.must(err)
		if got := p.Instances[0].Input; (got == nil) != omit {
			h.Errorf("OmitInput %v: input %v", omit, got)
		}
	}
}

func listRefuses(h *hub) {
	h.create("one")
	for _, token := range []string{"nonsense", "!", "bm9uc2Vuc2U=", " "} {
		_, err := h.List(h.ctx(), backend.Query{Token: token})
		h.mustBe(err, backend.ErrPageToken)
		_, err = h.List(h.ctx(), backend.Query{Token: token, AnyOrder: true})
		h.mustBe(err, backend.ErrPageToken)
	}
	for _, size := range []int{-1, backend.MaxPageSize + 1} {
		if _, err := h.List(h.ctx(), backend.Query{PageSize: size}); err == nil {
			h.Errorf("page size %d is accepted", size)
		}
	}
}
