package docs_test

import (
	"context"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var (
	CountWords = durabletask.NewActivity(countWords)
	CountAll   = durabletask.NewOrchestrator(countAll)
	CountSome  = durabletask.NewOrchestrator(countSome)
)

func countWords(_ context.Context, text string) (int, error) { return len(strings.Fields(text)), nil }

// countAll starts every activity before it waits for the first.
func countAll(ctx durabletask.Context, texts []string) (int, error) {
	tasks := make([]*durabletask.Task[int], len(texts))
	for i, text := range texts {
		tasks[i] = CountWords.Start(ctx, text)
	}
	counts, err := durabletask.WhenAll(ctx, tasks...)
	return sum(counts), err
}

// countSome has at most three of them running at a time.
func countSome(ctx durabletask.Context, texts []string) (int, error) {
	counts, err := durabletask.Map(ctx, texts, 3, func(ctx durabletask.Context, text string) (int, error) {
		return CountWords.Call(ctx, text)
	})
	return sum(counts), err
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}

func TestCount(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(CountWords, CountAll, CountSome), func(t *testing.T, h *durabletest.Hub) {
		texts := strings.Split("to be/or not/to/be that/is/the question", "/")
		for _, o := range []*durabletask.Orchestrator[[]string, int]{CountAll, CountSome} {
			if got, err := durabletest.Run(h, o, texts); got != 10 || err != nil {
				t.Errorf("%s: %d, %v", o.Name(), got, err)
			}
		}
	})
}
