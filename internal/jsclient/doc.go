// Package jsclient has the client of durable-functions for JavaScript call the management API, as an app of another language would: what it
// relies on must be so. Its test runs drive.js, once for each way in which the client makes its URLs.
//
// `make node` installs the version that package-lock.json pins.
package jsclient
