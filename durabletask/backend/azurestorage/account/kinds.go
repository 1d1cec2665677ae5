package account

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	"github.com/azdurable/azdurable/durabletask/backend"
)

func as(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Row: -1}
}

// NotFound reports whether the thing, or what it lies in, does not exist (404).
func NotFound(err error) bool { return as(err).Status == http.StatusNotFound }

// Conflict reports whether the state of the thing forbids the request (409).
func Conflict(err error) bool { return as(err).Status == http.StatusConflict }

// AlreadyExists reports whether something of that name or key exists: a conflict, or a condition (If-None-Match: *) not met.
func AlreadyExists(err error) bool {
	switch as(err).Code {
	case "EntityAlreadyExists", "TableAlreadyExists", "QueueAlreadyExists", "ContainerAlreadyExists", "BlobAlreadyExists":
		return true
	}
	return false
}

// PreconditionFailed reports whether a condition on an ETag or a lease was not met (412).
func PreconditionFailed(err error) bool { return as(err).Status == http.StatusPreconditionFailed }

// MessageGone reports whether a queue message is no longer ours: deleted, or its pop receipt replaced by a later one.
func MessageGone(err error) bool {
	switch as(err).Code {
	case "MessageNotFound", "PopReceiptMismatch":
		return true
	}
	return false
}

// LeaseLost reports whether a request failed because somebody else, or nobody, has the lease.
func LeaseLost(err error) bool {
	e := as(err)
	if e.Status != http.StatusConflict && e.Status != http.StatusPreconditionFailed {
		return false
	}
	switch e.Code {
	case "LeaseAlreadyPresent", "LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithBlobOperation", "LeaseIdMismatchWithContainerOperation",
		"LeaseNotPresentWithLeaseOperation", "LeaseNotPresentWithBlobOperation", "LeaseNotPresentWithContainerOperation", "LeaseLost",
		"LeaseIsBrokenAndCannotBeRenewed", "LeaseIsBreakingAndCannotBeAcquired", "LeaseIsBreakingAndCannotBeChanged", "LeaseIdMissing":
		return true
	}
	return false
}

// Throttled reports whether the service has too much to do (429, 503).
func Throttled(err error) bool {
	s := as(err).Status
	return s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable
}

// Transient reports whether the failure passes by itself: no network, no answer, 5xx, 429. It is errors.Is(err, backend.ErrTransient).
func Transient(err error) bool { return errors.Is(err, backend.ErrTransient) }

// Ambiguous reports whether the request may have changed something although it failed.
func Ambiguous(err error) bool { return as(err).Ambiguous }

// Denied reports whether we may not do that (401, 403) or could not prove who we are. The error says what to do.
func Denied(err error) bool {
	e := as(err)
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.noToken()
}

// NoTables reports whether the account is of a kind without tables.
func NoTables(err error) bool { return as(err).noTables() }

func (e *Error) noTables() bool {
	switch e.Code {
	case "FeatureNotSupportedForAccount", "ResourceTypeNotSupported":
		return e.service == tableService
	}
	return e.service == tableService && e.Kind == kindCreateTable && e.Status == http.StatusNotFound
}

// noToken reports whether there was an answer from whoever makes tokens, and it was no.
func (e *Error) noToken() bool {
	var no interface{ NonRetriable() }
	return e.Status == 0 && e.untouched && errors.As(e.Err, &no) && e.permanent()
}

// beingDeleted reports whether a code says that a thing of that name is on its way out.
func beingDeleted(code string) bool {
	return code == "QueueBeingDeleted" || code == "TableBeingDeleted" || code == "ContainerBeingDeleted"
}

// permanent reports whether what failed on the way won't pass by itself: a certificate that is not trusted, an identity that is refused.
func (e *Error) permanent() bool {
	if untrusted(e.Err) {
		return true
	}
	// Errors of credentials say whether they pass; those that don't say so pass if they are the network's.
	var passes interface{ Transient() bool }
	if errors.As(e.Err, &passes) {
		return !passes.Transient()
	}
	var no interface{ NonRetriable() }
	var network net.Error
	return e.untouched && errors.As(e.Err, &no) && !errors.As(e.Err, &network)
}

// untrusted reports whether the service has not proved that it is the one.
func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &host)
}
