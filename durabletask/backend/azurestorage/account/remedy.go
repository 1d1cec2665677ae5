package account

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// maxSkew is how far our clock may be off before the service takes no signature of ours.
const maxSkew = 15 * time.Minute

// remedy says what a person has to do about an error, if anything.
func (a *Account) remedy(e *Error) string {
	if e.noTables() {
		return "this kind of account has no tables: use a general-purpose account (StorageV2)"
	}
	switch e.Code {
	case "AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation":
		return a.whyUnauthenticated()
	case "AuthorizationFailure":
		return "the account's firewall refuses this machine, or the identity has no role there: allow the network, or " + a.role(e.service)
	case "AuthorizationPermissionMismatch", "InsufficientAccountPermissions":
		if a.connection.proof.sas != "" {
			return "the shared access signature allows too little: make one with ss=bqt, srt=sco and sp=rwdlacup"
		}
		return a.role(e.service)
	case "AuthorizationServiceMismatch", "AuthorizationResourceTypeMismatch", "AuthorizationProtocolMismatch", "AuthorizationSourceIPMismatch":
		return "the shared access signature is not for this: make one with ss=bqt, srt=sco and sp=rwdlacup"
	case "KeyBasedAuthenticationNotPermitted":
		return "the account takes no keys: use an identity (AzureWebJobsStorage__accountName) in place of the connection string"
	case "AccountIsDisabled":
		return "enable the account, or use another"
	}
	if e.Status == 401 || e.Status == 403 {
		return a.whyUnauthenticated()
	}
	var dns *net.DNSError
	if errors.As(e.Err, &dns) && dns.IsNotFound {
		text := "check the name of the account and this machine's network"
		if e.service == tableService {
			text += "; accounts without tables (BlobStorage, premium) have no such host: use a general-purpose one (StorageV2)"
		}
		return text
	}
	if e.noToken() {
		return "check the identity's settings (__credential, __clientId), and that this machine has one"
	}
	if e.Status == 0 && a.connection.emulator && notSent(e.Err) {
		return "is the emulator running? (npx azurite)"
	}
	return ""
}

func (a *Account) whyUnauthenticated() string {
	if offset, known := a.clock.offset(); known && (offset > maxSkew || offset < -maxSkew) {
		return fmt.Sprintf("this machine's clock is off by %s: set it", (-offset).Round(time.Minute))
	}
	switch p := a.connection.proof; {
	case p.credential != nil:
		return "the identity is not of this account's tenant, or its token is refused: check __tenantId and __clientId, and " + a.role(queueService)
	case p.sas != "":
		return "the shared access signature is wrong, over, or revoked: make a new one with ss=bqt, srt=sco and sp=rwdlacup"
	default:
		return "the key is not this account's, or has been rotated: copy the connection string from the portal (“Access keys”) again"
	}
}

func (a *Account) role(s service) string {
	return "give the identity the role Storage " + [...]string{"Blob", "Queue", "Table"}[s] + " Data Contributor on the account"
}
