package handler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// How long an app waits for the port that the Functions host chose. The port is the same after a restart of the app, and the one before may still hold it.
const (
	portWait  = 5 * time.Second
	portPause = 50 * time.Millisecond
)

// listen opens the address. Under the host it tries for a while if that is taken.
func listen(ctx context.Context, address string, hosted bool) (net.Listener, error) {
	limit, cancel := context.WithTimeout(ctx, portWait)
	defer cancel()
	for {
		var config net.ListenConfig
		listener, err := config.Listen(ctx, "tcp", address)
		switch {
		case err == nil:
			return listener, nil
		case !hosted:
			return nil, explain(err, address)
		case !errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("listen on %s, which the Functions host chose (FUNCTIONS_CUSTOMHANDLER_PORT): %w", address, err)
		}
		t := time.NewTimer(portPause)
		select {
		case <-t.C:
		case <-limit.Done():
			t.Stop()
			return nil, fmt.Errorf("the address %s, which the Functions host chose (FUNCTIONS_CUSTOMHANDLER_PORT), is still in use after %v: "+
				"another program has it; the host starts this one again, and with another port when it is restarted itself (%w)", address, portWait, err)
		}
	}
}

// explain says what to do about an address that can't be had.
func explain(err error, address string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the address %s is in use: stop the other program, or choose another address, for example -listen localhost:7072 (%w)", address, err)
	}
	return fmt.Errorf("listen on %s: %w; choose another address with -listen", address, err)
}
