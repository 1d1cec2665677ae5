package main

import (
	"fmt"

	"github.com/azdurable/azdurable/durabletask"
)

// Parent has a child orchestration for each tour, all at once. Each child has an id of its own, by which it can be asked for, and a version.
var Parent = durabletask.NewOrchestrator(parent)

// Child greets the cities of one tour. Version 2.0 counts them first.
var Child = durabletask.NewOrchestrator(child)

func parent(ctx durabletask.Context, tours [][]string) ([]string, error) {
	children := make([]*durabletask.Task[string], len(tours))
	for i, cities := range tours {
		id := fmt.Sprintf("%s:%d", ctx.InstanceID(), i)
		version := durabletask.Version("2.0")
		if i == 0 {
			version = "1.0" // as one that was started before the second version would go on
		}
		children[i] = Child.Start(ctx, cities, durabletask.InstanceID(id), version)
	}
	return durabletask.WhenAll(ctx, children...)
}

func child(ctx durabletask.Context, cities []string) (string, error) {
	greeting := ""
	if ctx.Version() != "1.0" {
		greeting = fmt.Sprintf("%d cities: ", len(cities))
	}
	greetings, err := HelloCities.Call(ctx, cities)
	if err != nil {
		return "", err
	}
	return greeting + fmt.Sprint(greetings), nil
}
