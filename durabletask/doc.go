// Package durabletask is Durable Functions for Go: processes that survive crashes, restarts and days of waiting.
//
// An orchestrator is an ordinary function that calls activities, waits for timers and external events, and may run for months.
// Its progress is recorded; after a crash it is run again from its start, with every durable call answered from the record,
// until it is where it was. So an orchestrator must be deterministic: it takes time, randomness and input only from its
// [Context], and leaves everything else to activities, which run at least once and may do anything.
//
//	var SayHello = durabletask.NewActivity(sayHello)
//	var HelloCities = durabletask.NewOrchestrator(helloCities)
//
//	func sayHello(_ context.Context, city string) (string, error) { return "Hello " + city + "!", nil }
//
//	func helloCities(ctx durabletask.Context, cities []string) ([]string, error) {
//		var greetings []string
//		for _, city := range cities {
//			greeting, err := SayHello.Call(ctx, city)
//			if err != nil {
//				return nil, err
//			}
//			greetings = append(greetings, greeting)
//		}
//		return greetings, nil
//	}
//
// An [Entity] is a small piece of state with a key. Its operations run one after the other, wherever the callers are; several entities
// are changed together under a [Lock].
//
// What a hub needs now and then is in [Client.ListPoison], [WorkerOptions].Retention, [Client.PurgeMany], [Client.Compact] and [Client.HubInfo].
//
// An [App] collects what belongs together, a [Worker] runs it on a backend, and a [Client] starts instances and asks after
// them. Programs that serve HTTP or run as an Azure Functions custom handler let package handler set these up.
package durabletask
