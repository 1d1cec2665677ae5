package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

func TestNames(t *testing.T) {
	t.Parallel()
	durabletest.Names(t, app(), "testdata/names.txt", Decided)
}

func TestFanOut(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, app(), func(t *testing.T, h *durabletest.Hub) {
		for n, want := range map[int]int{0: 0, 1: 1, 100: 338350} {
			if got, err := durabletest.Run(h, FanOut, n); got != want || err != nil {
				t.Errorf("FanOut(%d) = %d, %v, want %d", n, got, err, want)
			}
		}
		if _, err := durabletest.Run(h, FanOut, -1); !errors.Is(err, durabletask.ErrorKind("BadInput")) {
			t.Errorf("FanOut(-1): %v, want BadInput", err)
		}
	})
}

func TestHelloCities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, out []string }{
		{nil, []string{"Hello Tokyo!", "Hello Seattle!", "Hello London!"}},
		{[]string{}, []string{}},
		{[]string{"Berlin", "Paris"}, []string{"Hello Berlin!", "Hello Paris!"}},
	} {
		durabletest.Test(t, app(), func(t *testing.T, h *durabletest.Hub) {
			got, err := durabletest.Run(h, HelloCities, c.in)
			if err != nil || !slices.Equal(got, c.out) {
				t.Errorf("HelloCities(%v) = %v, %v, want %v", c.in, got, err, c.out)
			}
		})
	}
}

func TestHelloCitiesSurvivesCrashes(t *testing.T) {
	t.Parallel()
	durabletest.CrashEverywhere(t, app(), func(t *testing.T, h *durabletest.Hub) {
		got, err := durabletest.Run(h, HelloCities, []string{"Tokyo", "Seattle", "London", "Lima", "Oslo"}, durabletask.InstanceID("hello-5"))
		if err != nil || len(got) != 5 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestApproval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want   string
		decide *Decision
		after  time.Duration
	}{
		{"approved", &Decision{Approved: true}, time.Hour},
		{"rejected", &Decision{}, 71 * time.Hour},
		{"expired", nil, 72 * time.Hour},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			durabletest.Test(t, app(), func(t *testing.T, h *durabletest.Hub) {
				begin := time.Now()
				instance := durabletest.Start(h, Approval, nil, durabletask.InstanceID("a-1"))
				if c.decide != nil {
					h.Advance(c.after)
					if err := Decided.Raise(t.Context(), h.Client, instance.ID, *c.decide); err != nil {
						t.Fatal(err)
					}
				}
				got, err := instance.Wait(t.Context())
				if took := time.Since(begin); got != c.want || err != nil || took != c.after {
					t.Errorf("%q, %v after %v, want %q after %v", got, err, took, c.want, c.after)
				}
				durabletest.Golden(t, h, instance.ID, "testdata/approval-"+c.want+".txt")
			})
		})
	}
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, app(), func(t *testing.T, h *durabletest.Hub) {
		instance := durabletest.Start(h, Monitor, Watch{Job: "backup"})
		h.Advance(2*time.Minute + time.Second)
		if s, err := h.Get(t.Context(), instance.ID); err != nil || s.CustomStatus == nil || *s.CustomStatus != `{"looks":3,"percent":40}` {
			t.Errorf("after two minutes: %+v, %v", s, err)
		}
		if got, err := instance.Wait(t.Context()); got != "backup done, seen at look 6" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		durabletest.Golden(t, h, instance.ID, "testdata/monitor.txt")

		looks := durabletest.Stub(h, CheckJob, func(context.Context, Watch) (int, error) { return 99, nil })
		if _, err := durabletest.Run(h, Monitor, Watch{Job: "stuck"}); !errors.Is(err, durabletask.ErrTimeout) || len(looks.Inputs()) != 24*60+1 {
			t.Errorf("a job that is never done: %v after %d looks", err, len(looks.Inputs()))
		}
	})
}

func TestSaga(t *testing.T) {
	t.Parallel()
	for soldOut, want := range map[string]string{"": "", "hotel": "", "flight": "hotel", "car": "flight hotel"} {
		t.Run("sold out: "+soldOut, func(t *testing.T) {
			t.Parallel()
			durabletest.CrashEverywhere(t, app(), func(t *testing.T, h *durabletest.Hub) {
				canceled := durabletest.Stub(h, Cancel, durabletest.FailFirst(1, errors.New("busy"), cancel))
				got, err := durabletest.Run(h, Saga, Trip{soldOut}, durabletask.InstanceID("trip"))
				if soldOut == "" && (err != nil || len(got) != 3) || soldOut != "" && !errors.Is(err, ErrSoldOut) {
					t.Errorf("%q, %v", got, err)
				}
				var order []string
				for _, number := range canceled.Inputs() {
					what, _, _ := strings.Cut(number, "-")
					order = append(order, what)
				}
				if got := strings.Join(slices.Compact(order), " "); got != want {
					t.Errorf("canceled %q, want %q", got, want)
				}
			})
		})
	}
}

func TestParent(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, app(), func(t *testing.T, h *durabletest.Hub) {
		got, err := durabletest.Run(h, Parent, [][]string{{"Lima"}, {"Oslo", "Rome"}}, durabletask.InstanceID("p"))
		if want := "[[Hello Lima!] 2 cities: [Hello Oslo! Hello Rome!]] <nil>"; fmt.Sprint(got, err) != want {
			t.Errorf("%v %v, want %s", got, err, want)
		}
		if s, err := h.Get(t.Context(), "p:1"); err != nil || s.Version == nil || *s.Version != "2.0" || s.Status != durabletask.Completed {
			t.Errorf("the second child: %+v, %v", s, err)
		}
		durabletest.Golden(t, h, "p", "testdata/parent.txt")
	})
}
