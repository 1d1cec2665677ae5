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
// How to read it. In a line of the JSON file, ratio says how many times better value is than peer_value: value/peer_value
// for rates, peer_value/value for times and sizes. A line without peer is a measurement of the machine, or one that no peer
// has. A line with peer but without value is a peer's measurement alone. Where a peer was cut off before much had ended, look
// at the line for activities: with all started at once, the last steps come late, and few orchestrations end early.
package main
