// Package approot writes what the Functions host reads in an app's root: a folder with a function.json for each function that the host calls, and in
// host.json the extension bundle that their triggers need.
//
// The host has no other way to learn of a custom handler's functions. The code is the truth: [New] compares the folders with the app's triggers, and
// [Plan.Apply] makes them agree. What it has written it knows again by a member "generatedBy", which the host ignores; it never changes or removes a folder
// that somebody else made.
//
// Orchestrations, activities and entities are not there: the host must not hear of them.
package approot
