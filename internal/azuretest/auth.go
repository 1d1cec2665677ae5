package azuretest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// authenticate checks a request's shared key, shared access signature or token.
func (x *exchange) authenticate(r *http.Request, path string) *serviceError {
	s, query := x.s, x.Query
	authorization := x.Header.Get("Authorization")
	scheme, credential, _ := strings.Cut(authorization, " ")
	switch {
	case scheme == "SharedKey" || scheme == "SharedKeyLite":
		account, signature, _ := strings.Cut(credential, ":")
		if x.Header.Get("X-Ms-Date") == "" && x.Header.Get("Date") == "" {
			return errAuthentication
		}
		if account != s.options.Account || !same(signature, s.sign(x.stringToSign(scheme, path, r.ContentLength))) {
			return errAuthentication
		}
		return nil
	case scheme == "Bearer":
		if s.options.Token == "" || !same(credential, s.options.Token) {
			return errAuthentication
		}
		return nil
	case authorization != "":
		return errAuthentication
	case query.Has("sig"):
		if s.options.SAS == "" || !same(query.Get("sig"), s.options.SAS) {
			return errAuthentication
		}
		return nil
	case s.options.Anonymous:
		return nil
	}
	return errNoAuthentication
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Service) sign(text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// stringToSign puts together what a request's signature covers. Tables cover less than queues and blobs.
func (x *exchange) stringToSign(scheme, path string, contentLength int64) string {
	h, kind, query := x.Header, x.kind, x.Query
	date := h.Get("X-Ms-Date")
	switch {
	case date == "":
		date = h.Get("Date")
	case kind != Table:
		date = "" // x-ms-date is among the canonical headers
	}
	resource := "/" + x.s.options.Account + path
	if kind == Table || scheme == "SharedKeyLite" {
		if comp := query.Get("comp"); comp != "" {
			resource += "?comp=" + comp
		}
	}
	switch {
	case kind == Table && scheme == "SharedKeyLite":
		return date + "\n" + resource
	case kind == Table:
		return strings.Join([]string{x.Method, h.Get("Content-MD5"), h.Get("Content-Type"), date, resource}, "\n")
	case scheme == "SharedKeyLite":
		return strings.Join([]string{x.Method, h.Get("Content-MD5"), h.Get("Content-Type"), date, canonicalHeaders(h) + "\n" + resource}, "\n")
	}
	length := h.Get("Content-Length")
	if length == "" && contentLength > 0 {
		length = strconv.FormatInt(contentLength, 10)
	}
	if length == "0" {
		length = ""
	}
	return strings.Join([]string{
		x.Method, h.Get("Content-Encoding"), h.Get("Content-Language"), length, h.Get("Content-MD5"), h.Get("Content-Type"), date,
		h.Get("If-Modified-Since"), h.Get("If-Match"), h.Get("If-None-Match"), h.Get("If-Unmodified-Since"), h.Get("Range"),
		canonicalHeaders(h), resource + canonicalQuery(query),
	}, "\n")
}

func canonicalHeaders(h http.Header) string {
	lines := map[string]string{}
	for name, values := range h {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-ms-") {
			lines[lower] = strings.Join(values, ",")
		}
	}
	return strings.TrimPrefix(canonicalLines(lines), "\n")
}

func canonicalQuery(query url.Values) string {
	lines := map[string]string{}
	for name, values := range query {
		lines[strings.ToLower(name)] = strings.Join(slices.Sorted(slices.Values(values)), ",")
	}
	return canonicalLines(lines)
}

func canonicalLines(lines map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		b.WriteString("\n" + name + ":" + lines[name])
	}
	return b.String()
}
