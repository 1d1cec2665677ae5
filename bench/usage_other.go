//go:build !unix

package main

import (
	"runtime"
	"time"
)

// processorTime is not known here.
func processorTime() time.Duration { return 0 }

// peakMegabytes is what the runtime has taken from the system; it seldom gives back.
func peakMegabytes() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / 1e6
}
