// Package bindings says how functions are called and what they are handed.
//
// A [Trigger] is what calls a function: an orchestration's next episode, an activity that is due, an HTTP request. A [Table]
// holds the triggers of an app by the names of their functions. A [DurableClient] is what a function is handed to start
// orchestrations and to answer with links to them; the management API answers with the same links and the same status
// objects, so both are here.
package bindings
