// Package lease says who may work on a task hub in an Azure Storage account: which application ([AppLease]), and which of its workers
// owns which control queue ([Owners]). [Membership] puts the two together and is what a backend starts.
//
// # Partitions
//
// A partition is a control queue and is called by the queue's name. Owners has three makes, one of which all workers of a hub must use:
// the table manager (a row for each partition; the default), and the safe and the legacy blob manager (blobs for each partition). Each
// does what the reference's does, in the same rows and blobs, so that its workers and ours share partitions and hand them over.
//
// # What a receiver may rely on
//
// A partition is Acquired, then either Drained or Lost, then perhaps Acquired again; the calls for one partition come one at a time and
// in that order, those for different partitions at once. From Acquired until Drain is called, the owner may receive. While Drain runs it
// may still commit. After Drain has returned, or once [Owners.Owns] says no, it may neither receive nor commit.
//
// # Clocks
//
// The age of a lease is counted by the service's clock: from the Timestamp of a row, or the Date of an answer. So the clock of a machine may be
// wrong by any amount. An owner gives up a margin before its lease ends, and a timer ends the ownership even while a request hangs.
//
// # What it costs
//
// An idle worker that is alone on a hub makes about 444 requests in an hour: 300 renewals of all its partitions at once, and 144 of the app lease.
// Beside others it looks at the rows before each renewal, 720 requests. The blob managers renew each lease by itself: with four partitions 1,800 (legacy) or
// 3,240 (safe) requests in an hour.
package lease
