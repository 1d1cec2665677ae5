package hosttest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// hostVersion is the version that the double claims to be.
const hostVersion = "4.1037.0.0"

const agent = "Azure-Functions-Host/" + hostVersion

// errFunctionTimeout is an invocation that ran out of time.
var errFunctionTimeout = errors.New("the function's timeout was exceeded")

// invoke calls a function in JSON mode and judges its answer.
func (j *jobHost) invoke(f *function, id string, p *payload, parent *header) (*answer, error) {
	var a *answer
	err := j.execute(f, id, func(limit context.Context, connections *pool) error {
		body := object(member{"Data", p.data}, member{"Metadata", p.metadata.value()})
		if j.host.options.Vary {
			body = vary(body)
		}
		response, err := j.post(connections, f, id, body.String(), parent)
		if err != nil {
			return err
		}
		a, err = judge(response)
		if errors.Is(err, errHangs) {
			if !j.host.options.PlayOut {
				j.host.failf("function %s: %v", f.name, err)
				return err
			}
			<-limit.Done()
			return context.Cause(limit)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, line := range a.logs {
		j.logf(Information, "Function."+f.name+".User", "%s", line)
	}
	return a, nil
}

// execute runs one invocation within the function's timeout, of which do gets the context. When it is over, the program is killed after a grace; only
// then the invocation ends. The request to the program is never cancelled: it ends with the program, or the job host.
func (j *jobHost) execute(f *function, id string, do func(context.Context, *pool) error) error {
	if j.worker == nil {
		return errPoolClosed
	}
	category := "Function." + f.name
	j.logf(Information, category, "Executing 'Functions.%s' (Id=%s)", f.name, id)
	ctx, cancel := context.WithCancelCause(j.ctx)
	defer cancel(nil)
	if limit := j.app.functionTime; limit > 0 {
		timer := time.AfterFunc(limit, func() { cancel(errFunctionTimeout) })
		defer timer.Stop()
	}
	ended := make(chan error, 1)
	running := j.spawn(func() {
		connections, err := j.worker.await(ctx)
		if err == nil {
			p := j.worker.running()
			if err = do(ctx, connections); errors.Is(err, errSending) {
				j.worker.notice(j.ctx, p, connections)
			}
		}
		ended <- err
	})
	if !running {
		return errPoolClosed
	}
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if errors.Is(err, errFunctionTimeout) {
		j.logf(Error, category, "Timeout value of %s exceeded by function 'Functions.%s' (Id: '%s'). Initiating cancellation.",
			timeSpanText(j.app.functionTime), f.name, id)
		j.timedOut(id)
	}
	if err != nil {
		j.logf(Error, category, "Executed 'Functions.%s' (Failed, Id=%s)\nException while executing function: Functions.%s\n%v", f.name, id, f.name, err)
		return err
	}
	j.logf(Information, category, "Executed 'Functions.%s' (Succeeded, Id=%s)", f.name, id)
	return nil
}

// timedOut kills and restarts the program after the grace.
func (j *jobHost) timedOut(id string) {
	grace := time.NewTimer(j.host.options.Grace)
	defer grace.Stop()
	select {
	case <-grace.C:
	case <-j.ctx.Done():
		return
	}
	j.logf(Warning, timeoutClass, "A function timeout has occurred. Restarting worker process executing invocationId '%s'.", id)
	j.worker.restart(j.ctx)
	j.logf(Warning, timeoutClass, "Restart of language worker process(es) completed.")
}

func timeSpanText(d time.Duration) string {
	return time.Time{}.Add(d).Format("15:04:05")
}

// post sends an invocation. Redirects are followed unless requests are forwarded.
func (j *jobHost) post(connections *pool, f *function, id, body string, parent *header) (*response, error) {
	c := &call{method: "POST", target: "/" + f.name, body: []byte(body)}
	for redirects := 0; ; redirects++ {
		c.header = header{
			{"Host", connections.address}, {"X-Azure-Functions-HostVersion", hostVersion}, {"X-Azure-Functions-InvocationId", id}, {"User-Agent", agent},
		}
		c.chunked = c.body != nil && !j.host.coreTools()
		if c.chunked {
			c.header.add("Transfer-Encoding", "chunked")
		}
		if j.host.options.Trace {
			c.header = append(c.header, traceOf(parent)...)
		}
		if c.body != nil {
			c.header.add("Content-Type", "application/json; charset=utf-8")
		}
		if c.body != nil && !c.chunked {
			c.header.add("Content-Length", strconv.Itoa(len(c.body)))
		}
		answer, err := connections.do(j.ctx, c)
		if err != nil {
			return nil, err
		}
		to := answer.redirect()
		if to == "" || j.app.program.mode == modeForward || redirects == maxRedirects {
			return answer, nil
		}
		c.target = local(to, connections.address)
		if answer.status < 307 || answer.status > 308 {
			c.method, c.body = "GET", nil
		}
	}
}

// traceOf is the fields of a span below the caller's, or of a new trace that is not sampled.
func traceOf(parent *header) header {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	trace, span, flags := fmt.Sprintf("%x", b[:16]), fmt.Sprintf("%x", b[16:]), "00"
	var state string
	if parent != nil {
		if parts := strings.Split(parent.first("traceparent"), "-"); len(parts) == 4 {
			trace, flags = parts[1], parts[3]
			state = parent.first("tracestate")
		}
	}
	out := header{{"traceparent", "00-" + trace + "-" + span + "-" + flags}}
	if state != "" {
		out.add("tracestate", state)
	}
	return out
}
