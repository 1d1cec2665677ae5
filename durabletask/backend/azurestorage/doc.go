// Package azurestorage keeps a task hub in an Azure Storage account, in the format of DTFx (DurableTask.AzureStorage 2.x): a .NET worker and ours
// can take over each other's running instances. docs/storage-format.md says what a row, a message and a blob look like and where we differ.
//
// # The way of a message
//
// A worker owns some of the hub's control queues (package lease). From each it receives in a loop of its own (controlqueue.go, queue.go). A message that
// was received is held: renewed until it is deleted or given back (held.go, renew.go). It goes into the inbox of its instance (instance.go). What is missing
// to judge the inbox is looked up (prefetch.go): the row of a start, the history, large messages. Then the inbox is sifted (assemble.go): repeats, what
// comes too early, what is for nobody; the rest stands in line for a worker (backend.Line, work.go). Work items go a shorter way (workitems.go).
//
// What this process sends to a queue that it consumes itself is put invisible and handed over in memory once what it follows from is stored
// (handover.go); the result of an activity is not put at all while its instance is ours. The copy in storage is what a crash leaves.
//
// # A checkpoint
//
// Outbound messages, history under the sentinel's ETag, row under its ETag, deletion of the inbound messages (checkpoint.go, sentinel.go,
// storerow.go). Each step can be taken again. Whether a batch whose answer was lost took place stands on its first row. What a crash leaves
// undone is made up for when the history is read next: an event that is there already is dropped, a torn checkpoint is completed, a row that
// is behind is repaired (record.go, repair.go).
//
// # What can't be processed
//
// A message that has failed ten times by its own making goes into the poison queue (poison.go), from which it can be listed, replayed and dropped
// (poisonlist.go).
//
// # Locks and loops
//
// One lock guards what is in memory; it is never held during a request. Goroutines are loops, which Stop ends, or errands, which end by
// themselves and which Stop waits for (backend.go).
package azurestorage
