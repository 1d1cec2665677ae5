package durabletask

import "github.com/azdurable/azdurable/durabletask/internal/replay"

type (
	// Episode is what one run of an orchestrator starts from: committed history and new messages.
	Episode = replay.Episode
	// Decisions is what an episode came to: events to append, activities and timers to start, an outcome.
	Decisions = replay.Decisions
)

// Execute runs one episode of an orchestrator. It is a pure function: history, new messages and code in, decisions out; it reads no
// clock and touches no storage, so whoever owns the storage can call it.
//
// If the episode names no execution, the orchestrator is unloaded before Execute returns. Otherwise it stays parked in that
// execution, which the caller keeps for the next episode or ends.
func Execute(f *OrchestratorFunc, ep Episode) *Decisions {
	d, x := replay.Run(f.code, ep)
	if ep.Execution == nil {
		x.End()
	}
	return d
}
