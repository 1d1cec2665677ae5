package handler

import (
	"context"
	"fmt"
	"net"
)

// checkExposure refuses to let other machines in without a key: whoever reaches the management API can start and end anything.
func checkExposure(ctx context.Context, address, key string) error {
	if key != "" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen on %q: it is not host:port, such as %s: %w", address, DefaultListen, err)
	}
	if loopback(ctx, host) {
		return nil
	}
	return fmt.Errorf("listening on %s without a key would let every machine that reaches it start and end orchestrations: "+
		"set a key with -key or AZDURABLE_KEY, or listen on this machine only with -listen localhost:%s", address, port)
}

func loopback(ctx context.Context, host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	if host == "" { // all addresses
		return false
	}
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	for _, a := range addresses {
		if !a.IP.IsLoopback() {
			return false
		}
	}
	return err == nil && len(addresses) > 0 || host == "localhost"
}
