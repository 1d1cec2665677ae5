// Package dispatch is the worker: it takes work from a backend, sends it through the middleware, and commits what came out.
//
// A [Dispatcher] runs a fixed number of slots for each kind of work. A slot is one goroutine that asks the backend for work,
// carries it through to its end, and asks again; so what a process does at once is bounded by its slots, and a slot that
// waits tells the backend that there is room.
package dispatch
