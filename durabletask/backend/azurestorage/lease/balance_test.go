package lease

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Each row of the table is a look at rows, written as owner>next, with ! while draining and - if expired, and what we (a) do about them.
func TestDecide(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const lease = 30 * time.Second
	for _, test := range []struct{ rows, does, flags string }{
		{"_ _ _ _", "claim claim claim claim", "alone"},
		{"a a a a", "renew renew renew renew", "alone"},
		{"b b b b", "steal steal . .", "waiting"},
		{"b b c c", "steal . . .", "waiting"},
		{"b c d e", ". . . .", ""},
		{"b b b- b", "steal . claim .", "waiting"},
		{"a b>a b b", "renew . . .", "waiting"},
		{"a a b b", "renew renew . .", ""},
		{"a a b b>c", "renew renew . .", ""},
		{"a b b b", "renew steal . .", "waiting"},
		{"a>b a a a", "drain renew renew renew", ""},
		{"a>b! a a a", "drain renew renew renew", ""},
		{"_>b a a a", ". renew renew renew", ""},
		{"_>b- a a a", "claim renew renew renew", "alone"},
		{"_>a b b b", "claim steal . .", "waiting"},
		{"b! b! b b", "steal steal . .", "waiting"},
		{"x b b b", "claim steal . .", "waiting"}, // x is gone
		{"a>x a a a", "renew renew renew renew", ""},
		{"_>x b c d", "claim . . .", ""},
		{"stop a a>b b _", "drain drain . .", ""},
	} {
		fields := strings.Fields(test.rows)
		l := look{
			me: "a", now: now, lease: lease, gone: func(worker string) bool { return worker == "x" }, asked: func(string) bool { return false },
			drained: func(string) bool { return false },
		}
		if fields[0] == "stop" {
			l.stopping, fields = true, fields[1:]
		}
		rows := make([]partitionRow, len(fields))
		for i, field := range fields {
			r := partitionRow{name: fmt.Sprint(i), etag: "e", renewed: now, expires: now.Add(lease), written: now.Add(-time.Second)} //nolint:perfsprint // reads well
			if strings.Contains(field, "-") {
				r.written = now.Add(-lease)
			}
			r.draining = strings.Contains(field, "!")
			r.owner, r.next, _ = strings.Cut(strings.Trim(field, "-!"), ">")
			r.owner = strings.Trim(r.owner, "_")
			rows[i] = r
		}
		p := decide(rows, l)
		does := make([]string, len(rows))
		for i, r := range rows {
			does[i] = "."
			for _, w := range append(p.own, p.others...) {
				if w.name != r.name {
					continue
				}
				switch {
				case w.owner == "a" && r.owner != "a":
					does[i] = "claim"
				case w.owner == "a" && w.draining:
					does[i] = "drain"
				case w.owner == "a":
					does[i] = "renew"
				default:
					does[i] = "steal"
				}
			}
		}
		var flags []string
		if p.waiting {
			flags = append(flags, "waiting")
		}
		if p.alone {
			flags = append(flags, "alone")
		}
		if got := strings.Join(does, " "); got != test.does || strings.Join(flags, " ") != test.flags {
			t.Errorf("%s: %s (%s), want %s (%s)", test.rows, got, strings.Join(flags, " "), test.does, test.flags)
		}
	}
}

func TestWantedBlobs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ seen, takes string }{
		{"_ _ _ _", "0 1 2 3"},
		{"b b b b", "0"}, // one at a time
		{"a b b b", "1"},
		{"a a b b", ""},
		{"a a b b c c", ""},
		{"b b _ _", "2 3"},
		{"b b b _", "3"},
		{"b c d e", ""},
		{"b x c c", "1"}, // x is gone
		{"A b b b", "1"}, // names are compared without case
	} {
		var seen []seenLease
		for i, owner := range strings.Fields(test.seen) {
			s := seenLease{partition: fmt.Sprint(i), leased: owner != "_"} //nolint:perfsprint // reads well
			if owner != "_" {
				s.Owner = &owner
			}
			seen = append(seen, s)
		}
		var takes []string
		for _, s := range wanted(seen, "a", func(worker string) bool { return worker == "x" }) {
			takes = append(takes, s.partition)
		}
		if got := strings.Join(takes, " "); got != test.takes {
			t.Errorf("%s: takes %q, want %q", test.seen, got, test.takes)
		}
	}
}
