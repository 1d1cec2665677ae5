package extension

import (
	"context"
	"log/slog"
	"strings"

	"github.com/azdurable/azdurable/durabletask"
)

// observe returns what is told of changes of state: the log, the metrics and, if they are set, the notifications.
func (e *Extension) observe() func(durabletask.Change) {
	return func(c durabletask.Change) {
		logChange(e.log, c)
		if e.metrics != nil {
			e.metrics.count(c)
		}
		if e.notifier != nil && !strings.HasPrefix(c.Name, timerOrchestrator) { // what runs timers is nobody's news
			e.notifier.notify(c)
		}
	}
}

// logChange writes a line whose attribute "event" is the kind of the change. What went wrong is a warning; what goes its way is for those who look
// closer.
func logChange(log *slog.Logger, c durabletask.Change) {
	level := slog.LevelDebug
	switch c.Kind {
	case durabletask.OrchestrationFailed, durabletask.ActivityFailed:
		level = slog.LevelWarn
	case durabletask.OrchestrationTerminated, durabletask.OrchestrationSuspended, durabletask.OrchestrationResumed:
		level = slog.LevelInfo
	}
	if !log.Enabled(context.Background(), level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("event", string(c.Kind)), slog.String("name", c.Name), slog.String("instance", c.Instance.ID),
		slog.String("execution", c.Instance.ExecutionID),
	}
	if c.Kind == durabletask.ActivityCompleted || c.Kind == durabletask.ActivityFailed {
		attributes = append(attributes, slog.Int("task", c.TaskID))
	}
	if c.Took > 0 {
		attributes = append(attributes, slog.Duration("took", c.Took))
	}
	if c.Reason != "" {
		attributes = append(attributes, slog.String("reason", c.Reason))
	}
	log.LogAttrs(context.Background(), level, "state changed", attributes...)
}
