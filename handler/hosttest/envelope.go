package hosttest

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// answer is what the program answers to an invocation in JSON mode.
type answer struct {
	outputs *value // an object, or nil
	logs    []string
	result  *value // ReturnValue; nil or null if there is none
}

// errHangs is an answer after which the host waits until the function's timeout.
var errHangs = errors.New("the answer is empty or null: the host takes it for no answer and waits until the function's timeout, then kills the program; " +
	"answer {} at least")

// judge reads an answer as strictly as the host. errHangs is one that the host does not even notice.
func judge(p *response) (*answer, error) {
	if p.status < 200 || p.status > 299 {
		return nil, fmt.Errorf("Response status code does not indicate success: %d (%s).", p.status, p.reason) //nolint:revive // the host's words
	}
	if len(p.body) == 0 {
		return nil, errHangs
	}
	invalid := func(why string) error {
		return fmt.Errorf("Invalid HttpResponseMessage: %s. StatusCode: %d, Content-Type: %q, body: %.200q",
			why, p.status, p.header.first("Content-Type"), p.body)
	}
	media, parameters, err := mime.ParseMediaType(p.header.first("Content-Type"))
	if err != nil || media != "application/json" && media != "text/json" {
		return nil, invalid("the content type must be application/json")
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, invalid("the charset must be utf-8")
	}
	v, err := parseJSON(p.body)
	switch {
	case err != nil:
		return nil, invalid(err.Error())
	case v.kind == kindNull:
		return nil, errHangs
	case v.kind != kindObject:
		return nil, invalid("the answer must be a JSON object")
	}
	a := &answer{result: v.memberFold("ReturnValue")}
	switch outputs := v.memberFold("Outputs"); {
	case outputs.absent():
	case outputs.kind == kindObject:
		a.outputs = outputs
	default:
		return nil, invalid("Outputs must be an object")
	}
	logs := v.memberFold("Logs")
	if !logs.absent() && logs.kind != kindArray {
		return nil, invalid("Logs must be an array of strings")
	}
	if logs.is(kindArray) {
		for _, line := range logs.items {
			if line.kind != kindString {
				return nil, invalid("Logs must be an array of strings")
			}
			a.logs = append(a.logs, line.text)
		}
	}
	return a, nil
}

// output is the value of a named output. Names count exactly; a ReturnValue that is an object feeds names that Outputs does not have.
func (a *answer) output(name string) *value {
	if a.outputs != nil {
		if v := a.outputs.member(name); v != nil {
			return v
		}
	}
	if a.result.is(kindObject) {
		return a.result.member(name)
	}
	return nil
}

// redirect is the target of an answer that the host's client follows, or empty.
func (p *response) redirect() string {
	switch p.status {
	case http.StatusMultipleChoices, http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return p.header.first("Location")
	}
	return ""
}
