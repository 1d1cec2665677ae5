// Package local keeps a task hub in one SQLite file, or in memory: the embedded store.
//
// # What is in the file
//
// Five tables (schema.go): instances has a row for each instance, with its state; history has a row for each checkpoint, with the
// events that it appended; messages has what waits for an instance, timers included; activities has what has been scheduled and
// whose result is not in messages or in a history yet; poison has what was given up (poison.go). All rows of an instance begin
// with its key, a number that grows with each start: instances that run at one time stand close together, so that a commit for many of them touches few pages, and what an
// orchestration costs does not depend on how many there are.
//
// The file is in WAL mode with synchronous=FULL: a commit is one fsync, and any SQLite tool can read the file meanwhile.
// A lock file beside it keeps a second process out; the operating system releases it when the process ends, however it ends.
//
// # What is in memory
//
// That something waits, and where it is on its way round: an instance with messages is in line, at a worker, or resting after an
// abandonment (instance.go); so is an activity (activities.go); timers are in a heap (timers.go). Callers who wait for work stand
// in a line of their own (backend.Line). Nothing is polled. An instance for which nothing waits is not in memory at all, and events
// that are long, or that were there before a restart, are read when they are handed out: a hub of 100,000 parked instances opens
// at once.
//
// # Who writes
//
// One goroutine, the committer (committer.go). Calls that change something queue a request; the committer takes all that wait,
// checks and writes one after the other in a transaction, commits, carries out in memory what has changed, and answers. If the
// transaction fails, each request is tried alone, so that only the guilty one fails. Requests of one transaction see each other's
// effects in the file and in the transaction (transaction.go); nobody else sees anything before the commit.
//
// What memory alone is about is done by the caller itself, under a lock that is never held while somebody waits: to take work,
// to give it back, and to deliver the result of an activity. A result is not written by itself: until the checkpoint that consumes
// it, the row of the activity is its crash-safe copy. One that waits for a second, or is there at Drain, is written as a message
// (results.go). An orchestration with one activity on an idle hub takes three commits.
//
// # A checkpoint
//
// It adds a row to history, deletes the rows of the messages that it consumes, adds rows for activities, timers and messages, and
// updates the row of the instance unless only the time of the last change would move (unchanged.go): four statements as a rule.
// One that ends the execution deletes its messages and timers; its activities run all the same, their results are dropped.
// Continue-as-new removes the history and whatever names the generation before; the key stays.
//
// # What can't be processed
//
// A message that has failed ten times by its own making moves to the table poison with the reason, until somebody replays or drops it (poisonlist.go). An
// instance whose start is there waits for it.
//
// # Errors
//
// Open says what is wrong with a path or a file and what to do about it, and leaves the file as it was. Later, a disk that is full
// or broken fails the call with an error that wraps backend.ErrTransient; nothing of it is stored, and the same call succeeds when
// the disk works again. A file found to be damaged fails calls for good.
//
// # Simulation
//
// Time, order and nothing else come from the Environment. Calls that read pass the gate one by one, and so do timers and
// abandonments whose delay is over; all that write are one request at the gate, made by the committer, which takes what waits in
// an order of content.
package local
