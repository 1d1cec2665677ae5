package entity

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/history"
)

func TestOutcomeOfCalls(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		Result  *string
		Failure *history.FailureDetails
	}{
		`{"result":"42"}`: {Result: new("42")},
		`{"result":null}`: {},
		`{"$type":"X","result":"Lock Acquisition Completed"}`: {Result: new("Lock Acquisition Completed")},
		`{"result":"{\"$type\":\"System.ArgumentException, Lib\",\"Message\":\"bad\",\"StackTraceString\":\"at X\",\"InnerException\":` +
			`{\"$type\":\"Inner, Lib\",\"Message\":\"why\"}}","exceptionType":"System.ArgumentException, System.Private.CoreLib, Version=8"}`: {
			Failure: &history.FailureDetails{
				ErrorType: "System.ArgumentException", ErrorMessage: "bad", StackTrace: "at X",
				Inner: &history.FailureDetails{ErrorType: "Inner", ErrorMessage: "why"},
			},
		},
		`{"result":"\"oops\"","exceptionType":"Error"}`:                         {Failure: &history.FailureDetails{ErrorType: "Error", ErrorMessage: "oops"}},
		`{"result":"oops","exceptionType":"entity dispatch failed"}`:            {Failure: &history.FailureDetails{ErrorType: "entity dispatch failed", ErrorMessage: "oops"}},
		`{"result":"{}","exceptionType":"Error"}`:                               {Failure: &history.FailureDetails{ErrorType: "Error"}},
		`{"result":null,"exceptionType":"entity says no"}`:                      {Failure: &history.FailureDetails{ErrorMessage: "entity says no"}},
		`{"result":null,"failureDetails":{"ErrorType":"T","ErrorMessage":"m"}}`: {Failure: &history.FailureDetails{ErrorType: "T", ErrorMessage: "m"}},
	} {
		result, failure, err := Outcome(&text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := gocmp.Diff(want.Result, result) + gocmp.Diff(want.Failure, failure); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []*string{nil, new("5"), new("null")} {
		if _, _, err := Outcome(text); err == nil {
			t.Errorf("%v is an answer", text)
		}
	}
}

func TestAnswerIsItsOwnOutcome(t *testing.T) {
	t.Parallel()
	failure := &history.FailureDetails{ErrorType: "NotFound", ErrorMessage: "no \"x\"", StackTrace: "s", NonRetriable: true}
	text := encode(answer(Result{Failure: failure}))
	_, got, err := Outcome(&text)
	if diff := gocmp.Diff(failure, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestEntityIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, key, want string }{
		{"Counter", "Key", "@counter@Key"}, {"c", "", "@c@"}, {"c", "a@b", "@c@a@b"}, {"c", "é ü", "@c@é ü"},
	} {
		id, err := ID(c.name, c.key)
		if err != nil || id.InstanceID() != c.want {
			t.Errorf("%q, %q: %s, %v", c.name, c.key, id.InstanceID(), err)
		}
		if back, err := ParseID(c.want); err != nil || back != id {
			t.Errorf("%s: %+v, %v", c.want, back, err)
		}
	}
	for _, c := range []struct{ name, key string }{{"", "k"}, {"a@b", "k"}, {"a", "x/y"}, {"a", `x\y`}, {"a", "#"}, {"a", "?"}, {"a", "\n"}, {"a/b", ""}} {
		if id, err := ID(c.name, c.key); err == nil {
			t.Errorf("%q, %q is the entity %s", c.name, c.key, id.InstanceID())
		}
	}
	for _, id := range []string{"", "orchestration", "@", "@x", "@@k", "x@y"} {
		if _, err := ParseID(id); err == nil {
			t.Errorf("%q is an entity", id)
		}
	}
}
