package azuretest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
)

// serviceError is what the service answers when it does not do what it was asked. Each service spells it in its own way; the
// codes are the service's, the texts are ours.
type serviceError struct {
	Status  int
	Code    string // as in the header x-ms-error-code
	Message string
}

func (f *serviceError) Error() string { return fmt.Sprintf("%d %s: %s", f.Status, f.Code, f.Message) }

// with returns the failure with a more exact message.
func (f *serviceError) with(format string, args ...any) *serviceError {
	return &serviceError{f.Status, f.Code, fmt.Sprintf(format, args...)}
}

// The failures that several services share.
var (
	errAuthentication   = &serviceError{http.StatusForbidden, "AuthenticationFailed", "The signature or token of the request is not the account's."}
	errNoAuthentication = &serviceError{http.StatusUnauthorized, "NoAuthenticationInformation", "The request has no credentials."}
	errResourceNotFound = &serviceError{http.StatusNotFound, "ResourceNotFound", "The specified resource does not exist."}
	errInvalidURI       = &serviceError{http.StatusBadRequest, "InvalidUri", "The request URI is invalid."}
	errUnsupportedVerb  = &serviceError{http.StatusMethodNotAllowed, "UnsupportedHttpVerb", "The resource does not support this method."}
	errInvalidHeader    = &serviceError{http.StatusBadRequest, "InvalidHeaderValue", "A header has an invalid value."}
	errInvalidQuery     = &serviceError{http.StatusBadRequest, "InvalidQueryParameterValue", "A query parameter has an invalid value."}
	errOutOfRangeQuery  = &serviceError{http.StatusBadRequest, "OutOfRangeQueryParameterValue", "A query parameter is out of its range."}
	errMissingQuery     = &serviceError{http.StatusBadRequest, "MissingRequiredQueryParameter", "A mandatory query parameter is missing."}
	errInvalidName      = &serviceError{http.StatusBadRequest, "InvalidResourceName", "The name has characters that are not allowed."}
	errNameLength       = &serviceError{http.StatusBadRequest, "OutOfRangeInput", "The name is too short or too long."}
	errInvalidXML       = &serviceError{http.StatusBadRequest, "InvalidXmlDocument", "The XML is not well-formed."}
	errBodyTooLarge     = &serviceError{http.StatusRequestEntityTooLarge, "RequestBodyTooLarge", "The body is larger than allowed."}
)

// fail answers with a failure, spelt as the exchange's service spells it.
func (x *exchange) fail(f *serviceError) *response {
	res := &response{status: f.Status, header: http.Header{}}
	res.header["X-Ms-Error-Code"] = []string{f.Code}
	message := f.Message + "\nRequestId:" + x.requestID + "\nTime:" + edmTime(x.now)
	switch {
	case x.Method == http.MethodHead || f.Status == http.StatusNotModified:
	case x.kind == Table:
		res.header["Content-Type"] = []string{"application/json;odata=minimalmetadata;streaming=true;charset=utf-8"}
		res.body = odataError(f.Code, message)
	default:
		res.header["Content-Type"] = []string{"application/xml"}
		var b bytes.Buffer
		b.WriteString(xml.Header[:len(xml.Header)-1] + "<Error><Code>" + f.Code + "</Code><Message>")
		_ = xml.EscapeText(&b, []byte(message))
		b.WriteString("</Message></Error>")
		res.body = b.Bytes()
	}
	return res
}

func odataError(code, message string) []byte {
	b := append([]byte(nil), `{"odata.error":{"code":`...)
	b = appendJSON(b, code)
	b = append(b, `,"message":{"lang":"en-US","value":`...)
	b = appendJSON(b, message)
	return append(b, "}}}"...)
}

func outOfRange(name string, value, least, most int) *serviceError {
	return errOutOfRangeQuery.with("%s QueryParameterName:%s QueryParameterValue:%d MinimumAllowed:%d MaximumAllowed:%d",
		errOutOfRangeQuery.Message, name, value, least, most)
}

// queryInt reads a number from the URL; absent gives otherwise.
func (x *exchange) queryInt(name string, otherwise, least, most int) (int, *serviceError) {
	text := x.Query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errInvalidQuery
	}
	if n < least || n > most {
		return 0, outOfRange(name, n, least, most)
	}
	return n, nil
}
