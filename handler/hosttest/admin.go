package hosttest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// admin answers the host's own endpoints; nil for what is none. Without the master key all but two of them answer 401.
func (h *Host) admin(q *request, path, query string) *response {
	parts := strings.Split(strings.Trim(strings.ToLower(path), "/"), "/")
	if parts[0] == "runtime" && len(parts) > 2 && parts[1] == "webhooks" {
		return h.guarded(q, query, func() *response { return &response{status: http.StatusNotFound} })
	}
	if parts[0] != "admin" || len(parts) < 2 {
		return nil
	}
	name := ""
	if raw := strings.Split(strings.Trim(path, "/"), "/"); len(raw) > 2 {
		name = raw[2]
	}
	switch at := strings.Join(parts[1:], "/"); {
	case at == "warmup":
		return &response{status: http.StatusOK}
	case at == "host/ping":
		return &response{status: http.StatusOK, header: header{{"Cache-Control", "no-store,no-cache"}, {"Pragma", "no-cache"}}}
	case at == "host/status":
		return h.guarded(q, query, h.status)
	case at == "host/restart" && q.method == http.MethodPost, at == "host/resume" && q.method == http.MethodPost:
		return h.guarded(q, query, func() *response {
			h.closing.Go(func() { h.Restart() })
			return jsonResponse(http.StatusOK, object(member{"state", text("Running")}))
		})
	case parts[1] == "functions" && len(parts) == 4 && parts[3] == "status":
		return h.guarded(q, query, func() *response { return h.functionStatus(name) })
	case parts[1] == "functions" && len(parts) == 3 && q.method == http.MethodPost:
		return h.guarded(q, query, func() *response { return h.adminInvoke(q, name) })
	}
	return nil
}

// guarded lets the master key through.
func (h *Host) guarded(q *request, query string, next func() *response) *response {
	if h.options.Keys.identify(q.header, parseQuery(query), nil).level != levelAdmin && !h.options.CoreTools {
		return &response{status: http.StatusUnauthorized, header: header{{"WWW-Authenticate", "Bearer"}}}
	}
	return next()
}

func jsonResponse(status int, v *value) *response {
	body := v.String()
	return &response{status: status, body: []byte(body), header: header{
		{"Content-Type", "application/json; charset=utf-8"}, {"Content-Length", strconv.Itoa(len(body))},
	}}
}

// status is how the host is.
func (h *Host) status() *response {
	return jsonResponse(http.StatusOK, object(
		member{"id", text("hosttest")}, member{"state", text("Running")}, member{"version", text(hostVersion)},
		member{"versionDetails", text(strings.TrimSuffix(hostVersion, ".0"))}, member{"platformVersion", text("")}, member{"instanceId", text("")},
		member{"computerName", text("")}, member{"processUptime", number(1)}, member{"functionAppContentEditingState", text("Unknown")}))
}

// functionStatus has the errors of a function.
func (h *Host) functionStatus(name string) *response {
	for _, f := range h.app().functions {
		if !strings.EqualFold(f.name, name) {
			continue
		}
		v := object()
		if len(f.errors) > 0 {
			list := &value{kind: kindArray}
			for _, e := range f.errors {
				list.items = append(list.items, text(e))
			}
			v.put("errors", list)
		}
		return jsonResponse(http.StatusOK, v)
	}
	return &response{status: http.StatusNotFound}
}

// adminInvoke starts a function that is not called by HTTP; the caller does not learn how it ends.
func (h *Host) adminInvoke(q *request, name string) *response {
	if !strings.HasPrefix(strings.ToLower(q.header.first("Content-Type")), "application/json") {
		return &response{status: http.StatusUnsupportedMediaType}
	}
	j := h.current()
	f := j.app.function(name)
	if f == nil {
		return &response{status: http.StatusNotFound}
	}
	body, err := h.readBody(q)
	if err != nil {
		return failed()
	}
	input := ""
	if v, err := parseJSON(body); err == nil && v.kind == kindObject {
		if in := v.memberFold("input"); in.is(kindString) {
			input = in.text
		}
	}
	j.spawn(func() {
		switch trigger := f.trigger(); {
		case trigger.is("httpTrigger"):
			j.logf(Error, "Function."+f.name, "An HttpRequest is required")
		case trigger.is("timerTrigger"):
			_, _ = j.fire(f, Timer{Last: time.Time{}, manual: true}) // the log has it
		default:
			_, _ = j.manual(f, input) // the log has it
		}
	})
	return &response{status: http.StatusAccepted}
}
