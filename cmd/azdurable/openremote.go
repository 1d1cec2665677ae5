package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/azdurable/azdurable/extension"
)

// Where an app is, unless somebody says otherwise.
const (
	standardPort = 7071
	standardPath = extension.ManagementPath
	// hostedPath is where the API of an app is under the Functions host, with the usual route prefix.
	hostedPath = "/api/durabletask"
)

// openRemote finds the app: as given, else as the settings in this folder say.
func (t *target) openRemote(o *outside) (*remote, error) {
	settings, err := extension.ReadLocalSettings("")
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	r := &remote{hub: t.Hub, client: newClient()}
	address := t.URL
	if address == "" {
		address = o.lookup("AZDURABLE_URL")
	}
	if address == "" {
		r.found = true
		port := settings.Port
		if port == 0 {
			port = standardPort
		}
		address = fmt.Sprintf("http://localhost:%d", port)
	}
	var code string
	if r.base, code, err = parseAddress(address); err != nil {
		return nil, err
	}
	for _, key := range []string{t.Key, code, o.lookup("AZDURABLE_KEY")} {
		if r.key == "" {
			r.key = key
		}
	}
	if r.key == "" && onThisMachine(r.base.Hostname()) { // other machines get no key that is meant for this one
		r.key = settings.Values["AZDURABLE_KEY"]
	}
	return r, nil
}

// parseAddress reads an address, which may be a link to the API, with the key in it.
func parseAddress(address string) (base *url.URL, code string, err error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, "", fail(exitUsage, "the address of the app can't be read: write http://host:port, or the whole address of its management API")
	}
	code = u.Query().Get("code")
	base = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}
	if base.Path == "" {
		base.Path = standardPath
	}
	return base, code, nil
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
