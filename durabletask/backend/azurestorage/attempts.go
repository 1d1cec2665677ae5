package azurestorage

import "container/list"

// attempts counts, by message id, how often messages have failed that are not in memory in between. The least recent are forgotten.
type attempts struct {
	byID  map[string]*list.Element
	order list.List // of *tries, the least recent first
}

type tries struct {
	id string
	n  int
}

// maxAttempts is how many messages are remembered.
const maxAttempts = 4096

// add counts another attempt and returns how many there have been.
func (a *attempts) add(id string) int {
	if a.byID == nil {
		a.byID = make(map[string]*list.Element)
	}
	e, ok := a.byID[id]
	if !ok {
		e = a.order.PushBack(&tries{id: id})
		a.byID[id] = e
		if a.order.Len() > maxAttempts {
			a.forget(a.order.Front().Value.(*tries).id)
		}
	}
	a.order.MoveToBack(e)
	t := e.Value.(*tries)
	t.n++
	return t.n
}

// of returns how many attempts there have been.
func (a *attempts) of(id string) int {
	if e, ok := a.byID[id]; ok {
		return e.Value.(*tries).n
	}
	return 0
}

func (a *attempts) forget(id string) {
	if e, ok := a.byID[id]; ok {
		a.order.Remove(e)
		delete(a.byID, id)
	}
}
