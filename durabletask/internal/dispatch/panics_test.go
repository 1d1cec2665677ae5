package dispatch

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask/backend"
)

type parked struct{}

func (parked) Size() int64 { return 1 }
func (parked) End()        {}

// A panic is the work's own fault, says where it came from, and leaves nothing in the session that has run ahead of storage; an error is left alone.
func TestContain(t *testing.T) {
	t.Parallel()
	s := backend.NewSessions(10).Take("one")
	err := contain(s, func() error {
		s.Park(parked{})
		panic("out of order")
	})
	if !poisonous(fmt.Errorf("wrapped: %w", err)) || s.Body() != nil || !strings.Contains(err.Error(), "out of order") || !strings.Contains(err.Error(), "TestContain") {
		t.Errorf("error %v, body %v", err, s.Body())
	}
	plain := errors.New("not now")
	err = contain(s, func() error {
		s.Park(parked{})
		return plain
	})
	if !errors.Is(err, plain) || poisonous(err) || s.Body() == nil {
		t.Errorf("error %v, body %v", err, s.Body())
	}
}
