package hosttest

import (
	"strings"
	"time"
)

// Timer is how a timer stands when it fires. The zero value is one that never ran.
type Timer struct {
	// Last and LastUpdated are when it ran before; zero for never. Next is when it was due, or is next; zero for the next full minute.
	Last, Next, LastUpdated time.Time
	// PastDue says that a due time was missed.
	PastDue bool

	manual bool // by the admin API
}

// Outcome is how an invocation ended that no caller waits for.
type Outcome struct {
	// Err is nil if it succeeded, else what the host logs.
	Err error
	// Logs is what the program gave the host to log.
	Logs []string
}

// Fire lets the timer of a function be due and waits for the outcome, with the retries of its policy. Without a Timer it is one that ran a minute ago.
func (h *Host) Fire(name string, as ...Timer) Outcome {
	h.t.Helper()
	j := h.must()
	f := j.app.function(name)
	if f == nil || !f.trigger().is("timerTrigger") {
		h.t.Fatalf("hosttest: no timer function %q; log: %s", name, h.text())
	}
	now := time.Now().UTC().Truncate(time.Minute)
	how := Timer{Last: now.Add(123_456_700), Next: now.Add(time.Minute), LastUpdated: now.Add(123_456_700)}
	for _, t := range as {
		how = t
	}
	a, err := j.fire(f, how)
	return outcomeOf(a, err)
}

func outcomeOf(a *answer, err error) Outcome {
	if err != nil {
		return Outcome{Err: err}
	}
	return Outcome{Logs: a.logs}
}

// fire calls a timer function, again as its retry policy says. All tries have the same id.
func (j *jobHost) fire(f *function, how Timer) (*answer, error) {
	id := newGUID()
	retries := 0
	if f.retry != nil {
		retries = f.retry.MaxRetryCount
	}
	var last error
	for try := 0; ; try++ {
		p := timerPayload(f, how, time.Now())
		if f.retry != nil {
			p.metadata.set("RetryContext", retryContext(f, id, try, last))
		}
		a, err := j.invoke(f, id, p, nil)
		if err == nil {
			err = j.host.writeOutputs(f, a, p.expander(nil))
		}
		if err == nil || try == retries {
			return a, err
		}
		last = err
		pause := time.NewTimer(f.retry.pause(try))
		select {
		case <-pause.C:
		case <-j.ctx.Done():
			pause.Stop()
			return nil, err
		}
	}
}

// pause is how long the host waits after a try.
func (r *retryPolicy) pause(try int) time.Duration {
	if strings.EqualFold(r.Strategy, "fixedDelay") {
		d, _ := parseTimeSpan(r.DelayInterval) // 0 if there is none
		return d
	}
	least, _ := parseTimeSpan(r.MinimumInterval)
	most, _ := parseTimeSpan(r.MaximumInterval)
	return min(least<<try, most)
}

// monitored reports whether the host keeps the status of a schedule: not of those that come more than once a minute.
func monitored(trigger *binding) bool {
	schedule := trigger.property("schedule")
	if strings.EqualFold(trigger.property("useMonitor"), "false") {
		return false
	}
	if d, err := parseTimeSpan(schedule); err == nil {
		return d >= time.Minute
	}
	fields := strings.Fields(schedule)
	return len(fields) == 5 || !strings.ContainsAny(fields[0], "*/,-")
}

// timerPayload is what the invocation of a timer carries.
func timerPayload(f *function, how Timer, now time.Time) *payload {
	trigger := f.trigger()
	_, notSpan := parseTimeSpan(trigger.property("schedule"))
	status := null()
	if monitored(trigger) {
		if how.Next.IsZero() {
			how.Next = now.UTC().Truncate(time.Minute).Add(time.Minute)
		}
		at := func(t time.Time) *value { return text(t.UTC().Format(wireTicks)) }
		status = object(member{"Last", at(how.Last)}, member{"Next", at(how.Next)}, member{"LastUpdated", at(how.LastUpdated)})
	}
	p := &payload{data: object(member{trigger.name, object(
		member{"Schedule", object(member{"AdjustForDST", boolean(notSpan != nil)})}, member{"ScheduleStatus", status},
		member{"IsPastDue", boolean(how.PastDue)})})}
	if how.manual {
		p.metadata.set(trigger.name, quoted(""))
	}
	p.metadata.system(f, now)
	return p
}

// retryContext tells a try which one it is, and how the one before ended.
func retryContext(f *function, id string, try int, last error) *value {
	exception := null()
	if last != nil {
		exception = object(
			member{"InstanceId", text(id)}, member{"MethodName", text("Host.Functions." + f.name)}, member{"Handled", boolean(false)},
			member{"ClassName", text("Microsoft.Azure.WebJobs.Host.FunctionInvocationException")},
			member{"Message", text("Exception while executing function: Functions." + f.name)}, member{"Data", null()},
			member{"InnerException", object(member{"Message", text(last.Error())})}, member{"StackTraceString", text("   at Host")})
	}
	return object(
		member{"RetryCount", number(try)}, member{"MaxRetryCount", number(f.retry.MaxRetryCount)}, member{"Exception", exception},
		member{"Instance", null()}, member{"State", object()})
}
