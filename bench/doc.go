// Command bench measures the engine and, in the same run on the same machine, its peers.
//
//	make bench                          everything, a table on stdout
//	make bench BENCH=hello JSON=out     what the regexp matches; JSON lines in the file out as well
//
// How it measures. Every run gets a fresh engine in a fresh folder on the disk that holds this one, never a file system in
// memory. A run ends when all its orchestrations have ended, as the engine itself reports it, or at the limit (-limit);
// then the rate is that of what had ended by then, and the table says so. The engines' own logs are off. Everything else is
// an engine's default, which for go-workflows means polling every 200 ms; "notified" marks the same engine in its
// monoprocess wrapper, which notifies instead.
//
// cold-start is the sample app's program as it is deployed: from the start of its process, in the environment that the Functions host gives it, to the first
// answer to a probe and to the end of a first orchestration on a new embedded store; medians of 15 starts. And its size.
//
// The Azure store (azure/…, azuretest/…) is measured on Azurite, in memory and fresh for each load, because it slows down as its tables grow;
// 'make azurite' installs it, and without it these benchmarks are skipped with a line that says so. Each load runs in a process of its own, client
// and worker together, so that processor time and peak memory are theirs alone:
//
//	azure/hello-5/n[/inline]   n orchestrations of 5 activities, started by 16 callers
//	azure/fan-out/500          one orchestration of 500 activities side by side
//	azure/entity/500           500 signals to one entity
//	azure/workers/n            500 hellos with n workers on the hub
//	azure/latency              one-activity orchestrations, one after the other
//	azure/replay               hello-5/100, and the requests that it made sent once more by no engine
//	azure/idle                 an hour without work, in virtual time, on azuretest
//	azure/kill                 a worker is killed amid 200 hellos and started again at once
//	azuretest/hello-5/n        on the account in memory: the cost of each must not grow with n
//
// forwarded is what an HTTP function costs whose requests the Functions host forwards, over the client that it uses; handler and caller are one process.
//
// Requests are counted by a transport, by kind. Receives that came back empty, leases and what the benchmark itself asks are listed but not part
// of the sum, as in the figures recorded of DTFx. A replay sends the recorded requests with the message ids, pop receipts and ETags of its own
// answers; a request waits for the answers that it takes them from, and never are more under way than were in the recording. Beside each rate
// stand the raw queue puts a second just before and after, and the load average: the recorded figures come from another machine, the emulator is
// what limits both, and rates are only to be compared where raw puts are alike. -profile folder keeps a processor profile of each load.
//
// How to read it. The last column is what the figure must reach. In a line of the JSON file, ratio says how many times better value is
// than peer_value: value/peer_value
// for rates, peer_value/value for times and sizes. A line without peer is a measurement of the machine, or one that no peer
// has. A line with peer but without value is a peer's measurement alone. Where a peer was cut off before much had ended, look
// at the line for activities: with all started at once, the last steps come late, and few orchestrations end early.
package main
