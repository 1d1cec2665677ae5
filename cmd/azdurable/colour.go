package main

// The colours, as terminals are told them.
const (
	plain  = "\x1b[0m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	blue   = "\x1b[34m"
	grey   = "\x1b[90m"
)

// statusColour is the colour of a state.
func statusColour(status string) string {
	switch status {
	case "Completed":
		return green
	case "Failed":
		return red
	case "Terminated", "Canceled":
		return grey
	case "Suspended":
		return yellow
	case "Running", "ContinuedAsNew":
		return blue
	}
	return ""
}
