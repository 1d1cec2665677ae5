package azuretest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// account is where raw requests go: azuretest or Azurite.
type account interface {
	Account() string
	Key() string
	Endpoint(kind azuretest.Kind) string
}

// answer is a response as tests look at it.
type answer struct {
	status int
	header http.Header
	body   string
}

// outcome is the status and the error code, and of a failed batch also its operation's: "202 409 EntityAlreadyExists 1".
func (a answer) outcome() string {
	words := []string{fmt.Sprint(a.status)}
	if code := a.header.Get("X-Ms-Error-Code"); code != "" {
		words = append(words, code)
	}
	if m := failedOperation.FindStringSubmatch(a.body); m != nil {
		words = append(words, m[1:]...)
	}
	return strings.Join(words, " ")
}

var failedOperation = regexp.MustCompile(`(?s)--changesetresponse.*HTTP/1.1 ([45]\d\d) .*"code":"(\w+)".*"value":"(\d+):`)

// short cuts a text to what a person reads of it.
func short(text string) string {
	if limit := 300; len(text) > limit {
		return text[:limit] + "…"
	}
	return text
}

// send signs a request and sends it. The headers are lines of "Name: value".
func send(tb testing.TB, to account, through http.RoundTripper, kind azuretest.Kind, method, path, headers, body string) answer {
	tb.Helper()
	r, err := http.NewRequest(method, to.Endpoint(kind)+"/"+path, strings.NewReader(body))
	must(tb, err)
	r.Header.Set("X-Ms-Date", time.Now().UTC().Format(http.TimeFormat))
	r.Header.Set("X-Ms-Version", "2021-08-06")
	if kind == azuretest.Table {
		r.Header.Set("X-Ms-Version", "2019-02-02")
		r.Header.Set("Accept", "application/json;odata=minimalmetadata")
		r.Header.Set("Content-Type", "application/json")
	}
	for line := range strings.SplitSeq(headers, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			r.Header.Set(strings.TrimSpace(name), value)
		}
	}
	if r.Header.Get("Authorization") == "" {
		sign(tb, to, kind, r)
	}
	res, err := through.RoundTrip(r)
	must(tb, err)
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	must(tb, err)
	return answer{res.StatusCode, res.Header, string(content)}
}

// sign is a second implementation of the signature, from the service's documentation.
func sign(tb testing.TB, to account, kind azuretest.Kind, r *http.Request) {
	tb.Helper()
	resource := "/" + to.Account() + r.URL.EscapedPath()
	query, err := url.ParseQuery(r.URL.RawQuery)
	must(tb, err)
	scheme := "SharedKey"
	var text string
	if kind == azuretest.Table {
		scheme = "SharedKeyLite"
		if comp := query.Get("comp"); comp != "" {
			resource += "?comp=" + comp
		}
		text = r.Header.Get("X-Ms-Date") + "\n" + resource
	} else {
		var names []string
		for name := range query {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			resource += "\n" + strings.ToLower(name) + ":" + strings.Join(query[name], ",")
		}
		var lines []string
		for name := range r.Header {
			if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-ms-") {
				lines = append(lines, lower+":"+r.Header.Get(name))
			}
		}
		slices.SortFunc(lines, func(a, b string) int {
			a, _, _ = strings.Cut(a, ":")
			b, _, _ = strings.Cut(b, ":")
			return strings.Compare(a, b)
		})
		length := ""
		if r.ContentLength > 0 {
			length = fmt.Sprint(r.ContentLength)
		}
		h := r.Header.Get
		text = strings.Join([]string{
			r.Method, h("Content-Encoding"), h("Content-Language"), length, h("Content-MD5"), h("Content-Type"), "",
			h("If-Modified-Since"), h("If-Match"), h("If-None-Match"), h("If-Unmodified-Since"), h("Range"), strings.Join(lines, "\n"), resource,
		}, "\n")
	}
	key, err := base64.StdEncoding.DecodeString(to.Key())
	must(tb, err)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	r.Header.Set("Authorization", scheme+" "+to.Account()+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

var (
	guids  = regexp.MustCompile(`[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}`)
	dates  = regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} [1-9]\d{3} \d\d:\d\d:\d\d GMT`)
	stamps = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d(:|%3A)\d\d(:|%3A)\d\d(\.\d+)?Z`)
	etags  = regexp.MustCompile(`"?0x[0-9A-F]+"?`)
)

// normal makes what the service chooses equal.
func normal(text string) string {
	for _, r := range []struct {
		form *regexp.Regexp
		name string
	}{{guids, "<guid>"}, {dates, "<date>"}, {stamps, "<time>"}, {etags, "<etag>"}} {
		text = r.form.ReplaceAllString(text, r.name)
	}
	return text
}

// compared are the headers that both must send with equal (normalized) values.
var compared = []string{
	"ETag", "Last-Modified", "x-ms-lease-state", "x-ms-lease-status", "x-ms-lease-duration", "x-ms-lease-id", "x-ms-lease-time", "Content-Range",
	"x-ms-approximate-messages-count", "x-ms-time-next-visible", "x-ms-meta-a", "Content-MD5", "x-ms-blob-type", "Preference-Applied", "x-ms-client-request-id",
}

// describe tells of an answer in lines that can be compared.
func (a answer) describe(kind azuretest.Kind) string {
	lines := []string{a.outcome()}
	for _, name := range compared {
		if v := a.header.Get(name); v != "" && v != "return-content" {
			lines = append(lines, name+": "+normal(v))
		}
	}
	for _, name := range []string{"x-ms-continuation-NextPartitionKey", "x-ms-continuation-NextRowKey", "x-ms-popreceipt", "Date"} {
		if a.header.Get(name) != "" {
			lines = append(lines, name)
		}
	}
	if a.status < http.StatusMultipleChoices {
		lines = append(lines, contents(a.body, a.header.Get("Content-Type"))...)
	} else if a.body != "" {
		lines = append(lines, "body: "+string(kind)+" error")
	}
	return strings.Join(lines, "\n")
}

func contents(body, contentType string) []string {
	switch {
	case body == "":
		return nil
	case strings.HasPrefix(contentType, "multipart/"):
		var lines []string
		for line := range strings.SplitSeq(body, "\r\n") {
			if strings.HasPrefix(line, "HTTP/1.1") || strings.HasPrefix(line, "ETag") {
				lines = append(lines, normal(line))
			}
		}
		return lines
	case strings.HasPrefix(contentType, "application/json"):
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			return []string{err.Error()}
		}
		return flat("", v)
	case strings.HasPrefix(contentType, "application/xml"):
		return elements(body)
	}
	return []string{body}
}

// flat tells of a JSON value path by path, in order. Links are left out, for the hosts differ.
func flat(path string, v any) []string {
	var lines []string
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			switch name {
			case "odata.metadata", "odata.id", "odata.editLink", "odata.type":
			default:
				lines = append(lines, flat(path+"."+name, value)...)
			}
		}
		slices.Sort(lines)
	case []any:
		for i, value := range v {
			lines = append(lines, flat(fmt.Sprintf("%s[%d]", path, i), value)...)
		}
	default:
		lines = append(lines, fmt.Sprintf("%s: %s", path, normal(fmt.Sprint(v))))
	}
	return lines
}

// ignored are elements that one of both leaves out, or whose values follow from the host.
var ignored = []string{"PopReceipt", "Prefix", "Marker", "MaxResults", "Delimiter", "AccessTier", "AccessTierInferred", "AccessTierChangeTime", "ServerEncrypted", "HasImmutabilityPolicy", "HasLegalHold", "Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control", "Content-CRC64", "Deleted", "Snapshot"}

// elements tells of an XML document's texts.
func elements(body string) []string {
	d := xml.NewDecoder(strings.NewReader(body))
	var lines, path []string
	text := ""
	for {
		token, err := d.Token()
		if err != nil {
			return lines
		}
		switch token := token.(type) {
		case xml.StartElement:
			path, text = append(path, token.Name.Local), ""
		case xml.CharData:
			text += string(token)
		case xml.EndElement:
			if name := token.Name.Local; text != "" && !slices.Contains(ignored, name) {
				if name == "NextMarker" {
					text = "<marker>" // each writes its own
				}
				lines = append(lines, strings.ToLower(strings.Join(path, "/"))+"="+normal(text))
			}
			path, text = path[:len(path)-1], ""
		}
	}
}
