package azuretest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
)

// Failure is what the service answers when it does not do what it was asked. Each service spells it in its own way.
type Failure struct {
	Status  int
	Code    string // as in the header x-ms-error-code
	Message string
}

func (f *Failure) Error() string { return fmt.Sprintf("%d %s: %s", f.Status, f.Code, f.Message) }

// with returns the failure with a more exact message.
func (f *Failure) with(format string, args ...any) *Failure {
	return &Failure{f.Status, f.Code, fmt.Sprintf(format, args...)}
}

// The failures that several services share.
var (
	errAuthentication   = &Failure{http.StatusForbidden, "AuthenticationFailed", "Server failed to authenticate the request. Make sure the value of the Authorization header is formed correctly including the signature."}
	errNoAuthentication = &Failure{http.StatusUnauthorized, "NoAuthenticationInformation", "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."}
	errResourceNotFound = &Failure{http.StatusNotFound, "ResourceNotFound", "The specified resource does not exist."}
	errInvalidURI       = &Failure{http.StatusBadRequest, "InvalidUri", "The request URI is invalid."}
	errUnsupportedVerb  = &Failure{http.StatusMethodNotAllowed, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb."}
	errInvalidHeader    = &Failure{http.StatusBadRequest, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format."}
	errInvalidQuery     = &Failure{http.StatusBadRequest, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid."}
	errOutOfRangeQuery  = &Failure{http.StatusBadRequest, "OutOfRangeQueryParameterValue", "One of the query parameters specified in the request URI is outside the permissible range."}
	errMissingQuery     = &Failure{http.StatusBadRequest, "MissingRequiredQueryParameter", "A query parameter that's mandatory for this request is not specified."}
	errInvalidName      = &Failure{http.StatusBadRequest, "InvalidResourceName", "The specified resource name contains invalid characters."}
	errNameLength       = &Failure{http.StatusBadRequest, "OutOfRangeInput", "The specified resource name length is not within the permissible limits."}
	errInvalidXML       = &Failure{http.StatusBadRequest, "InvalidXmlDocument", "XML specified is not syntactically valid."}
	errInvalidMetadata  = &Failure{http.StatusBadRequest, "InvalidMetadata", "The metadata specified is invalid. It has characters that are not permitted."}
	errBodyTooLarge     = &Failure{http.StatusRequestEntityTooLarge, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."}
)

// fail answers with a failure, spelt as the exchange's service spells it.
func (x *exchange) fail(f *Failure) *response {
	res := &response{status: f.Status, header: http.Header{}}
	res.header["X-Ms-Error-Code"] = []string{f.Code}
	message := f.Message + "\nRequestId:" + x.requestID + "\nTime:" + edmTime(x.now)
	switch {
	case x.method == http.MethodHead || f.Status == http.StatusNotModified:
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

func outOfRange(name string, value, least, most int) *Failure {
	return errOutOfRangeQuery.with("%s QueryParameterName:%s QueryParameterValue:%d MinimumAllowed:%d MaximumAllowed:%d",
		errOutOfRangeQuery.Message, name, value, least, most)
}

// queryInt reads a number from the URL; absent gives otherwise.
func (x *exchange) queryInt(name string, otherwise, least, most int) (int, *Failure) {
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
