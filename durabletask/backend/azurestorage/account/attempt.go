package account

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// Versions of the REST interface: for tables the first that takes tokens, and for the others one that knows large blobs. The SDK's own are
// too old for tables to take tokens and, for the others, so new that emulators of last year refuse them.
const (
	tableVersion   = "2020-12-06"
	storageVersion = "2021-12-02"
)

// attempt is one try of a request.
type attempt struct {
	request *request
	method  string
	url     *url.URL
	size    int    // of the body
	reached bool   // the transport was asked to send it
	answer  *reply // nil if none came
	took    time.Duration
}

type attemptKey struct{}

func withAttempt(ctx context.Context, t *attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, t)
}

func attemptOf(r *http.Request) *attempt { return r.Context().Value(attemptKey{}).(*attempt) }

func (t *attempt) writes() bool {
	return t.method != http.MethodGet && t.method != http.MethodHead || t.request.mutates
}

// tries is the policy through which each try of each request passes, before it is signed: it waits at the gate, gives the try its time,
// and judges the reply. Its errors are the ones that callers see.
type tries struct{ a *Account }

// Do makes one try.
func (p tries) Do(req *policy.Request) (*http.Response, error) {
	a, t := p.a, attemptOf(req.Raw())
	if err := a.prepare(req, t); err != nil {
		return nil, a.failed(req.Raw().Context(), t, err)
	}
	if err := a.enter(req, t); err != nil {
		return nil, a.failed(req.Raw().Context(), t, err)
	}
	ctx, cancel := context.WithTimeoutCause(req.Raw().Context(), tryTimeout(t.size), errTry)
	defer cancel()
	// Signed when it is made, not when it came to the gate: a signature is good for some minutes only.
	sent := a.env.Now()
	req.Raw().Header["X-Ms-Date"] = []string{sent.UTC().Format(http.TimeFormat)}
	resp, err := req.WithContext(ctx).Next()
	var answer reply
	if resp != nil {
		answer.status, answer.header = resp.StatusCode, resp.Header
	}
	if err == nil {
		answer.body, err = runtime.Payload(resp)
	}
	received := a.env.Now()
	t.took = received.Sub(sent)
	a.clock.observe(answer.header.Get("Date"), sent, received)
	if a.options.OnRequest != nil {
		a.options.OnRequest(Sample{Kind: t.request.kind, Status: answer.status, Sent: t.size, Received: len(answer.body), Duration: t.took})
	}
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		return nil, a.failed(ctx, t, err)
	}
	t.answer = &answer
	if answer.status >= http.StatusMultipleChoices {
		return nil, a.refused(t)
	}
	if t.request.check != nil {
		err = t.request.check(&answer)
	} else if t.request.read != nil {
		if err = t.request.read(&answer); err == nil {
			return nil, errRead
		}
	}
	if err != nil {
		return nil, a.misread(t, err)
	}
	return resp, nil
}

// prepare makes the SDK's request ours, and notes what it is.
func (a *Account) prepare(req *policy.Request, t *attempt) error {
	raw := req.Raw()
	t.method, t.url = raw.Method, raw.URL
	delete(raw.Header, "x-ms-version") // as the SDK writes it, past http.Header.Set
	raw.Header["X-Ms-Version"] = []string{storageVersion}
	if t.request.service == tableService {
		raw.Header["X-Ms-Version"] = []string{tableVersion}
	}
	if t.request.noContent {
		raw.Header["Prefer"] = []string{"return-no-content"}
	}
	if t.request.own != nil {
		if err := t.request.own.replace(req); err != nil {
			return err
		}
	}
	t.size = int(raw.ContentLength)
	return nil
}

// key is what tells the request from others to the gate and to the source of jitter: method, service, and address without what authorises.
func (t *attempt) key(a *Account) string {
	path, query, _ := strings.Cut(strings.TrimPrefix(t.url.String(), a.connection.endpoints[t.request.service]), "?")
	key := t.method + " " + t.request.service.String() + path
	if sas, err := url.ParseQuery(a.connection.proof.sas); err == nil && len(sas) > 0 {
		values := t.url.Query()
		for name := range sas {
			values.Del(name)
		}
		query = values.Encode()
	}
	if query != "" {
		key += "?" + query
	}
	return key
}

// content returns what will be sent.
func content(req *policy.Request) (string, error) {
	if req.Body() == nil {
		return "", nil
	}
	data, err := io.ReadAll(req.Body())
	if err != nil {
		return "", err
	}
	return string(data), req.RewindBody()
}
