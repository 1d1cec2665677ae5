package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		width   int
		colours bool
		rows    [][]cell
		want    string
	}{
		{name: "nothing", want: ""},
		{
			name: "columns are as wide as their widest text", rows: [][]cell{{{text: "a"}, {text: "longer than its heading"}}, {{text: "identifier"}, {text: ""}}},
			want: "ID          WHAT\na           longer than its heading\nidentifier\n",
		},
		{
			name: "wide and combining characters", rows: [][]cell{{{text: "東京"}, {text: "x"}}, {{text: "e\u0301te\u0301"}, {text: "x"}}, {{text: "👩‍👩‍👧"}, {text: "x"}}},
			want: "ID    WHAT\n東京  x\ne\u0301te\u0301   x\n👩‍👩‍👧    x\n",
		},
		{
			name: "colours take no room", colours: true, rows: [][]cell{{{"ab", red}, {text: "x"}}, {{text: "abcd"}, {text: "x"}}},
			want: "ID    WHAT\n\x1b[31mab\x1b[0m    x\nabcd  x\n",
		},
		{
			name: "no colours where there are none", rows: [][]cell{{{"ab", red}, {text: "x"}}},
			want: "ID  WHAT\nab  x\n",
		},
		{
			name: "the last column fits the screen", width: 20, rows: [][]cell{{{text: "abcd"}, {text: "0123456789abcdef"}}, {{text: "a"}, {text: "東京東京東京東京"}}},
			want: "ID    WHAT\nabcd  0123456789abc…\na     東京東京東京…\n",
		},
		{
			name: "but not a screen that is narrower than reason", width: 5, rows: [][]cell{{{text: "abcd"}, {text: "0123456789abcdef"}}},
			want: "ID    WHAT\nabcd  0123456789a…\n",
		},
		{
			name: "nothing steers the terminal", rows: [][]cell{{{text: "a\x1b[2J\nb"}, {text: "\u202ereversed"}}},
			want: "ID             WHAT\na\\u001b[2J\\nb  \\u202ereversed\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			list := table{heading: []string{"ID", "WHAT"}, rows: tc.rows}
			if err := list.print(&out, tc.width, tc.colours); err != nil || out.String() != tc.want {
				t.Errorf("%v\n%s\nwant\n%s", err, out.String(), tc.want)
			}
		})
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ json, want string }{
		{"", ""},
		{"null", ""},
		{`"plain"`, "plain"},
		{`"two\nlines"`, `two\nlines`},
		{"{\n \"a\" : [1, 2]}", `{"a":[1,2]}`},
		{`"\u001b]0;title\u0007"`, `\u001b]0;title\u0007`},
		{"not json", "not json"},
	} {
		if got := text([]byte(tc.json)); got != tc.want {
			t.Errorf("%q is shown as %q, want %q", tc.json, got, tc.want)
		}
	}
}
