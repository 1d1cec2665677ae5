// Command functions is the sample app: a handful of orchestrations and an HTTP function that starts them.
package main

import (
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/handler"
)

func main() {
	handler.Main(app(), HTTPStart)
}

// app is everything that runs durably.
func app() *durabletask.App {
	return durabletask.New(HelloCities, SayHello, FanOut, Square, Approval, Monitor, CheckJob, Saga, Book, Cancel, Parent, Child, Counters, Transfer)
}
