package account

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// notRetriableError is a credential's error, as azcore marks them.
type notRetriableError struct{ error }

func (notRetriableError) NonRetriable() {}

func (e notRetriableError) Unwrap() error { return e.error }

// Each way of being refused says what to do.
func TestRemedies(t *testing.T) {
	t.Parallel()
	key := func(*testing.T) string { return "AccountName=acct;AccountKey=" + testKey }
	sas := func(*testing.T) string { return "AccountName=acct;SharedAccessSignature=" + testSAS }
	queue := func(t *testing.T, a *Account) error { _, err := a.Queue("q").Create(t.Context()); return err }
	table := func(t *testing.T, a *Account) error { _, err := a.Table("T").Create(t.Context()); return err }
	blob := func(t *testing.T, a *Account) error { _, err := a.Container("c").Create(t.Context()); return err }
	for _, tc := range []struct {
		name       string
		connection func(*testing.T) string // nil for an identity
		do         func(*testing.T, *Account) error
		status     int
		code       string
		want       string
		noTables   bool
	}{
		{"wrong key", key, queue, 403, "AuthenticationFailed", "copy the connection string from the portal", false},
		{"no code", key, blob, 403, "", "copy the connection string from the portal", false},
		{"signature over", sas, queue, 403, "AuthenticationFailed", "the shared access signature is wrong, over, or revoked", false},
		{"signature too narrow", sas, table, 403, "AuthorizationPermissionMismatch", "sp=rwdlacup", false},
		{"signature for something else", sas, table, 403, "AuthorizationResourceTypeMismatch", "ss=bqt", false},
		{"token refused", nil, queue, 401, "InvalidAuthenticationInfo", "check __tenantId", false},
		{"no role for queues", nil, queue, 403, "AuthorizationPermissionMismatch", "Storage Queue Data Contributor", false},
		{"no role for tables", nil, table, 403, "AuthorizationPermissionMismatch", "Storage Table Data Contributor", false},
		{"no role for blobs", nil, blob, 403, "AuthorizationPermissionMismatch", "Storage Blob Data Contributor", false},
		{"firewall", key, blob, 403, "AuthorizationFailure", "firewall", false},
		{"keys are off", key, queue, 403, "KeyBasedAuthenticationNotPermitted", "AzureWebJobsStorage__accountName", false},
		{"no tables", key, table, 404, "ResourceNotFound", "use a general-purpose account", true},
		{"no tables, another answer", key, table, 409, "FeatureNotSupportedForAccount", "use a general-purpose account", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := Connection{
				accountName: "acct", proof: &proof{credential: token{}},
				endpoints: [services]string{"https://acct.blob.example", "https://acct.queue.example", "https://acct.table.example"},
			}
			if tc.connection != nil {
				var err error
				if c, err = ParseConnectionString(tc.connection(t)); err != nil {
					t.Fatal(err)
				}
			}
			err := tc.do(t, openAt(t, c, always(tc.status, "X-Ms-Error-Code", tc.code)))
			if err == nil || !strings.Contains(err.Error(), tc.want) || Transient(err) || Ambiguous(err) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if Denied(err) == tc.noTables || NoTables(err) != tc.noTables {
				t.Errorf("%v: denied %t, no tables %t", err, Denied(err), NoTables(err))
			}
			if strings.Contains(err.Error(), "sig=") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "http") {
				t.Errorf("%v says too much", err)
			}
		})
	}
}

// The same, by a service that looks at signatures itself.
func TestRefusedByAService(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{SAS: "c2VjcmV0LXNpZ25hdHVyZQ==", Token: "secret-token"})
	right, err := ParseConnectionString(s.ConnectionString())
	check(t, "parse", err)
	wrong := right
	wrong.proof = &proof{key: []byte("another")}
	signed := right
	signed.proof = &proof{sas: testSAS}
	stale := right
	stale.proof = &proof{sas: strings.ReplaceAll(testSAS, "c2", "d2")}
	for name, tc := range map[string]struct {
		c      Connection
		denied bool
	}{"key": {right, false}, "wrong key": {wrong, true}, "signature": {signed, false}, "wrong signature": {stale, true}} {
		a := openAt(t, tc.c, s.Transport(azuretest.ClientOptions{}))
		_, err1 := a.Queue("q-1").Create(t.Context())
		_, err2 := a.Table("HubHistory").Create(t.Context())
		_, err3 := a.Container("c-1").Create(t.Context())
		_, err4 := a.Table("HubHistory").Submit(t.Context(), []Op{{Action: InsertOrReplace, Key: Key{"p", "r"}, Row: row(Key{"p", "r"}, "x")}})
		for _, err := range []error{err1, err2, err3, err4} {
			if tc.denied != Denied(err) || !tc.denied && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	a := serve(t, azuretest.Options{NoTables: true})
	if _, err := a.Table("HubHistory").Create(t.Context()); !NoTables(err) {
		t.Error(err)
	}
}

func TestClockOff(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := always(403, "X-Ms-Error-Code", "AuthenticationFailed", "Date", at.Add(-2*time.Hour).Format(http.TimeFormat))
	c, err := ParseConnectionString(testConnection)
	check(t, "parse", err)
	a := openAt(t, c, f, func(o *Options) { o.Environment.Clock = fixedClock(at) })
	_, err = a.Queue("q").Create(t.Context())
	if !Denied(err) || !strings.Contains(err.Error(), "clock is off by 2h0m0s: set it") {
		t.Error(err)
	}
}

func TestIdentityRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			name   string
			err    error
			denied bool
		}{
			{"refused", notRetriableError{errors.New("AADSTS7000215: invalid secret")}, true},
			{"no network", &net.OpError{Op: "read", Err: io.EOF}, false},
		} {
			f := always(201)
			c := Connection{proof: &proof{credential: token{tc.err}}, endpoints: [services]string{"https://b.example", "https://q.example", "https://t.example"}}
			_, err := openAt(t, c, f).Queue("q").Put(t.Context(), []byte("{}"), 0, 0)
			if Denied(err) != tc.denied || Transient(err) == tc.denied || Ambiguous(err) || f.count() > 0 || !errors.Is(err, tc.err) {
				t.Errorf("%s: %v (denied %t, transient %t, ambiguous %t)", tc.name, err, Denied(err), Transient(err), Ambiguous(err))
			}
		}
		f := always(204)
		c := Connection{proof: &proof{credential: token{}}, endpoints: [services]string{"https://b.example", "https://q.example", "https://t.example"}}
		_, err := openAt(t, c, f).Table("HubHistory").Create(t.Context())
		check(t, "create with a token", err)
		if h := f.requests[0].Header; h.Get("Authorization") != "Bearer secret-token" || h.Get("X-Ms-Version") < "2020-12-06" {
			t.Errorf("headers %v", h)
		}
		// A token is for https only, and azcore sees to that.
		c.endpoints = [services]string{"http://b.example", "http://q.example", "http://t.example"}
		f = always(201)
		if _, err := openAt(t, c, f).Queue("q").Create(t.Context()); err == nil || f.count() > 0 {
			t.Errorf("sent a token in the clear: %v", err)
		}
	})
}

// A server that has not proved to be the right one saw nothing, and won't be asked again.
func TestCertificateNotTrusted(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	c := Connection{accountName: "acct", proof: &proof{key: []byte("k")}, endpoints: [services]string{s.URL, s.URL, s.URL}}
	a, err := Open(c, Options{})
	check(t, "open", err)
	t.Cleanup(a.Close)
	_, err = a.Queue("q").Put(t.Context(), []byte("{}"), 0, 0)
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok || certificate == nil || Transient(err) || Ambiguous(err) {
		t.Error(err)
	}
}

// No error shows an address with its signature, whatever it is wrapped in.
func TestErrorsHideAddresses(t *testing.T) {
	t.Parallel()
	c, err := ParseConnectionString("AccountName=acct;SharedAccessSignature=" + testSAS)
	check(t, "parse", err)
	f := &fake{answer: func(_ int, r *http.Request) (*http.Response, error) {
		inner := &url.Error{Op: "Post", URL: r.URL.String(), Err: io.EOF}
		return nil, fmt.Errorf("round trip: %w", &url.Error{Op: "Post", URL: r.URL.String(), Err: inner})
	}}
	_, err = openAt(t, c, f).Queue("q").Put(t.Context(), []byte(`{"body":"private"}`), 0, 0)
	if want := `put message: queue "q": EOF (may have taken effect)`; err == nil || err.Error() != want || !errors.Is(err, io.EOF) {
		t.Errorf("%v, want %s", err, want)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v", e, e); strings.Contains(text, "sig=") || strings.Contains(text, "private") {
			t.Errorf("%s", text)
		}
	}
}

// Neither does one about a reply that can't be read show what is in it.
func TestErrorsHideReplies(t *testing.T) {
	t.Parallel()
	f := &fake{answer: func(_ int, r *http.Request) (*http.Response, error) {
		return answer(r, 200, "<QueueMessagesList><QueueMessage><MessageText>&private;", "Date", "private"), nil
	}}
	_, err := open(t, f).Queue("q").Receive(t.Context(), 1, time.Minute)
	if want := `receive messages: queue "q": 200: the answer is not understood (may have taken effect)`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		body, code string
		row        int
	}{
		{`<?xml version="1.0"?><Error><Code>QueueNotFound</Code><Message>The specified queue: secret</Message></Error>`, "QueueNotFound", -1},
		{`{"odata.error":{"code":"EntityAlreadyExists","message":{"lang":"en-US","value":"7:The specified entity already exists."}}}`, "EntityAlreadyExists", 7},
		{`{"odata.error":{"code":"TableNotFound","message":{"value":"RequestId:x"}}}`, "TableNotFound", -1},
		{`{"odata.error":{"code":"` + strings.Repeat("x", 200) + `"}}`, "", -1},
		{`<html><Code>no code at all</Code></html>`, "", -1},
		{"{", "", -1},
		{"", "", -1},
	} {
		if code, row := errorCode([]byte(tc.body)); code != tc.code || row != tc.row {
			t.Errorf("%s: %q at %d", tc.body, code, row)
		}
	}
}

func TestKindsOfOtherErrors(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, io.EOF, backend.ErrDraining} {
		if NotFound(err) || Conflict(err) || AlreadyExists(err) || PreconditionFailed(err) || MessageGone(err) || LeaseLost(err) || Throttled(err) ||
			Transient(err) || Ambiguous(err) || Denied(err) || NoTables(err) {
			t.Errorf("%v is of some kind", err)
		}
	}
}
