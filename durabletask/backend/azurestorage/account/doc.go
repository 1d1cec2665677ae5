// Package account is the room through which every request to an Azure Storage account passes: how to connect, who may, how
// often a request is made, what an answer means, and thin access to queues, tables and blobs. It knows the service's names
// and limits. It knows nothing of histories and messages: here these are rows of JSON and bytes.
//
// A [Connection] says where the account is and how to prove who we are; [Open] makes an [Account] of it; its Queue, Table and
// Container give access to one thing each. All of them may be used by many goroutines at once, and nothing that they share
// makes one failing request slow another down.
//
// # Requests
//
// The SDK's clients make, sign and send each request, with their own retries off. In each of them stands one policy of ours, through which each
// try passes before it is signed: it waits at the gate, limits the time, notes the service's clock, and judges the reply; around the call of the
// client stands the loop that repeats it. A request travels by the context:
//
//	Queue.Put → do (repeats) → once → azqueue → tries (gate, time, verdict) → signature → reached → network
//
// Where the SDK's codecs lose something or cost a multiple, the policy exchanges bytes: what is sent for rows, transactions and texts (ownBody),
// and who reads rows and the replies to transactions (errRead). The benchmarks have the figures.
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
