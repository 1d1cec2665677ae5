package bindings

import "net/http"

// HTTPCreationPayload is the set of URLs by which instances are started. What stands in braces is for the caller to replace, and
// [/{instanceId}] to replace or to leave out.
type HTTPCreationPayload struct {
	CreateNewInstancePostURI          string `json:"createNewInstancePostUri"`
	CreateAndWaitOnNewInstancePostURI string `json:"createAndWaitOnNewInstancePostUri"`
}

// CreateHTTPCreationPayload returns the URLs that start instances, as seen by whoever made the request; nil if there is none. They carry the app's
// key, also where links to instances are signed: who may start anything may do everything.
//
// DTFx: HttpApiHandler.GetInstanceCreationLinks.
func (c *DurableClient) CreateHTTPCreationPayload(r *http.Request) HTTPCreationPayload {
	start := c.links.Origin(r) + c.links.Path + "/orchestrators/{functionName}[/{instanceId}]?"
	return HTTPCreationPayload{
		CreateNewInstancePostURI:          start + c.links.code(),
		CreateAndWaitOnNewInstancePostURI: start + "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&" + c.links.code(),
	}
}
