package lease

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
	"github.com/azdurable/azdurable/internal/slow"
)

func TestMain(m *testing.M) { azurite.Main(m) }

// signals is a receiver that tells of each partition that it was given.
type signals chan string

func (s signals) Acquired(partition string)                   { s <- partition }
func (s signals) Drain(context.Context, string, Reason) error { return nil }
func (s signals) Lost(string)                                 {}

// The requests that azuretest understands are understood by Azurite, too: two workers share a hub under an app lease, and one leaves.
func TestAzurite(t *testing.T) {
	t.Parallel()
	slow.Test(t)
	server := azurite.Shared(t)
	c, err := account.ParseConnectionString(server.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	for _, manager := range []Manager{Table, Safe, Legacy} {
		t.Run(fmt.Sprint(manager), func(t *testing.T) {
			t.Parallel()
			hub := azurite.Name(t)
			join := func(name string) (*Membership, signals) {
				a, err := account.Open(c, account.Options{Worker: name})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(a.Close)
				owners, err := New(manager, Options{
					Account: a, Hub: hub, Worker: name, AcquireInterval: time.Second, RenewInterval: time.Second, LeaseInterval: account.MinLease,
				})
				if err != nil {
					t.Fatal(err)
				}
				app, err := NewAppLease(AppOptions{Account: a, Hub: hub, AppName: "app"})
				if err != nil {
					t.Fatal(err)
				}
				if err := app.EnsureCreated(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := owners.EnsureCreated(t.Context()); err != nil {
					t.Fatal(err)
				}
				m, s := NewMembership(app, owners), make(signals, 100)
				m.Start(t.Context(), s, nil)
				return m, s
			}
			wait := func(s signals, n int) {
				t.Helper()
				for range n {
					select {
					case <-s:
					case <-t.Context().Done():
						t.Fatal("not acquired")
					}
				}
			}
			first, got := join("first")
			wait(got, 4)
			second, gotSecond := join("second")
			wait(gotSecond, 2)
			list, err := first.Owners().Ownership(t.Context())
			if err != nil || len(list) != 4 {
				t.Errorf("%+v, %v", list, err)
			}
			if err := second.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			wait(got, 2)
			if err := first.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if err := first.Owners().Delete(t.Context()); err != nil {
				t.Error(err)
			}
			if err := first.App().Delete(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
