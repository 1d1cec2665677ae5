package local

import (
	"hash/maphash"
	"reflect"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Every field of a state but the time of the last change counts.
func TestDigestSeesEveryField(t *testing.T) {
	t.Parallel()
	seed := maphash.MakeSeed()
	digestOf := func(s backend.InstanceState) uint64 {
		d, err := digest(seed, &s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	other := map[reflect.Type]any{
		reflect.TypeFor[history.Instance]():        history.Instance{ID: "i", ExecutionID: "e"},
		reflect.TypeFor[string]():                  "s",
		reflect.TypeFor[*string]():                 new(""),
		reflect.TypeFor[history.Status]():          history.Failed,
		reflect.TypeFor[*history.FailureDetails](): &history.FailureDetails{ErrorType: "t"},
		reflect.TypeFor[map[string]string]():       map[string]string{"": ""},
		reflect.TypeFor[*history.ParentInstance](): &history.ParentInstance{Name: "p"},
		reflect.TypeFor[*int]():                    new(0),
		reflect.TypeFor[time.Time]():               time.Unix(1, 100),
	}
	seen := map[uint64]string{digestOf(backend.InstanceState{}): "nothing"}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[backend.InstanceState]()) {
		value, ok := other[field.Type]
		if !ok {
			t.Fatalf("field %s is a %v: put another value into the test", field.Name, field.Type)
		}
		var s backend.InstanceState
		reflect.ValueOf(&s).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(value))
		d := digestOf(s)
		if field.Name == "Updated" {
			if seen[d] != "nothing" {
				t.Error("the time of the last change counts")
			}
			continue
		}
		if before, ok := seen[d]; ok {
			t.Errorf("%s looks like %s", field.Name, before)
		}
		seen[d] = field.Name
	}
}

func TestDigestTellsTextsApart(t *testing.T) {
	t.Parallel()
	seed := maphash.MakeSeed()
	a, errA := digest(seed, &backend.InstanceState{Input: new("ab"), Output: new("c")})
	b, errB := digest(seed, &backend.InstanceState{Input: new("a"), Output: new("bc")})
	if a == b || errA != nil || errB != nil {
		t.Errorf("%x, %v and %x, %v", a, errA, b, errB)
	}
}
