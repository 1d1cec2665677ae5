package recorded

import "github.com/azdurable/azdurable/durabletask"

var (
	echo     = durabletask.DeclareOrchestrator[text, text]("Echo")
	nested   = durabletask.DeclareOrchestrator[depth, text]("Nested")
	waitOrch = durabletask.DeclareOrchestrator[text, text]("WaitEvent")
	timer    = durabletask.DeclareOrchestrator[float64, string]("Timer")
)

type depth struct {
	Depth int `json:"depth"`
}

func functionsChildren() []durabletask.Registration {
	parent := func(ctx durabletask.Context) *string {
		if id := ctx.ParentInstanceID(); id != "" {
			return &id
		}
		return nil
	}
	return []durabletask.Registration{
		echo.Implement(func(_ durabletask.Context, in text) (text, error) { return in, nil }),
		nested.Implement(func(ctx durabletask.Context, in depth) (text, error) {
			var x text
			if in.Depth > 0 {
				var err error
				if x, err = nested.Call(ctx, depth{in.Depth - 1}); err != nil {
					return nil, err
				}
			}
			return jsonOf(struct {
				D      int     `json:"d"`
				X      text    `json:"x"`
				Parent *string `json:"parent"`
				ID     string  `json:"id"`
			}{in.Depth, x, parent(ctx), ctx.InstanceID()})
		}),
		function("SubOrch", func(ctx durabletask.Context, _ none) (text, error) {
			a, err := sequence.Call(ctx, none{})
			if err != nil {
				return nil, err
			}
			b, err := nested.Call(ctx, depth{2}, durabletask.InstanceID(ctx.InstanceID()+":child"))
			if err != nil {
				return nil, err
			}
			// What is detached has an id of NewGuid in the extension, and the next sequence number here.
			n, n2 := ctx.NewUUID().String(), ctx.InstanceID()+"-ff"
			echo.Start(ctx, text(`{"fire":"forget"}`), durabletask.InstanceID(n), durabletask.Detached)
			echo.Start(ctx, text("5"), durabletask.InstanceID(n2), durabletask.Detached)
			return jsonOf(struct {
				A      []string `json:"a"`
				B      text     `json:"b"`
				N      string   `json:"n"`
				N2     string   `json:"n2"`
				Parent *string  `json:"parent"`
				ID     string   `json:"id"`
			}{a, b, n, n2, parent(ctx), ctx.InstanceID()})
		}),
		function("SubFail", func(ctx durabletask.Context, _ none) (int, error) {
			_, err := failOrch.Call(ctx, text(`"x"`))
			return 1, failedChild(err)
		}),
		function("SubWait", func(ctx durabletask.Context, in text) (text, error) {
			child, err := waitOrch.Call(ctx, text(`{"from":"parent"}`), durabletask.InstanceID("child-1"))
			if err != nil {
				return nil, err
			}
			return jsonOf(struct {
				Parent text `json:"parent"`
				Child  text `json:"child"`
			}{in, child})
		}),
		function("SubWaitAuto", func(ctx durabletask.Context, _ text) (text, error) {
			const childTakes = 12
			a, err := square.Call(ctx, 4)
			if err != nil {
				return nil, err
			}
			child, err := timer.Call(ctx, childTakes)
			if err != nil {
				return nil, err
			}
			return jsonOf(struct {
				A     int    `json:"a"`
				Child string `json:"child"`
				G     string `json:"g"`
			}{a, child, ctx.NewUUID().String()})
		}),
	}
}
