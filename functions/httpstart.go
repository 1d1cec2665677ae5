package main

import (
	"net/http"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// HTTPStart starts an orchestration by name. The body is its input, in JSON.
var HTTPStart = bindings.HTTP("HttpStart", bindings.Route{
	Methods: []string{http.MethodPost},
	Pattern: "orchestrators/{name}/{instanceId?}",
	Example: "orchestrators/HelloCities/hello-1",
}, httpStart)

func httpStart(w http.ResponseWriter, r *http.Request, client *bindings.DurableClient) {
	input, err := bindings.ReadJSON(r)
	if err != nil {
		bindings.WriteError(w, err)
		return
	}
	var options []durabletask.StartOption
	if id := bindings.Param(r, "instanceId"); id != "" {
		options = append(options, durabletask.InstanceID(id))
	}
	id, err := client.ScheduleJSON(r.Context(), bindings.Param(r, "name"), input, options...)
	if err != nil {
		bindings.WriteError(w, err)
		return
	}
	client.CreateCheckStatusResponse(w, r, id)
}
