package durablehttp

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// exchange is a request on its way: what the next hop sends.
type exchange struct {
	method  string
	url     *url.URL
	header  http.Header
	content *string
}

// prepare checks a request and makes the first hop of it.
func (s *Sender) prepare(r *Request) (*exchange, *CallError) {
	address, err := url.Parse(r.URI)
	if err != nil { // the error has the address in it
		return nil, invalid("the URL is not one: write it as https://host/path, with %%XX for what a URL can't have")
	}
	e := &exchange{method: r.Method, url: address, header: make(http.Header), content: r.Content}
	switch {
	case !token(r.Method):
		return nil, invalid("%.40q is not an HTTP method", r.Method)
	case r.Content != nil && len(*r.Content) > s.MaxRequest:
		return nil, invalid("the content of %d bytes exceeds the limit of %d; store it elsewhere, or raise the limit (HTTPOptions.MaxRequest)",
			len(*r.Content), s.MaxRequest)
	}
	contentType := ""
	for _, h := range r.Headers {
		if !token(h.Name) || slices.ContainsFunc(h.Values, controls) {
			return nil, invalid("the header %.80q has a name or a value that no header can have", h.Name)
		}
		if strings.EqualFold(h.Name, "Content-Type") {
			for _, value := range h.Values {
				if strings.Contains(value, "multipart") {
					return nil, invalid("multipart content is not supported; send it from an activity of your own")
				}
				contentType = value
			}
			continue
		}
		if len(h.Values) > 0 {
			e.header.Set(h.Name, strings.Join(h.Values, separator(h.Name)))
		}
	}
	if e.header.Get("User-Agent") == "" {
		e.header.Set("User-Agent", userAgent)
	}
	if r.Content != nil {
		switch {
		case contentType == "":
			contentType = "text/plain"
		case strings.EqualFold(contentType, "application/x-www-form-urlencoded"):
			contentType += "; charset=utf-8"
		}
		e.header.Set("Content-Type", contentType)
	}
	return e, nil
}

// separator stands between several values of a header.
func separator(name string) string {
	if strings.EqualFold(name, "Cookie") {
		return "; "
	}
	return ", "
}

// controls reports whether a text has control characters that a header's value can't have.
func controls(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// token reports whether a text can be a method or the name of a header (RFC 9110, token).
func token(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// exchange sends the request, follows redirects, and reads the answer.
func (s *Sender) exchange(ctx context.Context, e *exchange, r *Request) (*Response, error) {
	for hop := 0; ; hop++ {
		if failure := s.check(e.url); failure != nil {
			return nil, failure
		}
		if hop == 0 {
			if err := s.authorize(ctx, e, r.TokenSource); err != nil {
				return nil, err
			}
		}
		request, err := e.request(ctx)
		if err != nil {
			return nil, err
		}
		answer, err := s.Transport.RoundTrip(request)
		if err != nil {
			return nil, noAnswer(err, hostAndPort(e.url))
		}
		if hop == maxRedirects || !e.redirect(answer) {
			return s.read(answer, r.Retry, hostAndPort(request.URL))
		}
		_, _ = io.CopyN(io.Discard, answer.Body, maxDrained) // what fails here fails the next hop
		_ = answer.Body.Close()
	}
}

// check refuses addresses that can't or may not be called.
func (s *Sender) check(u *url.URL) *CallError {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return invalid("the URL must begin with http:// or https://, not with %.20q", u.Scheme)
	case u.Hostname() == "":
		return invalid("the URL has no host: write it as %s://host/path", u.Scheme)
	case s.Allow == nil:
		return nil
	}
	asked := *u // Allow can't change where the request goes
	if err := s.Allow(&asked); err != nil {
		return &CallError{Kind: KindNotAllowed, Permanent: true, Message: fmt.Sprintf("calls to %s are not allowed: %v", hostAndPort(u), err)}
	}
	return nil
}

// authorize puts the token in.
//
// Differs from DTFx: a token goes over http only to this machine, because who can read the network could use it.
func (s *Sender) authorize(ctx context.Context, e *exchange, source *TokenSource) error {
	switch {
	case source == nil:
		return nil
	case s.Tokens == nil:
		return &CallError{Kind: KindNoToken, Permanent: true, Message: "no token: the worker has nobody to ask for one; set HTTPOptions.Tokens"}
	case e.url.Scheme == "http" && !loopback(e.url.Hostname()):
		return invalid("a token is not sent over http to another machine; use https")
	}
	token, err := s.Tokens(ctx, *source)
	if err != nil {
		return &CallError{Kind: KindNoToken, Message: fmt.Sprintf("token for %.200q: %v", source.Scope(), err)}
	}
	e.header.Set("Authorization", "Bearer "+token)
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// request makes the next hop.
func (e *exchange) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if e.content != nil {
		body = strings.NewReader(*e.content)
	}
	request, err := http.NewRequestWithContext(ctx, e.method, e.url.String(), body)
	if err != nil {
		return nil, invalid("the request can't be made; is its URL right?") // the error has the address in it
	}
	request.Header = e.header.Clone()
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
		request.Header.Del("Host")
	}
	return request, nil
}

// read makes the result of an answer.
func (s *Sender) read(answer *http.Response, retry *Retry, address string) (response *Response, err error) {
	defer func() {
		if closed := answer.Body.Close(); closed != nil && err == nil {
			response, err = nil, noAnswer(closed, address)
		}
	}()
	if failure := retry.refuses(answer); failure != nil {
		_, _ = io.CopyN(io.Discard, answer.Body, maxDrained)
		return nil, failure
	}
	tooLarge := &CallError{Kind: KindInvalid, Permanent: true, Message: fmt.Sprintf(
		"the content of the answer exceeds the limit of %d bytes; fetch it from an activity of your own, or raise the limit (HTTPOptions.MaxResponse)",
		s.MaxResponse)}
	body, err := io.ReadAll(io.LimitReader(answer.Body, int64(s.MaxResponse)+1))
	if err != nil {
		return nil, noAnswer(err, address)
	}
	if len(body) > s.MaxResponse {
		return nil, tooLarge
	}
	text, failure := readText(body, answer.Header.Get("Content-Type"))
	if failure != nil {
		return nil, failure
	}
	return &Response{answer.StatusCode, storedHeaders(answer), text}, nil
}

// hostAndPort is what failures say of an address.
func hostAndPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
