package local

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// poisonTokenPrefix marks the page tokens of messages that were given up.
const poisonTokenPrefix = "p1."

// ListPoison returns a page of the messages that were given up.
func (b *Backend) ListPoison(ctx context.Context, q backend.PoisonQuery) (backend.PoisonPage, error) {
	page, err := b.listPoison(ctx, q)
	if err != nil {
		return backend.PoisonPage{}, fmt.Errorf("list poison messages: %w", b.explain(err))
	}
	return page, nil
}

func (b *Backend) listPoison(ctx context.Context, q backend.PoisonQuery) (page backend.PoisonPage, err error) {
	if err := b.enter(ctx, "list-poison", "", q.Token); err != nil {
		return page, err
	}
	size, err := q.Size()
	if err != nil {
		return page, err
	}
	var after int64
	if q.Token != "" {
		text, ok := strings.CutPrefix(q.Token, poisonTokenPrefix)
		if after, err = strconv.ParseInt(text, 10, 64); !ok || err != nil {
			return page, backend.ErrPageToken
		}
	}
	err = b.readers.with(ctx, func(c *conn) error {
		return c.query(func(r *sqlite3.Stmt) error {
			if len(page.Messages) == size {
				page.Next = poisonTokenPrefix + page.Messages[size-1].ID
				return nil
			}
			page.Messages = append(page.Messages, scanPoison(r))
			return nil
		}, listPoison, after, size+1)
	})
	return page, err
}

// scanPoison reads poisonColumns.
func scanPoison(r *sqlite3.Stmt) backend.PoisonMessage {
	return backend.PoisonMessage{
		ID: strconv.FormatInt(r.ColumnInt64(0), 10), At: timeOf(r.ColumnInt64(1)), Tries: r.ColumnInt(2), Queue: r.ColumnText(3),
		InstanceID: r.ColumnText(4), Kind: r.ColumnText(5), Name: r.ColumnText(6), Reason: r.ColumnText(7), Size: r.ColumnInt(8),
	}
}

// buriedRow is a row of the table poison.
type buriedRow struct {
	backend.PoisonMessage
	key, seq    int64
	start       bool
	executionID string
}

// poison reads a row; nil if there is none.
func (c *conn) poison(id int64) (row *buriedRow, err error) {
	const more = 9 // columns are before these
	err = c.query(func(r *sqlite3.Stmt) error {
		row = &buriedRow{
			PoisonMessage: scanPoison(r), key: r.ColumnInt64(more), seq: r.ColumnInt64(more + 1), start: r.ColumnBool(more + 2),
			executionID: r.ColumnText(more + 3),
		}
		row.Text = r.ColumnText(more + 4)
		return nil
	}, poisonByID, id)
	return row, err
}

// poisonID reads the id of a message that was given up. There is none with the number 0.
func poisonID(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return 0
	}
	return n
}

// GetPoison returns a message that was given up, with its text.
func (b *Backend) GetPoison(ctx context.Context, id string) (*backend.PoisonMessage, error) {
	err := b.enter(ctx, "get-poison", id, "")
	var row *buriedRow
	if err == nil {
		err = b.readers.with(ctx, func(c *conn) (err error) {
			row, err = c.poison(poisonID(id))
			return err
		})
	}
	if err == nil && row == nil {
		err = backend.ErrPoisonNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read poison message %q: %w", id, b.explain(err))
	}
	return &row.PoisonMessage, nil
}

// ReplayPoison puts a message back to where it was, in one transaction.
func (b *Backend) ReplayPoison(ctx context.Context, id string) error {
	if err := b.submit(ctx, &replay{reply: newReply(), id: id}); err != nil {
		return fmt.Errorf("replay poison message %q: %w", id, err)
	}
	return nil
}

type replay struct {
	reply
	id       string
	row      *buriedRow
	post     post      // of a message
	activity *activity // or nil
}

func (q *replay) order() order { return order{poisonRank, "", "replay " + q.id} }

func (q *replay) prepare(t *transaction) (refused, failed error) {
	var err error
	if q.row, err = t.c.poison(poisonID(q.id)); err != nil {
		return nil, err
	}
	if q.row == nil {
		return backend.ErrPoisonNotFound, nil
	}
	event, _ := decodeBody([]byte(q.row.Text)) // what can't be understood is put back as it is, and will be given up again
	p := &q.post
	*p = post{target: history.Instance{ID: q.row.InstanceID, ExecutionID: q.row.executionID}}
	if event != nil {
		if *p, err = newPost(history.Message{Target: p.target, Event: event}); err != nil {
			return nil, err
		}
	}
	p.body = []byte(q.row.Text)
	i, err := q.reader(t, p)
	switch {
	case err != nil:
		return nil, err
	case i == nil:
		return backend.ErrInstanceNotFound, nil
	case t.hasEnded(i):
		return backend.ErrInstanceFinished, nil
	}
	if err := t.run(deletePoison, poisonID(q.id)); err != nil {
		return nil, err
	}
	q.activity = nil
	switch {
	case q.row.Queue == "activities":
		q.activity = &activity{instance: i, seq: t.nextSeq(), executionID: q.row.executionID, event: resident(event, p.body)}
		return nil, t.run(insertActivity, i.key, q.activity.seq, q.row.executionID, p.body)
	case q.row.start: // in its old place: before what waits for it
		p.instance, p.seq = i, q.row.seq
		return nil, t.run(insertMessage, i.key, p.seq, nil, true, q.row.executionID, p.body)
	}
	return nil, p.write(t, i)
}

// reader returns the instance that is to get the message, or nil. An event for an entity that there is not makes it; a start and an activity belong to
// one execution, and are for no other that has the same id.
func (q *replay) reader(t *transaction, p *post) (*instance, error) {
	bound := q.row.start || q.row.Queue == "activities"
	if bound {
		i, err := t.find(q.row.InstanceID)
		if i == nil || err != nil || i.key != q.row.key || !t.isFor(q.row.executionID, i) {
			return nil, err
		}
		return i, nil
	}
	i, err := t.recipient(p)
	if i == nil || err != nil || !t.isFor(p.target.ExecutionID, i) {
		return nil, err
	}
	return i, nil
}

func (q *replay) apply(b *Backend) {
	switch p := &q.post; {
	case q.activity != nil:
		b.keep(q.activity.instance)
		b.schedule(q.activity)
	case q.row.start:
		i := p.instance
		b.keep(i)
		i.held = false
		i.inbox = append([]*message{{row: row{messages, p.seq}, executionID: q.row.executionID, start: true, event: p.event}}, i.inbox...)
		b.settle(i)
	default:
		p.apply(b)
	}
}

// DropPoison deletes a message that was given up. An instance whose start it was, is terminated, and a parent that waits for it told.
func (b *Backend) DropPoison(ctx context.Context, id string) error {
	if err := b.submit(ctx, &drop{reply: newReply(), id: id}); err != nil {
		return fmt.Errorf("drop poison message %q: %w", id, err)
	}
	return nil
}

type drop struct {
	reply
	id    string
	ended *instance // whose start it was
	told  *post     // its parent
}

func (q *drop) order() order { return order{poisonRank, "", "drop " + q.id} }

func (q *drop) prepare(t *transaction) (refused, failed error) {
	id := poisonID(q.id)
	row, err := t.c.poison(id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return backend.ErrPoisonNotFound, nil
	}
	if err := t.run(deletePoison, id); err != nil {
		return nil, err
	}
	q.ended, q.told = nil, nil
	if !row.start {
		return nil, nil
	}
	i, err := t.find(row.InstanceID)
	if i == nil || err != nil || i.key != row.key || t.hasEnded(i) || i.version > 0 {
		return nil, err
	}
	if err := t.run(deleteMessages, i.key); err != nil {
		return nil, err
	}
	if err := t.run(terminateInstance, i.key, backend.DroppedStart, t.b.env.Now()); err != nil {
		return nil, err
	}
	t.end(i)
	q.ended = i
	event, _ := decodeBody([]byte(row.Text))
	return nil, q.tell(t, event)
}

// tell answers the parent that waits for a child which can't begin any more.
func (q *drop) tell(t *transaction, event history.Event) error {
	e := backend.DroppedChild(event, t.b.env.Now())
	if e == nil {
		return nil
	}
	answer, err := newPost(*e)
	if err != nil {
		return err
	}
	if err := answer.address(t); err != nil || answer.instance == nil {
		return err
	}
	q.told = &answer
	return answer.write(t, answer.instance)
}

func (q *drop) apply(b *Backend) {
	if q.ended != nil {
		b.replace(q.ended)
		b.wakeWaiters(q.ended.id)
	}
	if q.told != nil {
		q.told.apply(b)
	}
}
