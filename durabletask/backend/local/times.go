package local

import "time"

// ticksPerSecond is the resolution of stored times: 100 ns.
const ticksPerSecond = 1e7

// ticks returns the time as stored, rounded down.
func ticks(t time.Time) int64 {
	return t.Unix()*ticksPerSecond + int64(t.Nanosecond())/100
}

// ticksUp rounds up: what is due then is never early.
func ticksUp(t time.Time) int64 { return ticks(t.Add(99)) }

// timeOf is the inverse of ticks.
func timeOf(n int64) time.Time {
	return time.Unix(n/ticksPerSecond, n%ticksPerSecond*100).UTC()
}
