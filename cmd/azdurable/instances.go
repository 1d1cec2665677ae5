package main

// instancesCommands are the commands about instances.
type instancesCommands struct {
	target     `embed:""`
	List       listCommand          `cmd:"" help:"List instances."`
	Get        getCommand           `cmd:"" help:"Print the state of an instance."`
	History    historyCommand       `cmd:"" help:"Print what has happened in an instance."`
	Start      instanceStartCommand `cmd:"" help:"Start an instance of an orchestrator."`
	RaiseEvent raiseCommand         `cmd:"" help:"Send an external event to an instance."`
	Terminate  terminateCommand     `cmd:"" help:"End an instance."`
	Suspend    suspendCommand       `cmd:"" help:"Stop an instance until it is resumed."`
	Resume     resumeCommand        `cmd:"" help:"Let a suspended instance go on."`
	Rewind     rewindCommand        `cmd:"" help:"Let an instance that has failed try again what failed."`
	Restart    restartCommand       `cmd:"" help:"Start the orchestrator of an instance again with the same input."`
	Purge      purgeCommand         `cmd:"" help:"Remove instances that have ended, with all that is kept of them."`
	Wait       waitCommand          `cmd:"" help:"Wait until an instance has ended; the exit code says how."`
}
