// Package handler is the HTTP server of an app: it serves the app's HTTP functions below /api and the management API at
// /runtime/webhooks/durabletask. A program calls [Main], which does everything from flags to signals.
package handler
