// Package extension puts an app on its feet: [Initialize] reads the settings, opens the store, makes the task hub if there is
// none, and puts the triggers of the app's functions behind the engine's pipelines; Start lets the worker take work. It also
// answers the management API, by which programs start and look after instances over HTTP, and runs the app's timer triggers where the Functions
// host doesn't.
package extension
