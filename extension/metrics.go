package extension

import (
	"fmt"
	"io"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/azdurable/azdurable/durabletask"
)

// metrics counts what happens, for Prometheus. Names of functions become labels; ids of instances don't, for there is no end to them.
type metrics struct{ set *vm.Set }

func newMetrics() *metrics { return &metrics{vm.NewSet()} }

// count counts a change.
func (m *metrics) count(c durabletask.Change) {
	m.set.GetOrCreateCounter(fmt.Sprintf("azdurable_changes_total{event=%q,name=%q}", string(c.Kind), c.Name)).Inc()
	switch c.Kind {
	case durabletask.ActivityCompleted, durabletask.ActivityFailed:
		m.set.GetOrCreatePrometheusHistogram(fmt.Sprintf("azdurable_activity_seconds{name=%q}", c.Name)).Update(c.Took.Seconds())
	case durabletask.OrchestrationCompleted, durabletask.OrchestrationFailed, durabletask.OrchestrationTerminated:
		m.set.GetOrCreatePrometheusHistogram(fmt.Sprintf("azdurable_orchestration_seconds{name=%q}", c.Name)).Update(c.Took.Seconds())
	}
}

// MetricsOn reports whether the app is to serve its counters.
func (e *Extension) MetricsOn() bool { return e.metrics != nil }

// WriteMetrics writes what has been counted since the start (nothing unless MetricsOn), and the process's own figures, in the text format of
// Prometheus: azdurable_changes_total by event and name, azdurable_orchestration_seconds and azdurable_activity_seconds by name.
func (e *Extension) WriteMetrics(w io.Writer) {
	if e.metrics != nil {
		e.metrics.set.WritePrometheus(w)
	}
	vm.WriteProcessMetrics(w)
}
