// Package bindings says how functions are called and what they are handed.
//
// A [Trigger] is what calls a function. The engine calls orchestrations, activities and entities; the rest are a [HostTrigger], called for what happens
// outside: a request ([HTTP]), a due time ([Timer]), a message ([Queue]), a blob ([Blob]), an event ([EventGrid]) or anything else that the Functions host
// knows ([Raw]). A [Table] holds the triggers of an app by the names of their functions.
//
// The host's triggers are values, made by constructors that panic on what the host would refuse, and say what to write instead. Behind the function
// they take options: outputs ([ToQueue], [ToBlob], [To]), a limit ([MaxBody]), and those whose failures the host repeats by itself a [Retry].
// [HostTrigger.Function] is what their function.json says.
//
// # Invocations
//
// An [Invocation] is one call by the host, in its JSON protocol. The host encodes values in up to three layers; [Invocation.Bytes], [Invocation.Text] and
// [Invocation.Decode] take them off. Queues and blobs are declared with dataType binary, so that the host hands over the bytes that were sent, and does
// not look into them: else the members of a message would overwrite what the host knows of it. Outputs go the other way as base64 of the exact bytes,
// which alone the host leaves as they are. [InvocationID] and [Logger] tell a function which call it belongs to.
//
// An HTTP function is forwarded the caller's own request when it has no outputs and host.json says so; else the request is in the invocation, and the
// answer is put together in memory. Functions see no difference but in what JSON can't carry.
//
// # Clients
//
// A [DurableClient] is what a function is handed to start orchestrations and to answer with links to them; the management API answers with the same links
// and the same status objects, so both are here.
package bindings
