package entity

import (
	"slices"

	"github.com/azdurable/azdurable/durabletask/history"
)

// RuleError says that an orchestration broke a rule of critical sections. Nothing was sent, and the section is as it was.
// (The texts are those of core: Entities/OrchestrationEntityContext.cs.)
type RuleError string

// Error returns the rule.
func (e RuleError) Error() string { return string(e) }

// The rules of critical sections.
const (
	ErrNothingToLock    RuleError = "The list of entities to lock must not be null or empty."
	ErrNestedSection    RuleError = "Must not enter another critical section from within a critical section."
	ErrChildWhileLocked RuleError = "While holding locks, cannot call suborchestrators."
	ErrSignalToLocked   RuleError = "Must not signal a locked entity from a critical section."
	ErrCallToUnlocked   RuleError = "Must not call an entity from a critical section if it is not one of the locked entities."
	ErrCallWhilePending RuleError = "Must not call an entity from a critical section while a prior call to the same entity is still pending."
	ErrCallBeforeGrant  RuleError = "Must await the completion of the lock request prior to calling any entity."
)

// section is where an orchestration is between asking for locks and giving them back. The zero value is outside.
type section struct {
	id   string // of the lock request
	set  []history.EntityID
	held bool // all locks were granted
	busy []history.EntityID
}

func (s *section) entered() bool { return s.set != nil }

func (s *section) acquire(n int) error {
	switch {
	case s.entered():
		return ErrNestedSection
	case n == 0:
		return ErrNothingToLock
	}
	return nil
}

func (s *section) enter(id string, set []history.EntityID) { *s = section{id: id, set: set} }

func (s *section) granted() { s.held = s.entered() }

func (s *section) locked() []history.EntityID {
	if !s.held {
		return nil
	}
	return slices.Clone(s.set)
}

// call takes a locked entity until its answer is there.
func (s *section) call(target history.EntityID) error {
	switch {
	case !s.entered():
		return nil
	case !s.held:
		return ErrCallBeforeGrant
	case !slices.Contains(s.set, target):
		return ErrCallToUnlocked
	case slices.Contains(s.busy, target):
		return ErrCallWhilePending
	}
	s.busy = append(s.busy, target)
	return nil
}

func (s *section) answered(target history.EntityID) {
	s.busy = slices.DeleteFunc(s.busy, func(id history.EntityID) bool { return id == target })
}

// signal knows a locked entity also while it has a call open. (In-process .NET does not.)
func (s *section) signal(target history.EntityID) error {
	if slices.Contains(s.set, target) {
		return ErrSignalToLocked
	}
	return nil
}

func (s *section) startChild() error {
	if s.entered() {
		return ErrChildWhileLocked
	}
	return nil
}
