package durabletask_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
)

// Stock is an entity: how many pieces of an article there are.
type Stock struct {
	Pieces int `json:"pieces"`
}

var Stocks = durabletask.NewEntity[Stock]()

func (s *Stock) Put(_ durabletask.EntityContext, n int) (int, error) {
	s.Pieces += n
	return s.Pieces, nil
}

var Restock = durabletask.NewOrchestrator(restock)

func restock(ctx durabletask.Context, article string) (int, error) {
	if err := durabletask.SignalEntity(ctx, Stocks.ID(article), (*Stock).Put, 10); err != nil {
		return 0, err
	}
	return durabletask.CallEntity(ctx, Stocks.ID(article), (*Stock).Put, 5)
}

func ExampleEntity() {
	ctx := context.Background()
	store, err := local.Open(ctx, local.Options{Logger: slog.New(slog.DiscardHandler)}) // in memory
	if err != nil {
		panic(err)
	}
	worker := durabletask.NewWorker(durabletask.New(Restock, Stocks), store, durabletask.WorkerOptions{})
	if err := worker.Start(ctx); err != nil {
		panic(err)
	}
	instance, err := Restock.Schedule(ctx, worker.Client(), "lamp")
	if err != nil {
		panic(err)
	}
	pieces, err := instance.Wait(ctx)
	fmt.Println(pieces, err)
	stock, exists, err := durabletask.ReadEntity(ctx, worker.Client(), Stocks.ID("lamp"))
	fmt.Println(stock, exists, err)
	_ = worker.Stop(ctx)
	// Output:
	// 15 <nil>
	// {15} true <nil>
}
