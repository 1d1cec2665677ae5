package recorded

import (
	"errors"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

var (
	dtfxChild     = durabletask.DeclareOrchestrator[string, string]("Child")
	dtfxMid       = durabletask.DeclareOrchestrator[string, string]("Mid")
	dtfxChildFail = durabletask.DeclareOrchestrator[none, string]("ChildFail")
	dtfxFlakyOnce = durabletask.DeclareOrchestrator[none, string]("FlakyOnce")
	dtfxWaitEvent = durabletask.DeclareOrchestrator[*string, text]("WaitEvent")
)

func dtfxChildren() []durabletask.Registration {
	return []durabletask.Registration{
		dtfxChild.Implement(func(ctx durabletask.Context, name string) (string, error) { return dtfxSayHello.Call(ctx, name) }),
		dtfxMid.Implement(func(ctx durabletask.Context, name string) (string, error) { return dtfxChild.Call(ctx, name) }),
		dtfxChildFail.Implement(func(ctx durabletask.Context, _ none) (string, error) {
			_, err := dtfxThrow.Call(ctx, "from child")
			return "", message(err)
		}),
		orchestrator("Parent", func(ctx durabletask.Context, _ none) ([]string, error) {
			implicit, err := dtfxChild.Call(ctx, "implicit")
			if err != nil {
				return nil, err
			}
			explicit, err := dtfxChild.Call(ctx, "explicit", durabletask.InstanceID(ctx.InstanceID()+"-explicit"))
			if err != nil {
				return nil, err
			}
			nested, err := dtfxMid.Call(ctx, "nested")
			if err != nil {
				return nil, err
			}
			_, err = dtfxChildFail.Call(ctx, none{})
			return []string{implicit, explicit, nested, "caught: " + message(err).Error() + " / "}, nil
		}),
		orchestrator("ParentFailsByChild", func(ctx durabletask.Context, _ none) (string, error) {
			out, err := dtfxChildFail.Call(ctx, none{}, durabletask.InstanceID(ctx.InstanceID()+"-c"))
			return out, message(err)
		}),
		orchestrator("RetrySub", func(ctx durabletask.Context, _ none) (string, error) {
			out, err := dtfxChildFail.Call(ctx, none{}, durabletask.RetryPolicy{First: time.Second, MaxAttempts: 2})
			return out, message(err)
		}),
		orchestrator("FireAndForget", func(ctx durabletask.Context, _ none) (string, error) {
			dtfxChild.Start(ctx, "ff", durabletask.InstanceID(ctx.InstanceID()+"-ff"), durabletask.Detached)
			return "sent", nil
		}),
		orchestrator("SubWithTags", func(ctx durabletask.Context, _ none) (string, error) {
			return dtfxChild.Call(ctx, "tagged", durabletask.InstanceID(ctx.InstanceID()+"-t"), durabletask.Tags{"ck": "cv", "own": "child"})
		}),
		orchestrator("FlakyParent", func(ctx durabletask.Context, _ none) (string, error) {
			hello, err := dtfxSayHello.Call(ctx, "par")
			if err != nil {
				return "", err
			}
			child, err := dtfxFlakyOnce.Call(ctx, none{}, durabletask.InstanceID(ctx.InstanceID()+"-c"))
			return hello + "|" + child, message(err)
		}),
		orchestrator("WaitChild", func(ctx durabletask.Context, _ none) (text, error) {
			return dtfxWaitEvent.Call(ctx, new("go"), durabletask.InstanceID(ctx.InstanceID()+"-c"))
		}),
	}
}

func dtfxFailures() []durabletask.Registration {
	return []durabletask.Registration{
		orchestrator("FailByActivity", func(ctx durabletask.Context, _ none) (string, error) {
			out, err := dtfxThrow.Call(ctx, "unhandled")
			return out, message(err)
		}),
		orchestrator("FailDirect", func(durabletask.Context, text) (string, error) { return "", errRec.New("direct failure") }),
		orchestrator("FailAfterActivity", func(ctx durabletask.Context, _ none) (string, error) {
			if _, err := dtfxSayHello.Call(ctx, "a"); err != nil {
				return "", err
			}
			return "", errors.New("after one activity")
		}),
		orchestrator("CatchActivity", func(ctx durabletask.Context, _ none) (text, error) {
			_, err := dtfxThrow.Call(ctx, "caught")
			return jsonOf(struct {
				Message   string  `json:"message"`
				Inner     *string `json:"inner"`
				ErrorType *string `json:"errorType"`
			}{Message: message(err).Error()})
		}),
		orchestrator("BigFail", func(_ durabletask.Context, n int) (string, error) { return "", errors.New(strings.Repeat("e", n)) }),
		orchestrator("Retry", func(ctx durabletask.Context, n int) (string, error) {
			out, err := dtfxFlaky.Call(ctx, n, durabletask.RetryPolicy{First: time.Second, MaxAttempts: 3, Backoff: 2})
			return out, message(err)
		}),
		dtfxFlakyOnce.Implement(func(ctx durabletask.Context, _ none) (string, error) {
			hello, err := dtfxSayHello.Call(ctx, "pre")
			if err != nil {
				return "", err
			}
			ok, err := dtfxFlaky.Call(ctx, 1)
			return hello + "|" + ok, message(err)
		}),
	}
}
