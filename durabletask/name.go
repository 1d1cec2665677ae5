package durabletask

import (
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Option is a property of an orchestrator, an activity or an entity.
type Option interface{ define(*definition) }

// definition is what an orchestrator or activity is besides its function.
type definition struct {
	name      string
	place     string // file and line of the definition
	bareInput bool
	attempt   time.Duration
}

type optionFunc func(*definition)

func (f optionFunc) define(d *definition) { f(d) }

// Named gives an orchestrator or activity its name. Without it the name is that of the function, with an upper-case first
// letter. The name is recorded with every instance: keep it when the function is renamed.
func Named(name string) Option { return optionFunc(func(d *definition) { d.name = name }) }

// define collects the options of a definition made by the caller's caller.
func define(kind string, fn any, options []Option) definition {
	var d definition
	if _, file, line, ok := runtime.Caller(2); ok {
		d.place = fmt.Sprintf("%s:%d", file, line)
	}
	for _, o := range options {
		o.define(&d)
	}
	if d.name == "" {
		if fn == nil {
			panic(fmt.Sprintf("durabletask: this %s has no name that lasts; give it one: durabletask.Named(\"…\")", kind))
		}
		d.name = functionName(kind, fn)
	}
	if strings.TrimSpace(d.name) == "" || strings.HasPrefix(d.name, "@") || !utf8.ValidString(d.name) {
		panic(fmt.Sprintf("durabletask: %q can't be the name of an %s: a name is not blank and doesn't begin with @", d.name, kind))
	}
	return d
}

// anonymous matches what the runtime calls functions that have no name of their own.
var anonymous = regexp.MustCompile(`^(func)?\d+$|-fm$|\[`)

func functionName(kind string, fn any) string {
	full := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()
	name := full[strings.LastIndexByte(full, '.')+1:]
	if anonymous.MatchString(name) || strings.Contains(full, "[") {
		panic(fmt.Sprintf("durabletask: this %s is a closure, a method value or a generic function (%s) and has no name that lasts; "+
			"give it one: durabletask.Named(\"…\")", kind, full))
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}
