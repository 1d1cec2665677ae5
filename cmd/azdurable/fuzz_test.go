package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// Whatever is given as input is JSON when it is sent, or an error of usage.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{"", "null", `"text"`, "{bad", " {\"a\": 1} ", "\xff", "@", "@missing", "-", "1e400", "\xef\xbb\xbf1"} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, argument string, text bool) {
		if strings.HasPrefix(argument, "@") && argument != "@missing" {
			argument = argument[1:] // no files of this machine
		}
		p := payload{Text: text}
		input, err := p.read(argument, strings.NewReader("[1,2"))
		switch {
		case err != nil && codeOf(err) != exitUsage:
			t.Errorf("%q: code %d, %v", argument, codeOf(err), err)
		case err == nil && input != nil && !json.Valid([]byte(*input)):
			t.Errorf("%q is sent as %q", argument, *input)
		}
	})
}

func FuzzTimes(f *testing.F) {
	for _, seed := range []string{"2026-11-27", "2026-11-27T10:00:00Z", "24h", "-7d", "1e308d", "9999999h", "0d", "NaNd", "Infd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseTime("--created-after", text, noon())
		if err != nil && codeOf(err) != exitUsage {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && !strings.Contains(text, "-") && strings.HasSuffix(text, "d") && at.After(noon()) {
			t.Errorf("%q is in the future: %v", text, at)
		}
		_ = relative(at, noon())
	})
}

// Nothing that comes from elsewhere steers a terminal, and no cell is wider than its room.
func FuzzCells(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[2J", "東京", "e\u0301", "\u202e", "\xff", "👩‍👩‍👧", "a\u200bb"} {
		f.Add(seed, 12)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		shown := visible(s)
		if strings.ContainsFunc(shown, unicode.IsControl) {
			t.Errorf("%q is shown as %q", s, shown)
		}
		if width = max(width%200, 1); widthOf(cut(shown, width)) > width {
			t.Errorf("%q does not fit into %d: %q", shown, width, cut(shown, width))
		}
	})
}

func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{"", "localhost:7071", "https://app.example/x?code=secret", "http://u:secret@h", "http://[::1]:80", "%", "http://h/%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		base, _, err := parseAddress(address)
		if err == nil && (base.Host == "" || base.RawQuery != "" || base.User != nil || strings.HasSuffix(base.Path, "/")) {
			t.Errorf("%q is %#v", address, base)
		}
		if err != nil && codeOf(err) != exitUsage {
			t.Errorf("%q: %v", address, err)
		}
	})
}
