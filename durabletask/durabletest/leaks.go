package durabletest

import (
	"regexp"
	"runtime"
	"strings"
	"testing/synctest"
)

var bubbleOf = regexp.MustCompile(`synctest bubble \d+\]`)

// leaks returns the stacks of the other goroutines of this bubble. There are none if everything has ended.
func leaks() string {
	synctest.Wait() // for those that are about to end
	own := stacks(false)[0]
	bubble := bubbleOf.FindString(heading(own))
	var left []string
	for _, stack := range stacks(true) {
		if bubble != "" && strings.Contains(heading(stack), bubble) && number(stack) != number(own) && !strings.Contains(stack, "testing/synctest.Test") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// stacks returns the stack of this goroutine or of all.
func stacks(all bool) []string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, all)
		if n < len(buf) {
			return strings.Split(string(buf[:n]), "\n\n")
		}
		buf = make([]byte, 2*len(buf))
	}
}

// heading is the first line of a stack: "goroutine 7 [running, synctest bubble 2]:".
func heading(stack string) string {
	line, _, _ := strings.Cut(stack, "\n")
	return line
}

func number(stack string) string {
	n, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
	return n
}
