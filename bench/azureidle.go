package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
)

const (
	// backOff is longer than any poll takes to reach its longest interval.
	backOff  = 15 * time.Minute
	idleHour = time.Hour
)

// measureIdle counts what a worker asks for in an hour without work, on azuretest and in virtual time. A bubble of testing/synctest wants a test,
// so this process, which does nothing else, becomes one: it ends here.
func measureIdle(context.Context, job) (*outcome, error) {
	test := testing.InternalTest{Name: "idle", F: func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o := &outcome{Seconds: idleHour.Seconds()}
			err := idle(o)
			if err == nil {
				err = json.NewEncoder(os.Stdout).Encode(o)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, "idle:", err)
				t.FailNow()
			}
		})
	}}
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{test}, nil, nil)
	panic("unreachable: Main exits")
}

func idle(o *outcome) error {
	ctx := context.Background()
	service := azuretest.New(azuretest.Options{LogSize: 1})
	m := &meter{next: service.Transport(azuretest.ClientOptions{}), counts: map[string]int{}}
	h, err := openHub(ctx, service.ConnectionString(), m, 1, nil)
	if err != nil {
		return err
	}
	if err := h.Hello1(ctx); err != nil {
		return errors.Join(err, h.Close())
	}
	time.Sleep(backOff)
	m.reset()
	time.Sleep(idleHour)
	o.Requests, _, _ = m.taken()
	return h.Close()
}
