// Package replay is the pure core of the engine: history + new messages + code -> decisions.
//
// It does no I/O, reads no clock and uses no randomness of its own, so the same arguments always give the
// same decisions, and it is tested as a state machine.
//
// # Calling contract
//
// [Run] executes one episode. Without a live [Execution] it begins with the whole committed history; the
// orchestrator runs from its start, each durable call finding its recorded outcome (replay), and then goes on with the
// new messages. The returned Execution is parked: it can be kept and handed to the next Run, which then needs no history.
//
// An Execution has run ahead of storage as soon as Run returns. If its decisions could not be committed it must be
// ended ([Execution.End]) and never be run again.
//
// Orchestrators are coroutines (coroutine.go). After each event the code runs as far as it can before the next event is
// looked at, in DTFx as here, so that the order of events alone decides what the code sees.
package replay
