package handler

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal returns a context that ends with the first signal to stop. The second one ends the process at once: the store is
// made for that.
func untilSignal(log *slog.Logger) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	released, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for count := 1; ; count++ {
			select {
			case s := <-signals:
				if count > 1 {
					os.Exit(exitCode(s))
				}
				log.Info("stopping: running work gets up to 8 s to end; a second signal stops at once", "signal", s)
				cancel()
			case <-released:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(released)
		<-done
		cancel()
	}
}

// exitCode is what shells report for a process that a signal ended.
func exitCode(s os.Signal) int {
	const byShell = 128
	if n, ok := s.(syscall.Signal); ok {
		return byShell + int(n)
	}
	return exitFailed
}
