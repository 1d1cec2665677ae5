package bindings

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// definition is what all functions have in common that the Functions host calls.
type definition struct {
	name, place string
	outputs     []Output
	retry       *Retry
	maxBody     int64
}

// Option is what a function may be given when it is defined: outputs, a [Retry], a [MaxBody].
type Option interface{ option(d *definition) }

// MaxBody limits what a function is sent, in bytes; [Unlimited] lifts the limit, which is the server's otherwise (flag -max-body). More is refused without
// having been read. An HTTP function without outputs reads its body as a stream; what others are sent is held in memory.
type MaxBody int64

// Unlimited is no limit at all.
const Unlimited MaxBody = -1

func (m MaxBody) option(d *definition) {
	if m == 0 || m < Unlimited {
		panic(fmt.Sprintf("bindings: %d bytes can't be the limit of %q: write bindings.MaxBody(64<<20) for 64 MiB, or bindings.Unlimited", m, d.name))
	}
	d.maxBody = int64(m)
}

// define checks a definition. The bindings' names are those that the function has besides its outputs. It is called by constructors, and notes who called
// them.
func define(name string, options []Option, taken ...string) definition {
	if !functionName.MatchString(name) || strings.EqualFold(name, "host") {
		panic(fmt.Sprintf("bindings: %q can't be the name of a function, which is a folder under the Functions host: "+
			"begin with a letter and go on with letters, digits, _ and -, such as \"OnOrder\"", name))
	}
	d := definition{name: name}
	const user = 2 // frames from here to whoever called the constructor
	if _, file, line, ok := runtime.Caller(user); ok {
		d.place = fmt.Sprintf("%s:%d", file, line)
	}
	for _, o := range options {
		if o == nil {
			panic(fmt.Sprintf("bindings: an option of %q is nil: define outputs before the functions that write them", name))
		}
		o.option(&d)
	}
	for _, o := range d.outputs {
		if slices.ContainsFunc(taken, func(other string) bool { return strings.EqualFold(other, o.Name()) }) {
			panic(fmt.Sprintf("bindings: two bindings of %q are named %q: give the output another name (%s are taken)", name, o.Name(), strings.Join(taken, ", ")))
		}
		taken = append(taken, o.Name())
	}
	return d
}

// Name returns the name of the function.
func (d *definition) Name() string { return d.name }

// Place returns where the function was defined.
func (d *definition) Place() string { return d.place }

// Outputs returns the function's outputs.
func (d *definition) Outputs() []Output { return slices.Clone(d.outputs) }

// MaxBody returns the limit of what the function is sent, in bytes: 0 for the server's, -1 for none.
func (d *definition) MaxBody() int64 { return d.maxBody }

// function makes a function.json: the trigger and what goes with it, then the outputs.
func (d *definition) function(bindings ...Binding) Function {
	for _, o := range d.outputs {
		bindings = append(bindings, o.Binding())
	}
	return Function{Retry: d.retry, Bindings: bindings}
}

// withoutRetry panics if a function has a retry policy that the host would not heed.
func (d *definition) withoutRetry(kind, instead string) {
	if d.retry != nil {
		panic(fmt.Sprintf("bindings: the host doesn't heed a retry policy of the %s %q: %s", kind, d.name, instead))
	}
}
