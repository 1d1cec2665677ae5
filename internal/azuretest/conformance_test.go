package azuretest_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

func TestMain(m *testing.M) { azurite.Main(m) }

// request is a row of the table of requests. In all texts $N stands for a name that nobody else uses, $X for what an
// earlier request has kept as X.
type request struct {
	what    string // the service, and how the request is written: "queue PUT path?query"
	headers string
	body    string
	want    string // the status and error code
	azurite string // Azurite's, where it is more lenient or older than the service; then only these are checked
	keep    string // "X: expression" keeps the first group of the expression in the answer's headers and body
}

// run sends the requests one after another and returns what each of the answers is like.
func run(t *testing.T, to account, through http.RoundTripper, name string, requests []request) []answer {
	t.Helper()
	kept := map[string]string{"N": name}
	fill := func(text string) string {
		return os.Expand(text, func(name string) string {
			if v, ok := kept[name]; ok {
				return v
			}
			return "$" + name
		})
	}
	answers := make([]answer, len(requests))
	for i, r := range requests {
		kind, rest, _ := strings.Cut(fill(r.what), " ")
		method, path, _ := strings.Cut(rest, " ")
		answers[i] = send(t, to, through, azuretest.Kind(kind), method, path, fill(r.headers), fill(r.body))
		if r.keep != "" {
			variable, expression, _ := strings.Cut(r.keep, ": ")
			text := answers[i].body
			for header, values := range answers[i].header {
				text += "\n" + header + ": " + values[0]
			}
			m := regexp.MustCompile(expression).FindStringSubmatch(text)
			if m == nil {
				t.Fatalf("%s: no %s in %d %s", r.what, expression, answers[i].status, text)
			}
			kept[variable] = m[1]
		}
	}
	return answers
}

// Every request is answered as the table says, and Azurite answers alike but where the table knows better.
func TestConformance(t *testing.T) {
	t.Parallel()
	for story, requests := range stories() {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			s := azuretest.New(azuretest.Options{})
			name := azurite.Name(t)
			ours := run(t, s, s.Transport(azuretest.ClientOptions{}), name, requests)
			for i, r := range requests {
				if got := ours[i].outcome(); got != r.want {
					t.Errorf("%s\n%s\ngot %s, want %s\n%s", r.what, short(r.body), got, r.want, short(ours[i].body))
				}
			}
			t.Run("azurite", func(t *testing.T) {
				t.Parallel()
				emulator := azurite.Shared(t)
				theirs := run(t, emulator, &http.Transport{DisableKeepAlives: true}, name, requests)
				for i, r := range requests {
					at := fmt.Sprintf("%d: %s\n%s", i, r.what, short(r.body))
					if r.azurite != "" {
						if got := theirs[i].outcome(); got != r.azurite {
							t.Errorf("%s\nAzurite answers %s, the table says %s\n%s", at, got, r.azurite, short(theirs[i].body))
						}
						continue
					}
					kind := azuretest.Kind(strings.Fields(r.what)[0])
					if diff := cmp.Diff(theirs[i].describe(kind), ours[i].describe(kind)); diff != "" {
						t.Errorf("%s\nAzurite -, ours +\n%s\n%s\n%s", at, diff, short(theirs[i].body), short(ours[i].body))
					}
				}
			})
		})
	}
}
