package handler

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
)

func TestInvocation(t *testing.T) {
	t.Parallel()
	tick := bindings.Timer("Tick", bindings.Schedule{Cron: "0 * * * * *"}, func(_ context.Context, timer *bindings.TimerInfo, _ *bindings.DurableClient) error {
		if timer.PastDue {
			return errors.New("too late")
		}
		return nil
	})
	for _, c := range []struct {
		body string
		code int
		want string
	}{
		{`{"Data":{"timer":{"ScheduleStatus":null,"IsPastDue":false}},"Metadata":{}}`, http.StatusOK, `{"Outputs":null,"Logs":[],"ReturnValue":null}`},
		{`{"Data":{"timer":{"ScheduleStatus":null,"IsPastDue":true}},"Metadata":{}}`, http.StatusInternalServerError, "too late"},
		{`{"Data":{},"Metadata":{}}`, http.StatusInternalServerError, `no data named \"timer\"`},
		{`[]`, http.StatusInternalServerError, "protocol of custom handlers"},
	} {
		w := httptest.NewRecorder()
		(&invoker{maxBody: DefaultMaxBody, log: quiet()}).invoke(tick)(w, httptest.NewRequest(http.MethodPost, "/Tick", strings.NewReader(c.body)))
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %d %s %s, want %d with %s", c.body, w.Code, w.Header(), w.Body, c.code, c.want)
		}
	}
}
