package main

import (
	"context"
	"errors"
	"fmt"
)

type hubCompactCommand struct{}

// Help is what --help adds.
func (hubCompactCommand) Help() string {
	return `What was purged leaves room in the file of the embedded store, which new instances use. This gives it back to the disk.
It needs free space twice as large as the file will be.

  azdurable hub compact --data .azdurable --hub Orders`
}

// Run compacts the file of an embedded store.
func (hubCompactCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		done, err := s.compact(ctx)
		if err != nil {
			return err
		}
		return errors.Join(
			s.tell("The store had %s and has %s.", bytesText(done.Before), bytesText(done.After)),
			s.result(struct {
				Before int64 `json:"bytesBefore"`
				After  int64 `json:"bytesAfter"`
			}{done.Before, done.After}),
		)
	})
}

// bytesText is a size for people.
func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d bytes", n)
	}
	size, prefixes := float64(n)/unit, "KMGTPE"
	for size >= unit {
		size, prefixes = size/unit, prefixes[1:]
	}
	return fmt.Sprintf("%.1f %ciB", size, prefixes[0])
}
