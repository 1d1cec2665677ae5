package durabletest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/azdurable/azdurable/durabletask"
)

// Web makes a handler answer the durable HTTP calls of the hub's orchestrations, whatever their host. Everything else is real: limits, redirects, retries,
// polls. It lasts through crashes; a later Web takes its place.
//
// A bubble has no network, so a hub without Web makes requests only by a Transport that the app has (App.UseHTTP). A handler that takes time has to end
// when its request's context does. Requests with a ManagedIdentity get the token "token for <scope>", unless the app has others. To stand in for the calls
// themselves, Stub durabletask.HTTPActivity.
func Web(h *Hub, handler http.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.web = handler
}

// web is the network of a hub.
type web struct {
	hub *Hub
	own http.RoundTripper // the app's
}

// withWeb gives an app the hub's network.
func withWeb(h *Hub, app *durabletask.App) {
	o := app.HTTP()
	o.Transport = &web{h, o.Transport}
	if o.Tokens == nil {
		o.Tokens = tokens{}
	}
	app.UseHTTP(o)
}

// RoundTrip lets the handler answer.
func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	w.hub.mu.Lock()
	handler := w.hub.web
	w.hub.mu.Unlock()
	switch {
	case handler != nil:
		return serve(handler, r)
	case w.own != nil:
		return w.own.RoundTrip(r)
	default:
		return nil, errors.New("durabletest: nobody answers durable HTTP calls here: give the hub a handler, durabletest.Web(h, handler), " +
			"or stand in for the calls, durabletest.Stub(h, durabletask.HTTPActivity, …)")
	}
}

// serve calls a handler as a server would, and returns when the request's context ends at the latest.
func serve(handler http.Handler, r *http.Request) (*http.Response, error) {
	asked := r.Clone(r.Context())
	asked.RequestURI, asked.Host = r.URL.RequestURI(), r.Host
	if asked.Host == "" {
		asked.Host = r.URL.Host
	}
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	w := &writer{header: make(http.Header)}
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		handler.ServeHTTP(w, asked)
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case p := <-done:
		if p != nil {
			return nil, errors.New("durabletest: the handler has panicked, so the connection is closed")
		}
	}
	w.WriteHeader(http.StatusOK) // if it has written nothing
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// writer keeps what a handler answers.
type writer struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

type tokens struct{}

func (tokens) HTTPToken(_ context.Context, scope string, _ durabletask.ManagedIdentity) (string, error) {
	return "token for " + scope, nil
}
