package main

import "fmt"

// progress counts on stderr, if somebody looks at it.
type progress struct {
	o     *outside
	what  string
	n     int
	drawn bool
}

// progressStep is after how many the number on the screen changes: a terminal is slow.
const progressStep = 10

func (p *progress) add() {
	if p.n++; p.o.progress && p.n%progressStep == 0 {
		p.drawn = true
		fmt.Fprintf(p.o.stderr, "\r%s: %d", p.what, p.n)
	}
}

// end takes the number off the screen.
func (p *progress) end() {
	if p.drawn {
		fmt.Fprint(p.o.stderr, "\r\x1b[K")
	}
}
