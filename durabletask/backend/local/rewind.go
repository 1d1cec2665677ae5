package local

import (
	"context"
	"errors"
)

// Rewind is not there yet.
func (b *Backend) Rewind(context.Context, string, *string) error {
	return errors.New("rewind: the embedded store can't do that yet")
}
