// Package wire is what DTFx (DurableTask.AzureStorage 2.x) puts into queues, tables and blobs: how our values are spelt
// there, and how what stands there is read. Nothing else in the tree knows these formats. The package does no I/O.
// What entities say to each other, and their state, is text inside events; package history spells it for every store.
//
//	queue messages    envelope.go, taskmessage.go      [Message]: MessageData around a TaskMessage around an event
//	events            kinds.go, event.go, unknown.go   one table of all kinds serves messages and rows, both ways
//	their parts       classes.go, failuredetails.go    instances, parents, tags, trace contexts, failures
//	history table     historyrow.go, offload.go        [HistoryRow]; large columns stand in blobs
//	                  sentinel.go, applied.go          [Sentinel], the row that fences an instance
//	instances table   instancerow.go                   [InstanceRow], whole or the part that a merge changes
//	names             keys.go, blobs.go                table keys, blob names, blob URLs
//	values            scalar.go, times.go, guid.go     one value, as JSON
//	                  column.go                        one value, as a column
//	text              object.go, escape.go             walking through JSON without maps; what must be escaped
//
// Two spellings of one event: in a queue message it is an object whose first member is $type, enums are numbers and null
// members are written; in a table it is a row with a column per member, enums are names, classes are JSON text (the text
// "null" where there is none), and other null members have no column.
//
// Reading is lenient where the reference is (member names in another case, missing members, types with assembly names) and
// where it is not but should be (times without a zone are UTC). What is not known is kept and written back: columns and
// members in [Member] lists, events in [UnknownEvent]. Writing is exact: the members, order, nulls and escapes of .NET,
// except that dictionaries have no $type (their .NET names differ between runtimes) and times always have a zone. Our own
// columns (ActivityId, CommitId, Engine, Marker, Applied, Origin) disturb no .NET reader, which ignores what it does not know.
//
// The reference: AS/MessageData.cs, AS/MessageManager.cs, AS/Tracking/TableEntityConverter.cs,
// AS/Tracking/AzureTableTrackingStore.cs, Core/History/*.cs of Azure/durabletask.
package wire
