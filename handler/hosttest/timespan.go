package hosttest

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var timeSpan = regexp.MustCompile(`^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$`)

// parseTimeSpan reads hh:mm:ss with days before and fractions behind.
func parseTimeSpan(s string) (time.Duration, error) {
	m := timeSpan.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a time span, such as 00:00:30", s)
	}
	part := func(i int) time.Duration {
		n, _ := strconv.Atoi("0" + m[i]) // digits only
		return time.Duration(n)
	}
	const day = 24 * time.Hour
	d := part(2)*day + part(3)*time.Hour + part(4)*time.Minute + part(5)*time.Second
	if m[6] != "" {
		fraction, _ := strconv.Atoi((m[6] + "0000000")[:7])
		d += time.Duration(fraction) * 100
	}
	if m[1] != "" {
		d = -d
	}
	return d, nil
}
