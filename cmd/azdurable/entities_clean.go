package main

import (
	"context"
	"errors"
)

type entitiesCleanCommand struct{}

// Run cleans up entities.
func (entitiesCleanCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		done, err := s.clean(ctx)
		if err != nil {
			return err
		}
		return errors.Join(
			s.tell("Empty entities removed: %d\nOrphaned locks released: %d", done.EmptyEntitiesRemoved, done.OrphanedLocksReleased),
			s.result(struct {
				Removed  int `json:"emptyEntitiesRemoved"`
				Released int `json:"orphanedLocksReleased"`
			}{done.EmptyEntitiesRemoved, done.OrphanedLocksReleased}),
		)
	})
}
