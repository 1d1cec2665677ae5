package hubdiff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// Options say what is compared.
type Options struct {
	// Hub is the name of the task hub in both states.
	Hub string
	// Rules are the differences that are meant.
	Rules []Rule
	// Without are instances that are left out of both states, in tables and in blob names.
	Without []string
}

// Compare compares what two programs left of a hub. The first one is the reference.
func Compare(recorded, ours *azuretest.State, o Options) *Report {
	c := &comparison{o: o, report: &Report{Covered: map[string]int{}}, ids: pairs{}}
	c.tables(recorded, ours)
	c.queues(recorded, ours)
	c.containers(recorded, ours)
	return c.report
}

type comparison struct {
	o      Options
	report *Report
	ids    pairs
}

// found files a finding under the rule that covers it, or as one that needs a reader.
func (c *comparison) found(f *Finding) {
	for i := range c.o.Rules {
		if r := &c.o.Rules[i]; r.Covers(f) {
			c.report.Covered[r.Name]++
			return
		}
	}
	c.report.Findings = append(c.report.Findings, *f)
}

// only files what is in one hub only.
func (c *comparison) only(place, instance, row, what string, recorded bool) {
	kind := Extra
	if recorded {
		kind = Missing
	}
	f := &Finding{Kind: kind, Place: place, Instance: instance, Row: row}
	if recorded {
		f.Recorded = what
	} else {
		f.Ours = what
	}
	c.found(f)
}

// tables compares the tables of the hub, instance by instance: those first whose keys have no ids, for their rows tell which ids stand for each other.
func (c *comparison) tables(recorded, ours *azuretest.State) {
	for _, suffix := range []string{"Instances", "History", "Partitions"} {
		name := c.o.Hub + suffix
		a, b := recorded.Tables[name], ours.Tables[name]
		if (a == nil) != (b == nil) {
			c.only("table", "", name, name, a != nil)
			continue
		}
		left, right := c.partitions(a), c.partitions(b)
		for _, guess := range []bool{false, true} {
			for again := true; again; {
				again = false
				for _, key := range slices.Sorted(maps.Keys(left)) {
					other, ok := c.counterpart(key, right, guess)
					if !ok {
						continue
					}
					if suffix == "History" {
						c.history(key, left[key], right[other])
					} else {
						c.rows(suffix, key, left[key], right[other])
					}
					delete(left, key)
					delete(right, other)
					again = true
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(left)) {
			c.only(suffix, key, "", rowList(left[key]), true)
		}
		for _, key := range slices.Sorted(maps.Keys(right)) {
			c.only(suffix, key, "", rowList(right[key]), false)
		}
	}
}

// partitions groups rows by their partition key.
func (c *comparison) partitions(rows []azuretest.Entity) map[string][]azuretest.Entity {
	all := map[string][]azuretest.Entity{}
	for _, r := range rows {
		if !slices.Contains(c.o.Without, r.PartitionKey) {
			all[r.PartitionKey] = append(all[r.PartitionKey], r)
		}
	}
	return all
}

// counterpart finds the key that stands for another one: the same, or one whose ids are known to stand for the other's. A guess takes one that looks alike.
func (c *comparison) counterpart(key string, right map[string][]azuretest.Entity, guess bool) (string, bool) {
	if _, ok := right[key]; ok {
		return key, true
	}
	for _, other := range slices.Sorted(maps.Keys(right)) {
		if c.ids.alike(key, other) && (guess || c.ids.known(key)) {
			c.ids.bind(key, other)
			return other, true
		}
	}
	return "", false
}

// rows compares rows of one partition by their row keys.
func (c *comparison) rows(place, instance string, left, right []azuretest.Entity) {
	byKey := map[string]*azuretest.Entity{}
	for i := range right {
		byKey[right[i].RowKey] = &right[i]
	}
	for i := range left {
		a := &left[i]
		b := byKey[a.RowKey]
		delete(byKey, a.RowKey)
		if b == nil {
			c.only(place, instance, label(a), label(a), true)
			continue
		}
		c.columns(place, instance, a, b)
	}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		c.only(place, instance, label(byKey[key]), label(byKey[key]), false)
	}
}

// history compares the rows of one instance's history: events in their order, and the sentinel.
func (c *comparison) history(instance string, left, right []azuretest.Entity) {
	events := func(rows []azuretest.Entity) (all []azuretest.Entity, rest []azuretest.Entity) {
		for _, r := range rows {
			if column(&r, "EventType") != "" {
				all = append(all, r)
				continue
			}
			rest = append(rest, r)
		}
		return all, rest
	}
	a, restA := events(left)
	b, restB := events(right)
	for _, p := range align(len(a), len(b), func(i, j int) bool { return eventKey(&a[i]) == eventKey(&b[j]) }) {
		switch {
		case p.j < 0:
			c.only("History", instance, eventLabel(&a[p.i]), describe(&a[p.i]), true)
		case p.i < 0:
			c.only("History", instance, eventLabel(&b[p.j]), describe(&b[p.j]), false)
		default:
			c.columns("History", instance, &a[p.i], &b[p.j])
		}
	}
	c.rows("History", instance, restA, restB)
}

// columns compares two rows.
func (c *comparison) columns(place, instance string, a, b *azuretest.Entity) {
	ours := map[string]azuretest.Property{}
	for _, p := range b.Properties {
		ours[p.Name] = p
	}
	properties := slices.SortedFunc(slices.Values(a.Properties), func(x, y azuretest.Property) int { return cmp.Compare(x.Name, y.Name) })
	for _, p := range properties {
		q, ok := ours[p.Name]
		delete(ours, p.Name)
		f := &Finding{Place: place, Instance: instance, Row: eventLabel(a), Column: p.Name, Recorded: typed(&p)}
		switch {
		case !ok:
			f.Kind = Missing
		case p.Type != q.Type:
			f.Kind, f.Ours = Type, typed(&q)
		case p.Type == "Edm.DateTime":
			continue
		default:
			f.Kind, f.Ours = c.values(p.Value, q.Value), typed(&q)
			if f.Kind == Same {
				continue
			}
		}
		c.found(f)
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		q := ours[name]
		c.found(&Finding{Kind: Extra, Place: place, Instance: instance, Row: eventLabel(b), Column: name, Ours: typed(&q)})
	}
}

// queues compares what is left in the queues.
func (c *comparison) queues(recorded, ours *azuretest.State) {
	for _, name := range union(c.hubOnly(maps.Keys(recorded.Queues)), c.hubOnly(maps.Keys(ours.Queues))) {
		a, inA := recorded.Queues[name]
		b, inB := ours.Queues[name]
		if !inA || !inB {
			c.only("queue", "", name, fmt.Sprintf("%d messages", len(a)+len(b)), inA)
			continue
		}
		left, right := c.messages(a), c.messages(b)
		for _, p := range align(len(left), len(right), func(i, j int) bool { return left[i].key() == right[j].key() }) {
			switch {
			case p.j < 0:
				c.only("queue", name, left[p.i].key(), left[p.i].text, true)
			case p.i < 0:
				c.only("queue", name, right[p.j].key(), right[p.j].text, false)
			default:
				c.message("queue", name, left[p.i], right[p.j])
			}
		}
	}
}

func (c *comparison) hubOnly(names func(func(string) bool)) []string {
	var all []string
	prefix := strings.ToLower(c.o.Hub) + "-"
	for name := range names {
		if strings.HasPrefix(name, prefix) {
			all = append(all, name)
		}
	}
	return all
}

func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(append(a, b...))))
}
