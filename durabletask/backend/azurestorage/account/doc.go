// Package account is the room through which every request to an Azure Storage account passes: how to connect, who may, how
// often a request is made, what an answer means, and thin access to queues, tables and blobs. It knows the service's REST
// interface, its names and limits. It knows nothing of histories and messages: here these are rows of JSON and bytes.
//
// A [Connection] says where the account is and how to prove who we are; [Open] makes an [Account] of it; its Queue, Table and
// Container give access to one thing each. All of them may be used by many goroutines at once, and nothing that they share
// makes one failing request slow another down.
//
// # Requests
//
// Each request is made over azcore's pipeline with the retries of the SDK off. Its clients for queues, tables and blobs are
// not used: the one for tables turns each row into a map and loses the ETags and failures of transactions, the one for
// queues silently replaces characters that XML can't carry, and together they take two to ten times the processor time. So there is
// one way to make a request, and signing (SharedKey) is ours; tokens are azcore's.
//
// # What is repeated
//
// Reads, the creation and deletion of whole queues, tables and containers, and the acquisition and renewal of leases under an
// id are repeated here, with back-off, until they succeed, fail for good, or [MaxRetry] is over. Everything else changes something
// that a second request would change again or trip over. It is repeated only when the service surely did not see it or said
// that it did not start (no connection, 429); otherwise it fails, and [Ambiguous] says whether it may have taken effect. The caller knows how to find
// out. Receiving is not repeated: a lost answer hides its messages for their visibility timeout, and the next poll is as good as a repeat.
//
// # Errors
//
// Whatever the service or the network refuses is an [*Error]; [NotFound], [PreconditionFailed], [Transient] and others say of which kind. No
// error and no log line holds a key, a signature, a query string or a body.
package account
