package extension

import (
	"fmt"
	"time"
	_ "time/tzdata" // containers and Windows have no database of time zones
)

// timeZoneSetting is the app setting that says by which clock timers go.
const timeZoneSetting = "WEBSITE_TIME_ZONE"

// timeZone returns the time zone with an IANA name; UTC for none.
//
// Differs from the host on Windows, which takes Windows' own names for zones: these are unknown elsewhere.
func timeZone(name string) (*time.Location, error) {
	if name == "Local" { // Go's own name for the zone of the machine
		return nil, fmt.Errorf("%s=%s is no time zone; write its IANA name, such as Europe/Berlin", timeZoneSetting, name)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%s=%s is no time zone (%w); write its IANA name, such as Europe/Berlin", timeZoneSetting, name, err)
	}
	return l, nil
}
