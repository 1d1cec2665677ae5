package durablehttp

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The example of every member, as it is stored.
const everything = `{"$type":"Microsoft.Azure.WebJobs.Extensions.DurableTask.DurableHttpRequest, Microsoft.Azure.WebJobs.Extensions.DurableTask",` +
	`"method":"POST","uri":"https://example.com/jobs?a=1&b=<2>","headers":{"Content-Type":"application/json","Accept":["a","b"],"X-None":[]},` +
	`"content":"{\"n\":\"<&>\"}","tokenSource":{"kind":"AzureManagedIdentity","resource":"https://management.core.windows.net/.default",` +
	`"options":{"authorityhost":"https://login.microsoftonline.com/","tenantid":"contoso"}},"asynchronousPatternEnabled":true,` +
	`"retryOptions":{"$type":"Microsoft.Azure.WebJobs.Extensions.DurableTask.HttpRetryOptions, Microsoft.Azure.WebJobs.Extensions.DurableTask",` +
	`"FirstRetryInterval":"00:00:05","MaxRetryInterval":"6.00:00:00","BackoffCoefficient":1.5,"RetryTimeout":"10675199.02:48:05.4775807",` +
	`"MaxNumberOfAttempts":3,"StatusCodesToRetry":[503]},"timeout":"00:01:00"}`

func TestRequestJSON(t *testing.T) {
	t.Parallel()
	r := Request{
		Method: "POST", URI: "https://example.com/jobs?a=1&b=<2>", Content: new(`{"n":"<&>"}`), Asynchronous: true, Timeout: new(TimeSpan(time.Minute)),
		Headers: Headers{{"Content-Type", []string{"application/json"}}, {"Accept", []string{"a", "b"}}, {"X-None", []string{}}},
		TokenSource: &TokenSource{
			Resource: "https://management.core.windows.net/.default", AuthorityHost: "https://login.microsoftonline.com/", TenantID: "contoso",
		},
		Retry: &Retry{
			First: TimeSpan(5 * time.Second), Max: TimeSpan(6 * 24 * time.Hour), Backoff: 1.5, Total: NoLimit, MaxAttempts: 3, StatusCodes: []int{503},
		},
	}
	text, err := r.MarshalJSON()
	if err != nil || string(text) != everything {
		t.Errorf("%s, %v\nwant %s", text, err, everything)
	}
	var read Request
	if err := json.Unmarshal([]byte(everything), &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, read); diff != "" {
		t.Error(diff)
	}
}

// Forms that others write, and what they mean.
func TestReadRequest(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Request{
		`{}`: {Method: "GET", Asynchronous: true},
		`{"method":5,"uri":"u","headers":null,"content":"","tokenSource":null,"asynchronousPatternEnabled":false,"retryOptions":null,"timeout":null}`: {
			Method: "GET", URI: "u", Content: new(""),
		},
		`{"method":"PUT","headers":{"a":"1","A":["2",null],"b":null}}`: {
			Method: "PUT", Asynchronous: true, Headers: Headers{{"a", []string{"2", ""}}, {"b", nil}},
		},
		`{"headers":["a"]}`: {Method: "GET", Asynchronous: true},
		`{"tokenSource":{"kind":"AzureManagedIdentity","resource":"r","options":"{\"tenantid\":\"t\",\"clientid\":\"c\"}"}}`: {
			Method: "GET", Asynchronous: true, TokenSource: &TokenSource{Resource: "r", TenantID: "t", ClientID: "c"},
		},
		`{"tokenSource":{"kind":"AzureManagedIdentity","resource":"r","options":null}}`: {
			Method: "GET", Asynchronous: true, TokenSource: &TokenSource{Resource: "r"},
		},
		`{"tokenSource":{"$type":"Microsoft.Azure.WebJobs.Extensions.DurableTask.ManagedIdentityTokenSource, Microsoft.Azure","resource":"r"}}`: {
			Method: "GET", Asynchronous: true, TokenSource: &TokenSource{Resource: "r"},
		},
	} {
		var got Request
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		`{"headers":{"a":1}}`:                                         `header "a" is neither`,
		`{"headers":{"a":[1]}}`:                                       `header "a" is neither`,
		`{"tokenSource":{"kind":"Other"}}`:                            `"Other" is not supported`,
		`{"tokenSource":{}}`:                                          `is not supported`,
		`{"tokenSource":{"$type":"Mine, X"}}`:                         `"Mine" is not supported`,
		`{"tokenSource":{"kind":"AzureManagedIdentity","options":5}}`: "options of the token source",
		`{"timeout":"a minute"}`:                                      "is not a time span",
		`{"timeout":5}`:                                               "cannot unmarshal",
		`[]`:                                                          "cannot unmarshal",
		`{"uri":5}`:                                                   "cannot unmarshal",
	} {
		var got Request
		if err := json.Unmarshal([]byte(text), &got); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestHeadersOf(t *testing.T) {
	t.Parallel()
	got := HeadersOf(http.Header{"b": {"1"}, "B": {"2"}, "A": nil})
	if diff := cmp.Diff(Headers{{"A", nil}, {"B", []string{"2", "1"}}}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(http.Header{"A": nil, "B": {"2", "1"}}, got.HTTP()); diff != "" {
		t.Error(diff)
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	for resource, want := range map[string]string{
		"https://management.core.windows.net": "https://management.core.windows.net/.default", "https://graph.microsoft.com/": "https://graph.microsoft.com/.default",
		"https://management.core.windows.net/.default": "https://management.core.windows.net/.default", "https://vault.azure.net": "https://vault.azure.net",
		"https://graph.microsoft.com//": "https://graph.microsoft.com//",
	} {
		if got := (&TokenSource{Resource: resource}).Scope(); got != want {
			t.Errorf("%s: %s", resource, got)
		}
	}
}

func TestTimeSpan(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, d := range map[string]time.Duration{
		"00:00:00": 0, "00:00:01": time.Second, "-00:00:01.5000000": -1500 * time.Millisecond, "1.02:03:04": day + 2*time.Hour + 3*time.Minute + 4*time.Second,
		"106751.00:00:00": 106751 * day, longestInText: math.MaxInt64, "00:00:00.0000001": tick,
	} {
		if got := formatTimeSpan(d); got != text {
			t.Errorf("%v is %s, want %s", d, got, text)
		}
		if got, err := parseTimeSpan(text); got != d || err != nil {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "00:00", "1:2:3:4", "00:00:00.12345678", "a0:00:00"} {
		if _, err := parseTimeSpan(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestReadText(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ contentType, body, want string }{
		{"", "héllo", "héllo"},
		{"", "\xef\xbb\xbfa", "a"},
		{"", "a\xff", "a\uFFFD"},
		{"text/plain; charset=UTF-8", "\xef\xbb\xbfé", "é"},
		{`text/plain; charset="utf-8"`, "é", "é"},
		{"", "\xff\xfea\x00", "a"},
		{"", "\xfe\xff\x00a", "a"},
		{"a/b;charset=utf-16", "a\x00\xe9\x00", "aé"},
		{"a/b;charset=utf-16be", "\x00a\x00", "a"},
		{"a/b;charset=iso-8859-1", "a\xe9", "aé"},
		{"a/b;charset=us-ascii", "a\xe9", "a\uFFFD"},
		{"not a type; ;", "a", "a"},
	} {
		if got, failure := readText([]byte(row.body), row.contentType); got != row.want || failure != nil {
			t.Errorf("%q as %s: %q, %v", row.body, row.contentType, got, failure)
		}
	}
	if _, failure := readText(nil, "a/b; charset=koi8-r"); failure == nil || !failure.Permanent {
		t.Errorf("an unknown charset: %v", failure)
	}
}

// settles fails unless T leaves alone what it has written.
func settles[T any](t *testing.T, data []byte) {
	t.Helper()
	var first, second T
	if json.Unmarshal(data, &first) != nil {
		return
	}
	once, err := json.Marshal(first)
	if err != nil {
		t.Fatalf("what was read can't be written: %v\n%+v", err, first)
	}
	if err := json.Unmarshal(once, &second); err != nil {
		t.Fatalf("what was written can't be read: %v\n%s", err, once)
	}
	if twice, err := json.Marshal(second); err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("written once\n%s\nand twice\n%s, %v", once, twice, err)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte(`{"headers":{"a":"1","A":["2"],"\ud800":null}}`))
	f.Add([]byte(`{"tokenSource":{"kind":"AzureManagedIdentity","resource":"r","options":"{\"tenantid\":\"t\"}"}}`))
	f.Add([]byte(`{"timeout":"-1.00:00:00","retryOptions":{"BackoffCoefficient":1e300,"RetryTimeout":"99999999.00:00:00"}}`))
	f.Fuzz(func(t *testing.T, data []byte) { settles[Request](t, data) })
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(`{"statusCode":202,"headers":{"Location":"http://127.0.0.1/poll?k=v","Retry-After":"1","X":["a","b"]},"content":"accepted"}`))
	f.Add([]byte(`{"headers":[],"content":null}`))
	f.Fuzz(func(t *testing.T, data []byte) { settles[Response](t, data) })
}

func FuzzReadText(f *testing.F) {
	f.Add([]byte("\xff\xfea\x00b"), "text/plain")
	f.Add([]byte("a\xe9"), "text/plain; charset=iso-8859-1")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		if text, failure := readText(body, contentType); failure == nil && strings.ToValidUTF8(text, "") != text {
			t.Errorf("%q is no text", text)
		}
	})
}
