// Package recorded has the functions that ran while DTFx and the Durable Functions extension were recorded, written in Go: with the same
// names, inputs, results and texts of errors. Tests use them to replay the recorded histories, to go on where a recorded hub
// stands, and to do the same from the start.
//
// [DTFx] has those of the program that used DTFx alone, [Functions] those of the app of the Durable Functions extension. Where Go
// can't do what .NET did (read JSON with single quotes, lose the message of an exception) the tests that compare say so.
package recorded
