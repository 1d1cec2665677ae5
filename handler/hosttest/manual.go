package hosttest

import "time"

// Invoke calls a function of the type manualTrigger with an input and waits for the outcome. Functions of other types but HTTP, whose payloads the double
// does not know, are called the same way: as a string.
func (h *Host) Invoke(name, input string) Outcome {
	h.t.Helper()
	j := h.must()
	f := j.app.function(name)
	if f == nil || f.trigger().is("httpTrigger") {
		h.t.Fatalf("hosttest: no function %q that can be invoked; log: %s", name, h.text())
	}
	a, err := j.manual(f, input)
	return outcomeOf(a, err)
}

// manual calls a function with a text.
func (j *jobHost) manual(f *function, input string) (*answer, error) {
	trigger := f.trigger()
	p := &payload{data: object(member{trigger.name, quoted(input)})}
	p.metadata.spread(input)
	p.metadata.set(trigger.name, quoted(input))
	p.metadata.system(f, time.Now())
	j.addInputs(f, p, nil)
	a, err := j.invoke(f, newGUID(), p, nil)
	if err == nil {
		err = j.host.writeOutputs(f, a, p.expander(nil))
	}
	return a, err
}
