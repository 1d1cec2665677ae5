// Package hosttest is a double of the Azure Functions host for tests: it starts the program of an app the way the host does, sends it invocations as
// the host does, and judges its answers as strictly. An app that passes here passes on the real host, as far as the double was compared with
// recordings of one (testdata/README.md).
//
//	h := hosttest.Start(t, hosttest.Options{App: folder, Settings: map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"}})
//	answer := h.Do(request)          // HTTP, through routes, keys and forwarding
//	h.Enqueue("OnKick", "hello")     // a message on the function's queue
//	h.Fire("Tick")                   // a due time
//	h.Kill()                         // the program dies; the host restarts it on the same port
//	h.Restart()                      // the job host restarts: a new program on a new port, then the old one is killed
//	h.NoErrors()                     // nothing of what was logged is an error
//
// # The app
//
// The folder is what would be deployed: host.json, the program that it names, and a folder with a function.json for each function. The program gets
// the settings as its environment, the five variables of the host, and nothing else. It is stopped by SIGKILL, always: there is no other way on Azure.
//
// # What fails a test
//
// What the real host would bear in silence and the app's author would regret is a failure of the test: an empty answer (the invocation hangs until
// the function's timeout), a connection that is accepted and closed while the program starts, a status code that no client understands, a
// program that has died so often that the host gives up. With [Options.PlayOut] it is no failure; the double then does what the host would do.
//
// # Differences from the real host
//
// Queues, blobs and tables are kept in memory ([Storage]), and there is no schedule: a timer is due when a test says so. Extension bundles are not
// loaded: the binding types of Azure Storage are known, those of Durable Functions are not, and [Options.BindingTypes] adds others. Times can be
// shortened; by default they are the host's.
package hosttest
