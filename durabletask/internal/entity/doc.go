// Package entity is the pure core of entities: state + new messages + results of operations -> new state and messages.
//
// It does no I/O, reads no clock and uses no randomness: the same arguments always give the same decisions. It has two
// sides: the scheduler, which is the entity's, and the [Caller], which is the orchestration's.
//
// # The scheduler's calling contract
//
// An entity is an instance named @name@key ([ID]). Its record is one execution, whose input is the JSON of
// [history.EntityState]; each batch of operations replaces it by a new execution. It needs no creation: the first event
// for an unknown instance that [history.IsEntity] makes it, with an empty state. The execution id that a message to an
// entity bears means nothing.
//
// The backend hands out entity work: the current execution with its input, and the waiting messages in order of arrival.
// It keeps back what [history.DeliverAt] says is too early, rounding up. It should hand out no more messages at once than
// a few batches take, for what is not run is written with the state every time.
//
// The dispatcher reads the state (json.Unmarshal) and calls [Begin]. An input that can't be read is an error of the store:
// abandon the work. It logs [Batch.Dropped], and sends the batch through the middleware unless [Batch.Idle]. At the bottom
// the operations are run one after the other:
//
//	b := entity.Begin(work, options)
//	for op, ok := b.Next(); ok; op, ok = b.Next() {
//		b.Done(run(op))
//	}
//	commit := b.Commit(now)
//
// Each operation is a transaction: run gets the state before it and returns the [Result]; if that is a failure, the state
// and the messages stay as they were. To stop early (shutdown, a time limit) stop calling Next: the rest stays queued. If
// nothing can be run at all (an unknown entity, a worker that fails) [Batch.Fail] answers the rest.
//
// The [Commit] has the record's new history and the messages in the order in which they are to be sent; [Status] is the custom status. The
// backend stores it like the checkpoint of an execution that has continued as new: all at once, or the messages first.
//
// A Batch changes nothing that it was given. One that could not be committed is thrown away, and the next Begin starts from
// what is stored. Ids are derived from the execution and the operation, so that what is sent twice is the same message.
//
// Suspension and termination of an entity by the management API are states of the instance: the dispatcher keeps the
// messages of a suspended entity back and drops those of a terminated one. Messages other than EventRaised don't come here.
//
// # Recovery
//
// A lock whose owner has ended stays for ever. Whoever sees a locked entity (a clean-up that lists the states, a dispatcher
// that has had an entity locked for long while messages queue) asks for the state of EntityStatus.LockedBy; [Orphaned]
// decides, and [OrphanRelease] is the event that helps. [Removable] decides whether the record of an entity can be purged.
//
// # The caller's calling contract
//
// An orchestration execution has one [Caller], made with its clock and its NewUUID; after continue-as-new it is a new one.
// Each method checks the rules of critical sections and returns the event to send (the engine's SendEvent, a decision like
// others) and the name of the event that answers it (the engine's NextEvent). When the answer is there: [Caller.Answered]
// for a call, before anything else looks at it, then [Outcome] to read it; [Caller.Granted] for a lock. [Caller.StartChild]
// is asked before a sub-orchestration that is waited for.
//
// [Caller.Unlock] returns the events that give back what is held or was asked for. Sending them is the engine's duty on
// every way out of the section: at its end, and when the orchestrator returns, fails, continues as new or is terminated.
//
// Replay makes the same calls in the same order and so gets the same ids, labels and names. A client has no Caller:
// [ClientSignal] makes its signals. It can't call or lock.
//
// # JSON
//
// Requests, answers, releases, states and statuses are JSON inside events, and events stand in histories which .NET reads
// and writes. So there is one spelling, the reference's, for all stores, and the types of package history marshal
// themselves in it. A store passes these texts on and looks into none of them.
//
// # Limits
//
// As in the reference, a request whose predecessor is lost waits until a request with a label beyond the window comes, from
// anyone. Requests without label (from clients, or delayed) are neither put in order nor checked for repeats. Releases have
// no label: one that is overtaken by its sender's next lock request takes that lock, too.
package entity
