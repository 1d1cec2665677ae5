package takeover_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/internal/azuretest/hubdiff"
)

// rules are the differences that are meant, each with the page that documents it.
func rules() []hubdiff.Rule { return slices.Concat(columnRules(), valueRules(), messageRules()) }

const (
	wireDoc      = "durabletask/backend/azurestorage/wire/doc.go"
	instancesDoc = "durabletask/backend/azurestorage/wire/instancerow.go"
	itemsDoc     = "durabletask/backend/azurestorage/workitems.go"
)

func columnRules() []hubdiff.Rule {
	ownColumns := []string{"ActivityId", "CommitId", "Engine", "Marker", "Applied", "Origin"}
	return []hubdiff.Rule{
		{
			Name: "own columns", Documented: wireDoc, Phrase: "columns (ActivityId, CommitId, Engine, Marker, Applied, Origin) disturb no .NET reader",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Extra && f.Place == "History" && slices.Contains(ownColumns, f.Column)
			},
		},
		{
			Name: "own columns of instances", Documented: instancesDoc, Phrase: "Failure, Result and Parent are columns of ours",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Extra && f.Place == "Instances" && slices.Contains([]string{"FailureDetails", "Result", "ParentInstance"}, f.Column)
			},
		},
		{
			Name: "IsPlayed is never set", Documented: "durabletask/history/event.go", Phrase: "Nothing depends on it",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Value && (f.Column == "IsPlayed" || strings.HasSuffix(f.Column, ".IsPlayed"))
			},
		},
		{
			Name: "no version of children is null, as with the Durable extension", Documented: "durabletask/options.go", Phrase: "Version",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Value && f.Column == "ParentInstance" && strings.HasSuffix(f.Recorded, `"Version":""}`) && strings.HasSuffix(f.Ours, `"Version":null}`) ||
					f.Kind == hubdiff.Missing && f.Column == "Version" && f.Recorded == "String " && !strings.HasSuffix(f.Row, "TaskScheduled") ||
					f.Kind == hubdiff.Value && strings.HasSuffix(f.Column, ".Version") && f.Recorded == "" && f.Ours == "null"
			},
		},
	}
}

func valueRules() []hubdiff.Rule {
	return []hubdiff.Rule{
		{
			Name: "the row of a rewound child keeps no reason", Documented: "durabletask/backend/azurestorage/takeover/README.md",
			Phrase: "The row by which a parent has started a child that is rewound",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Missing && f.Place == "History" && f.Column == "Reason" && strings.HasSuffix(f.Row, "SubOrchestrationInstanceCreated")
			},
		},
		{
			Name: "null is no text", Documented: "durabletask/payload.go", Phrase: "null and None have no text",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Missing && (f.Column == "Output" || f.Column == "Result") && f.Recorded == "String null"
			},
		},
		{
			Name: "tags in the order of their names; payloads as they were written", Documented: "durabletask/backend/azurestorage/takeover/README.md",
			Phrase: "Tags stand in the order of their names",
			Covers: func(f *hubdiff.Finding) bool { return f.Kind == hubdiff.Spelling },
		},
		{
			Name: "exceptions say what happened, and not where in .NET", Documented: "durabletask/history/failure.go",
			Phrase: "the part of a serialised .NET exception that says what happened",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Value && f.Column == "Details" && strings.Contains(f.Ours, `"ClassName"`)
			},
		},
		{
			Name: "objects have no $type", Documented: wireDoc, Phrase: "except that dictionaries have no $type",
			Covers: func(f *hubdiff.Finding) bool { return f.Kind == hubdiff.Annotation },
		},
		{
			Name: "requests to entities have the members of DTFx's Core", Documented: "durabletask/history/entityjson.go",
			Phrase: "the Core dispatcher, whose form is written here",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Value && strings.HasSuffix(f.Column, "Input") && strings.Contains(f.Recorded, `"op":`) && strings.Contains(f.Ours, `"op":`)
			},
		},
		{
			Name: "reasons of failures are the errors' own words", Documented: "durabletask/backend/azurestorage/takeover/README.md",
			Phrase: "The extension puts words around the message",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Value && f.Column == "Reason" && strings.HasPrefix(f.Recorded, "String Activity function '")
			},
		},
		{
			Name: "states of entities say exists", Documented: "durabletask/history/entitystatejson.go", Phrase: "It says exists where there is a state",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Value && f.Column == "Input" && strings.Contains(f.Ours, `{"exists":true,`) && !strings.Contains(f.Recorded, `"exists"`) ||
					f.Kind == hubdiff.Value && f.Place == "blob" && strings.HasPrefix(f.Ours, `{"exists":true,`)
			},
		},
	}
}

func messageRules() []hubdiff.Rule {
	return []hubdiff.Rule{
		{
			Name: "what an entity starts is numbered by the batch, and batches are other ones", Documented: "durabletask/internal/entity/batch.go",
			Phrase: "of actions that have become messages",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Value && f.Column == "ParentInstance" && strings.Contains(f.Recorded, `{"Name":"@`)
			},
		},
		{
			Name: "failures of entities are told in the words of both dialects", Documented: "durabletask/history/entity.go", Phrase: "the type or the message of the error, depending on who wrote it",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Value && strings.HasSuffix(f.Row, "EventRaised") && strings.Contains(f.Ours, `"exceptionType":`)
			},
		},
		{
			Name: "the result of an activity that ran where its instance is was not put", Documented: itemsDoc, Phrase: "is then its crash-safe copy",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Missing && f.Place == "blob" && strings.HasSuffix(f.Row, "-TaskCompleted.json.gz")
			},
		},
		{
			Name: "dictionaries have no $type", Documented: wireDoc, Phrase: "except that dictionaries have no $type",
			Covers: func(f *hubdiff.Finding) bool {
				return f.Kind == hubdiff.Missing && strings.HasSuffix(f.Column, "Tags.$type")
			},
		},
		{
			Name: "numbers of messages count what each process has sent", Documented: "durabletask/backend/azurestorage/backend.go", Phrase: "of messages sent",
			Covers: func(f *hubdiff.Finding) bool { return f.Kind == hubdiff.Value && f.Column == "SequenceNumber" },
		},
	}
}

// Every difference is documented where it says.
func TestDifferencesAreDocumented(t *testing.T) {
	t.Parallel()
	for _, r := range rules() {
		text, err := os.ReadFile("../../../../" + r.Documented)
		if err != nil {
			t.Error(err)
			continue
		}
		plain := strings.Join(strings.Fields(strings.ReplaceAll(string(text), "\n//", "\n")), " ")
		if !strings.Contains(plain, r.Phrase) {
			t.Errorf("%s: %s does not say %q", r.Name, r.Documented, r.Phrase)
		}
	}
}
