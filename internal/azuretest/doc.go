// Package azuretest is an Azure Storage account in memory: queues, tables and blobs behind their REST interface, for tests
// and for simulations that decide which request comes next.
//
// # Use
//
//	service := azuretest.New(azuretest.Options{})
//	worker := service.Transport(azuretest.ClientOptions{Name: "w1"})
//	queues, err := azqueue.NewServiceClientFromConnectionString(service.ConnectionString(), &azqueue.ClientOptions{
//		ClientOptions: policy.ClientOptions{Transport: worker},
//	})
//
// A [Transport] is one client's way to the service: a policy.Transporter of azcore and an http.RoundTripper. It works in the
// caller's goroutine, without sockets and goroutines of its own, so that testing/synctest sees every wait. [Service.Handler]
// serves the same account on a port, for programs that need one. There are only path-style URLs, as an emulator has them.
//
// The clock is [Options].Now. Ids, pop receipts and ETags follow from the seed and the order of the requests; every write
// has an ETag of its own even when time stands still. No lock is held while anything waits.
//
// # Faults
//
// [Service.Inject] and [Transport.Inject] take a [Rule]: which requests it meets (operation, resource, key, text of the body,
// client, any function; from which match on, every how many-th, how often) and what it does to them: [FailBefore],
// [ResetBefore], [Throttle] (nothing happens), [FailAfter], [LoseAnswer], [TimeoutAfter], [CutAnswer] (it happens, but the
// client can't know), [Hold], [Delay]. The [Fault] that it returns counts what it met and did. The service's rules come before
// the client's; every waiting act applies, and then the first other one.
//
//	lost := worker.Inject(azuretest.Rule{Op: azuretest.OpBatch, Key: "instance-1", After: 2, Times: 1, Do: azuretest.LoseAnswer()})
//	…
//	if lost.Fired() != 1 { t.Error(lost) }
//
// ClientOptions.CrashAt kills a client at its k-th request, before or after that takes effect; everything that it sends
// later, and what is still on its way, gets [ErrCrashed]. ClientOptions.Gate sees each request before it arrives, and may
// block: that is where a simulation puts requests into an order.
//
// # Looking inside
//
// [Service.Log] and [Service.Counts] tell what was asked for. [Service.Snapshot] returns the whole content, [Service.Load]
// puts one in place, and [ParseState] reads it from JSON: its own, or a recording of the reference. Package restore writes
// the same state through the SDK, into azuretest, Azurite or a real account.
//
// # What the service does and Azurite does not
//
// conformance_test.go sends the table of requests in stories_test.go to both, and random_test.go random ones. Where Azurite 3.37 is more lenient, azuretest
// does what the service's documentation says; each line here is a row of that table, with Azurite's answer beside it, or the test named:
//
//   - a batch over several partitions is refused: CommandsInBatchActOnDifferentPartitions with the operation's number;
//   - a batch of more than 100 operations is refused as operation 99;
//   - keys with / \ # ? or control characters: OutOfRangeInput; keys over 1 KiB in UTF-16: PropertyValueTooLarge;
//   - entities over 252 own properties (TooManyProperties) or 1 MiB (EntityTooLarge), names of properties that are no
//     identifiers (PropertyNameInvalid) or longer than 255 (PropertyNameTooLong);
//   - values that their type annotation does not allow, dates before 1601, integers beyond 32 bits without Edm.Int64: InvalidInput;
//   - keys in the body of an update that are not those of its URL: InvalidInput;
//   - $top over 1000: InvalidInput; more than 15 comparisons in a filter (TestFilters);
//   - names of containers with other characters than a-z, 0-9 and single hyphens: InvalidResourceName;
//   - errors always have a body and x-ms-error-code;
//   - a lease id with the first write of a blob: LeaseNotPresentWithBlobOperation (TestRandomRequests);
//   - a former holder's write after its lease ended is LeaseLost, and a write of another one ends what it could renew
//     (TestWritesAfterALeaseExpired);
//   - a message can't be made invisible beyond its expiry (TestMessagesExpireInvisible);
//   - continuation in the middle of partitions and lists, with Options.PageSize (TestTablesThroughTheSDK, TestListsContinue);
//   - names of what was deleted stay taken for Options.BeingDeleted (TestNamesStayTakenWhileBeingDeleted).
//
// # What is not here
//
// Append and page blobs, snapshots, versions, tags, copies, access policies, CORS and service properties, SAS beyond the
// comparison of its signature, queries in a batch, host-style URLs, geo-replication. A property that a filter names and a row
// does not have never compares, also not with ne. None of this was compared with the real service: its documentation,
// Azurite and recordings are all that stands behind it. Unsure are: the codes for keys that are too long and for keys in
// bodies that differ from the URL's, the limit of comparisons, and the text of messages.
package azuretest
