// Package handler is the HTTP server of an app. A program calls [Main], which does everything from flags to signals.
//
// Without the Functions host it serves the app's HTTP functions below /api and the management API at /runtime/webhooks/durabletask.
//
// # Under the Functions host
//
// The host starts the program with FUNCTIONS_CUSTOMHANDLER_PORT, and sends it on that port of 127.0.0.1
//
//	GET /                  until there is an answer, and later to see whether the app lives
//	POST /<function>       an invocation in JSON: answered with 200 and an object, or with another code if it failed
//	<verb> /<prefix>/…     callers' own requests, if customHandler in host.json has enableForwardingHttpRequest or enableProxyingHttpRequest
//
// A request that the host makes for a caller or a trigger has the id of its invocation in a header, also at /. What comes by way of a route can't be an
// invocation: the app does not start if a route leads to the path of a function, and an invocation that looks like a caller's is refused.
//
// The host drops what a failed invocation says, so the same is in the app's log, on one line with the invocation's id: information on stdout, warnings and
// errors on stderr. A panic of a function is such a failure; three deaths of the process end the host.
//
// The program is killed without notice, at any time; all that matters is in the store. It stays up whatever is wrong, since the host gives up on one
// that exits: / answers, [HealthPath] and every invocation say what the matter is, and a store that comes back is found. It exits
// with 0 only when a signal has told it to, because the host never starts again what has exited so.
package handler
