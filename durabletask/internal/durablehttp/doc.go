// Package durablehttp is the activity behind durable HTTP calls: the stored form of requests and responses, which is that of the Durable
// Functions extension byte for byte, and what makes the request.
//
// It lives below package durabletask, and not in extension, because the reserved activity has to run wherever a worker runs: in the extension, in a
// program that uses the library alone, and in the test kit. It knows nothing of orchestrations; package durabletask asks again after a 202. Tokens
// come by an interface, so that neither package brings in a library for identities.
//
// Nothing here logs, and no failure has more of a request in it than host and port: URLs, headers and bodies may hold secrets.
package durablehttp
