package extension

import (
	_ "embed"
	"net/http"
)

// openAPI is the description of the management API in OpenAPI 3.1. A test compares it with the catalogue of endpoints and with recorded answers.
//
//go:embed openapi.json
var openAPI []byte

// describe is GET openapi.json.
func (*call) describe(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(openAPI) // if it fails the caller has gone away: nobody is left to be told
	return nil
}
