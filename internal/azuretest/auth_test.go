package azuretest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/azdurable/azdurable/internal/azuretest"
)

func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	const token, sig = "a-token", "a-signature"
	strict := azuretest.New(azuretest.Options{Token: token, SAS: sig})
	open := azuretest.New(azuretest.Options{Anonymous: true})
	closed := azuretest.New(azuretest.Options{})
	for name, c := range map[string]struct {
		service              *azuretest.Service
		authorization, query string
		want                 string
	}{
		"token":             {strict, "Bearer " + token, "", "201"},
		"wrong token":       {strict, "Bearer x", "", "403 AuthenticationFailed"},
		"token not set":     {closed, "Bearer " + token, "", "403 AuthenticationFailed"},
		"SAS":               {strict, "", "?sv=2020&sig=" + sig, "201"},
		"wrong SAS":         {strict, "", "?sig=x", "403 AuthenticationFailed"},
		"empty SAS":         {closed, "", "?sig=", "403 AuthenticationFailed"},
		"nobody":            {strict, "", "", "401 NoAuthenticationInformation"},
		"anybody":           {open, "", "", "201"},
		"anybody but liars": {open, "SharedKey devstoreaccount1:bm8=", "", "403 AuthenticationFailed"},
		"unknown scheme":    {strict, "Basic eDp5", "", "403 AuthenticationFailed"},
		"another account":   {strict, "SharedKey other:bm8=", "", "403 AuthenticationFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(context.Background(), http.MethodPut, c.service.Endpoint(azuretest.Queue)+"/que-"+strings.ReplaceAll(strings.ToLower(name), " ", "-")+c.query, nil)
			must(t, err)
			r.Header.Set("X-Ms-Date", time.Now().UTC().Format(http.TimeFormat))
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			res, err := c.service.Transport(azuretest.ClientOptions{}).Do(r)
			must(t, err)
			defer res.Body.Close()
			if got := (answer{res.StatusCode, res.Header, ""}).outcome(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Every part of a request that a signature covers counts.
func TestSignaturesCoverTheRequest(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{})
	for _, kind := range []azuretest.Kind{azuretest.Queue, azuretest.Table, azuretest.Blob} {
		paths := map[azuretest.Kind]string{azuretest.Queue: "que?comp=metadata&a=1", azuretest.Table: "Tables?comp=x", azuretest.Blob: "con?restype=container"}
		for name, tamper := range map[string]func(*http.Request){
			"nothing": func(*http.Request) {},
			"date":    func(r *http.Request) { r.Header.Set("X-Ms-Date", "Mon, 02 Jan 2006 15:04:05 GMT") },
			"no date": func(r *http.Request) { r.Header.Del("X-Ms-Date") },
			"path":    func(r *http.Request) { r.URL.Path += "x" },
			"query": func(r *http.Request) {
				r.URL.RawQuery = strings.ReplaceAll(strings.ReplaceAll(r.URL.RawQuery, "comp=", "comp=y"), "restype=", "restype=y")
			},
		} {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.Endpoint(kind)+"/"+paths[kind], nil)
			must(t, err)
			r.Header.Set("X-Ms-Date", time.Now().UTC().Format(http.TimeFormat))
			sign(t, s, kind, r)
			tamper(r)
			res, err := s.Transport(azuretest.ClientOptions{}).Do(r)
			must(t, err)
			res.Body.Close()
			if got := res.StatusCode == http.StatusForbidden; got != (name != "nothing") {
				t.Errorf("%s with another %s: %d", kind, name, res.StatusCode)
			}
		}
	}
}

func TestAccountsWithoutTables(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{NoTables: true})
	c := sdk(t, s.ConnectionString(), s.Transport(azuretest.ClientOptions{}))
	_, err := c.tables.CreateTable(context.Background(), "Tab", nil)
	expect(t, err, "404 ResourceNotFound")
	_, err = c.queues.CreateQueue(context.Background(), "que", nil)
	must(t, err)
}

// The SDK takes an error body apart; the code is in it, too.
func TestTheSDKUnderstandsErrors(t *testing.T) {
	t.Parallel()
	s := azuretest.New(azuretest.Options{})
	key, err := azqueue.NewSharedKeyCredential(azuretest.DefaultAccount, "d3Jvbmc=")
	must(t, err)
	q, err := azqueue.NewQueueClientWithSharedKeyCredential(s.Endpoint(azuretest.Queue)+"/que", key, &azqueue.ClientOptions{
		ClientOptions: azcore.ClientOptions{Transport: s.Transport(azuretest.ClientOptions{}), Retry: policy.RetryOptions{MaxRetries: -1}},
	})
	must(t, err)
	_, err = q.Create(context.Background(), nil)
	expect(t, err, "403 AuthenticationFailed")
}
