package backend

import (
	"container/list"
	"context"
	"sync"
)

// A Line is where work of one kind meets the callers who want it. Both sides are served in the order in which they came.
// Everything but Wait is called with the backend's lock held.
type Line[T any] struct {
	ready   list.List // of T; empty while a caller waits
	callers list.List // of *caller[T]
	closed  error     // what callers are told from now on
}

type caller[T any] struct {
	served chan struct{} // closed when item or err is set
	item   T
	err    error
}

// Add puts an item at the end of the line, or gives it to the caller who has waited longest; then it returns nil.
func (l *Line[T]) Add(item T) *list.Element {
	if l.serve(item) {
		return nil
	}
	return l.ready.PushBack(item)
}

// AddFront is Add for an item that has been out before.
func (l *Line[T]) AddFront(item T) *list.Element {
	if l.serve(item) {
		return nil
	}
	return l.ready.PushFront(item)
}

// Remove takes an item out of the line.
func (l *Line[T]) Remove(e *list.Element) { l.ready.Remove(e) }

// RemoveAll takes all items out of the line and returns them in their order.
func (l *Line[T]) RemoveAll() []T {
	var all []T
	for e := l.ready.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(T))
	}
	l.ready.Init()
	return all
}

// Ready returns how many items stand in the line.
func (l *Line[T]) Ready() int { return l.ready.Len() }

// Callers returns how many callers wait.
func (l *Line[T]) Callers() int { return l.callers.Len() }

func (l *Line[T]) serve(item T) bool {
	front := l.callers.Front()
	if front == nil {
		return false
	}
	c := l.callers.Remove(front).(*caller[T])
	c.item = item
	close(c.served)
	return true
}

// Close turns away all callers, those who wait and those who come.
func (l *Line[T]) Close(err error) {
	if l.closed != nil {
		return
	}
	l.closed = err
	for e := l.callers.Front(); e != nil; e = e.Next() {
		c := e.Value.(*caller[T])
		c.err = err
		close(c.served)
	}
	l.callers.Init()
}

// Wait takes the first item, and waits for one if there is none; free is called with the lock before it waits. It locks mu. Whether it was
// served is decided under the lock, not by which of two channels was looked at first.
func (l *Line[T]) Wait(ctx context.Context, mu *sync.Mutex, free func()) (T, error) {
	mu.Lock()
	var none T
	if l.closed != nil {
		defer mu.Unlock()
		return none, l.closed
	}
	if err := ctx.Err(); err != nil {
		defer mu.Unlock()
		return none, err
	}
	if front := l.ready.Front(); front != nil {
		defer mu.Unlock()
		return l.ready.Remove(front).(T), nil
	}
	c := &caller[T]{served: make(chan struct{})}
	place := l.callers.PushBack(c)
	free()
	mu.Unlock()

	select {
	case <-c.served:
	case <-ctx.Done():
		mu.Lock()
		defer mu.Unlock()
		select {
		case <-c.served:
		default:
			l.callers.Remove(place)
			c.err = ctx.Err()
		}
	}
	return c.item, c.err
}
