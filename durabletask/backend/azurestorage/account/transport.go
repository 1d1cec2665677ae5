package account

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

const (
	// idlePerHost is how many idle connections are kept to each service, so that a burst of parallel requests does not
	// open and close connections all the time (Go's default transport keeps 2, the SDK's 10).
	idlePerHost = 256
	// idleTimeout closes connections before the service does (after some minutes), and idleTimeoutEmulator before Azurite does (after 5 s):
	// a request written to a connection that is being closed may or may not have taken effect.
	idleTimeout         = 60 * time.Second
	idleTimeoutEmulator = 4 * time.Second
	dialTimeout         = 10 * time.Second
	handshakeTimeout    = 10 * time.Second
	keepAlive           = 30 * time.Second
)

// newTransport makes the transport that all requests of an account share.
func newTransport(emulator bool) *http.Transport {
	idle := idleTimeout
	if emulator {
		idle = idleTimeoutEmulator
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: handshakeTimeout,
		MaxIdleConns:        int(services) * idlePerHost,
		MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout:     idle,
		DisableCompression:  true, // large blobs are gzipped by us, and come back as they were put
	}
}

// newClient makes a client that follows nobody elsewhere: a signed request is for one address.
func newClient(t *http.Transport) *http.Client {
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
