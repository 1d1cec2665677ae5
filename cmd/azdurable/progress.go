package main

import "fmt"

// progress counts on stderr, if somebody looks at it.
type progress struct {
	o     *outside
	what  string
	n     int
	drawn int // the number on the screen
}

// progressStep is by how much the number on the screen changes: a terminal is slow.
const progressStep = 10

func (p *progress) add(n int) {
	if p.n += n; p.o.progress && p.n-p.drawn >= progressStep {
		p.drawn = p.n
		fmt.Fprintf(p.o.stderr, "\r%s: %d", p.what, p.n)
	}
}

// end takes the number off the screen.
func (p *progress) end() {
	if p.drawn > 0 {
		fmt.Fprint(p.o.stderr, "\r\x1b[K")
	}
}
