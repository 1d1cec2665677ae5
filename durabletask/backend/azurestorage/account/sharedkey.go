package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// sharedKey signs requests with the key of the account, in the two forms that the service has: one for tables, one for the rest.
type sharedKey struct {
	account string
	key     []byte
	env     *backend.Environment
}

func newSharedKey(account string, key []byte, env *backend.Environment) *sharedKey {
	return &sharedKey{account, key, env}
}

// Do signs and passes on.
func (s *sharedKey) Do(r *policy.Request) (*http.Response, error) {
	raw := r.Raw()
	raw.Header["X-Ms-Date"] = []string{s.env.Now().Format(http.TimeFormat)}
	var text string
	var err error
	if raw.Header["Dataserviceversion"] != nil {
		text, err = s.tableText(raw)
	} else {
		text, err = s.text(raw)
	}
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	raw.Header["Authorization"] = []string{"SharedKey " + s.account + ":" + base64.StdEncoding.EncodeToString(mac.Sum(nil))}
	return r.Next()
}

// text is what is signed of a request to blobs or queues.
func (s *sharedKey) text(r *http.Request) (string, error) {
	length := ""
	if r.ContentLength > 0 {
		length = fmt.Sprint(r.ContentLength)
	}
	var b strings.Builder
	b.WriteString(r.Method)
	for _, value := range [...]string{
		first(r.Header, "Content-Encoding"), first(r.Header, "Content-Language"), length, first(r.Header, "Content-Md5"),
		first(r.Header, "Content-Type"), "" /* the date is X-Ms-Date */, first(r.Header, "If-Modified-Since"), first(r.Header, "If-Match"),
		first(r.Header, "If-None-Match"), first(r.Header, "If-Unmodified-Since"), first(r.Header, "Range"), "",
	} {
		b.WriteByte('\n')
		b.WriteString(value)
	}
	s.writeHeaders(&b, r.Header)
	s.writeResource(&b, r.URL)
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", fmt.Errorf("sign request: %w", err)
	}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := query[name]
		slices.Sort(values)
		b.WriteByte('\n')
		b.WriteString(strings.ToLower(name))
		b.WriteByte(':')
		b.WriteString(strings.Join(values, ","))
	}
	return b.String(), nil
}

// writeHeaders adds the service's own headers, sorted, a line each.
func (s *sharedKey) writeHeaders(b *strings.Builder, h http.Header) {
	names := make([]string, 0, 8)
	for name := range h {
		if strings.HasPrefix(name, "X-Ms-") {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) })
	for _, name := range names {
		b.WriteString(strings.ToLower(name))
		b.WriteByte(':')
		b.WriteString(strings.Join(h[name], ","))
		b.WriteByte('\n')
	}
}

// writeResource adds account and path; the path as it stands in the address, still escaped.
func (s *sharedKey) writeResource(b *strings.Builder, u *url.URL) {
	b.WriteByte('/')
	b.WriteString(s.account)
	if path := u.EscapedPath(); path != "" {
		b.WriteString(path)
	} else {
		b.WriteByte('/')
	}
}

// tableText is what is signed of a request to tables: less, and of the query only comp.
func (s *sharedKey) tableText(r *http.Request) (string, error) {
	var b strings.Builder
	for _, value := range [...]string{r.Method, first(r.Header, "Content-Md5"), first(r.Header, "Content-Type"), first(r.Header, "X-Ms-Date")} {
		b.WriteString(value)
		b.WriteByte('\n')
	}
	s.writeResource(&b, r.URL)
	return b.String(), nil
}

func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
