package local

import "github.com/azdurable/azdurable/durabletask/history"

// recipient returns the instance that a message is for, or nil. An event for an entity that there is not makes it.
func (t *transaction) recipient(p *post) (*instance, error) {
	i, err := t.find(p.target.ID)
	if i != nil || err != nil || !history.IsEntity(p.target.ID) || p.start != nil || !p.raises {
		return i, err
	}
	return t.makeEntity(p.target.ID)
}

// makeEntity stores an entity that has no state yet, so that messages can wait for it. Clients don't see it before its first checkpoint.
func (t *transaction) makeEntity(id string) (*instance, error) {
	i := &instance{key: t.nextKey(), loaded: true, id: id, entity: true}
	now := t.b.env.Now()
	t.see(i)
	return i, t.run(insertInstance, i.key, id, "", id, nil, int(history.Running), nil, now, now, nil, nil, nil, nil)
}
