package extension

// Endpoint is a row of the catalogue, for tests that must not forget any.
type Endpoint struct{ Method, Path string }

// Endpoints is the catalogue of the management API.
func Endpoints() []Endpoint {
	var all []Endpoint
	for _, e := range endpoints() {
		all = append(all, Endpoint{e.method, e.path})
	}
	return all
}

// AnyMethod is the verb of an endpoint that takes every verb.
const AnyMethod = anyMethod
