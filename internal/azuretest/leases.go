package azuretest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of leases, from the service's documentation.
const (
	MinLeaseSeconds      = 15
	MaxLeaseSeconds      = 60
	InfiniteLease        = -1
	MaxLeaseBreakSeconds = 60
)

var (
	errLeaseExists         = &serviceError{http.StatusConflict, "LeaseAlreadyPresent", "The lease is taken."}
	errLeaseBreaking       = &serviceError{http.StatusConflict, "LeaseIsBreakingAndCannotBeAcquired", "The lease is being broken."}
	errLeaseOtherID        = &serviceError{http.StatusConflict, "LeaseIdMismatchWithLeaseOperation", "The lease has another id."}
	errLeaseNotPresent     = &serviceError{http.StatusConflict, "LeaseNotPresentWithLeaseOperation", "There is no lease."}
	errLeaseBrokenRenew    = &serviceError{http.StatusConflict, "LeaseIsBrokenAndCannotBeRenewed", "The lease is broken and can't be renewed."}
	errLeaseBreakingChange = &serviceError{http.StatusConflict, "LeaseIsBreakingAndCannotBeChanged", "The lease is being broken and can't be changed."}
	errLeaseIDMissing      = &serviceError{http.StatusPreconditionFailed, "LeaseIdMissing", "There is a lease, and the request has no lease id."}
	errLeaseLost           = &serviceError{http.StatusPreconditionFailed, "LeaseLost", "The lease of this id has ended."}
	errMissingHeader       = &serviceError{http.StatusBadRequest, "MissingRequiredHeader", "A mandatory header is missing."}
)

// lease is the lease of a container or blob. Its state follows from the clock; an ended one keeps its id until another is taken.
type lease struct {
	id       string
	duration int       // seconds, or InfiniteLease
	expires  time.Time // of a lease with an end
	broken   time.Time // when it is, or will be, broken; zero when nobody broke it
}

const (
	available = "available"
	leased    = "leased"
	expired   = "expired"
	breaking  = "breaking"
	broken    = "broken"
)

func (l *lease) state(now time.Time) string {
	switch {
	case l.id == "":
		return available
	case !l.broken.IsZero() && now.Before(l.broken):
		return breaking
	case !l.broken.IsZero():
		return broken
	case l.duration != InfiniteLease && !now.Before(l.expires):
		return expired
	}
	return leased
}

func (l *lease) locked(now time.Time) bool {
	s := l.state(now)
	return s == leased || s == breaking
}

func (l *lease) take(id string, duration int, now time.Time) {
	*l = lease{id: id, duration: duration, expires: now.Add(seconds(duration))}
}

// write puts the headers (or, for listings, the elements) that tell of a lease.
func (l *lease) describe(now time.Time) (status, state, duration string) {
	status, state = "unlocked", l.state(now)
	if l.locked(now) {
		status = "locked"
	}
	if state == leased {
		duration = "fixed"
		if l.duration == InfiniteLease {
			duration = "infinite"
		}
	}
	return status, state, duration
}

func (l *lease) headers(h http.Header, now time.Time) {
	status, state, duration := l.describe(now)
	h["X-Ms-Lease-Status"], h["X-Ms-Lease-State"] = []string{status}, []string{state}
	if duration != "" {
		h["X-Ms-Lease-Duration"] = []string{duration}
	}
}

// allows checks the lease id that a request to the leased thing carries. what is "Blob" or "Container". A request that
// mustHold needs the id of an active lease.
func (l *lease) allows(id, what string, mustHold bool, now time.Time) *serviceError {
	active := l.locked(now)
	switch {
	case id == "" && active && mustHold:
		return errLeaseIDMissing
	case id == "":
		return nil
	case active && !strings.EqualFold(id, l.id):
		return &serviceError{http.StatusPreconditionFailed, "LeaseIdMismatchWith" + what + "Operation", "The lease has another id."}
	case active:
		return nil
	case l.id != "" && strings.EqualFold(id, l.id):
		return errLeaseLost
	}
	return &serviceError{http.StatusPreconditionFailed, "LeaseNotPresentWith" + what + "Operation", "There is no lease."}
}

// written makes an ended lease available: after a write its former holder cannot renew it any more.
func (l *lease) written(now time.Time) {
	if !l.locked(now) {
		*l = lease{}
	}
}

// leaseCall is a request to a lease, with its arguments checked.
type leaseCall struct {
	action         string
	id, proposed   string
	duration       int
	breakPeriod    int
	hasBreakPeriod bool
}

var leaseID = regexp.MustCompile(`^\{?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?$`)

func (x *exchange) leaseCall() (c leaseCall, f *serviceError) {
	h := x.Header
	c = leaseCall{action: strings.ToLower(h.Get("X-Ms-Lease-Action")), id: h.Get("X-Ms-Lease-Id"), proposed: h.Get("X-Ms-Proposed-Lease-Id")}
	number := func(header string) int {
		n, err := strconv.Atoi(h.Get(header))
		if err != nil {
			f = errInvalidHeader
		}
		return n
	}
	for _, id := range []string{c.id, c.proposed} {
		if id != "" && !leaseID.MatchString(id) {
			return c, errInvalidHeader
		}
	}
	switch c.action {
	case "acquire":
		if h.Get("X-Ms-Lease-Duration") == "" {
			return c, errMissingHeader
		}
		c.duration = number("X-Ms-Lease-Duration")
		if c.duration != InfiniteLease && (c.duration < MinLeaseSeconds || c.duration > MaxLeaseSeconds) {
			return c, errInvalidHeader
		}
	case "break":
		if c.hasBreakPeriod = h.Get("X-Ms-Lease-Break-Period") != ""; c.hasBreakPeriod {
			c.breakPeriod = number("X-Ms-Lease-Break-Period")
		}
		if c.breakPeriod < 0 || c.breakPeriod > MaxLeaseBreakSeconds {
			return c, errInvalidHeader
		}
	case "renew", "release", "change":
		if c.id == "" || c.action == "change" && c.proposed == "" {
			return c, errMissingHeader
		}
	default:
		return c, errInvalidHeader
	}
	return c, f
}

// apply does what the call asks for and answers. newID is the id of a lease for which none was proposed.
func (l *lease) apply(c leaseCall, newID func() string, now time.Time) (*response, *serviceError) {
	state := l.state(now)
	mine := strings.EqualFold(c.id, l.id)
	switch c.action {
	case "acquire":
		again := c.proposed != "" && strings.EqualFold(c.proposed, l.id)
		switch {
		case state == breaking && again:
			return nil, errLeaseBreaking
		case state == breaking, state == leased && !again:
			return nil, errLeaseExists
		}
		id := c.proposed
		if id == "" {
			id = newID()
		}
		l.take(id, c.duration, now)
		return respond(http.StatusCreated, "x-ms-lease-id", l.id), nil
	case "renew":
		switch {
		case state == available || !mine:
			return nil, errLeaseOtherID
		case state == breaking || state == broken:
			return nil, errLeaseBrokenRenew
		}
		l.take(l.id, l.duration, now)
		return respond(http.StatusOK, "x-ms-lease-id", l.id), nil
	case "change":
		switch {
		case state == available || state == expired || state == broken:
			return nil, errLeaseNotPresent
		case !mine && !(state == leased && strings.EqualFold(c.proposed, l.id)):
			return nil, errLeaseOtherID
		case state == breaking:
			return nil, errLeaseBreakingChange
		}
		l.id = c.proposed
		return respond(http.StatusOK, "x-ms-lease-id", l.id), nil
	case "release":
		if state == available || !mine {
			return nil, errLeaseOtherID
		}
		*l = lease{}
		return respond(http.StatusOK), nil
	}
	return l.breakUp(c, state, now)
}

// breakUp ends a lease at once or after a while: after the rest of its time, or the period asked for if that is shorter.
func (l *lease) breakUp(c leaseCall, state string, now time.Time) (*response, *serviceError) {
	wait := time.Duration(0)
	switch state {
	case available:
		return nil, errLeaseNotPresent
	case breaking:
		wait = l.broken.Sub(now)
		if c.hasBreakPeriod {
			wait = min(wait, seconds(c.breakPeriod))
		}
	case leased:
		if l.duration != InfiniteLease {
			wait = l.expires.Sub(now)
		}
		if c.hasBreakPeriod && (l.duration == InfiniteLease || seconds(c.breakPeriod) < wait) {
			wait = seconds(c.breakPeriod)
		}
	}
	if state != broken {
		l.broken = now.Add(wait)
	}
	left := int((wait + time.Second - 1) / time.Second)
	return respond(http.StatusAccepted, "x-ms-lease-time", strconv.Itoa(left)), nil
}
