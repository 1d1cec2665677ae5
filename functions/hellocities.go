package main

import (
	"context"

	"github.com/azdurable/azdurable/durabletask"
)

// HelloCities greets cities, one after the other.
var HelloCities = durabletask.NewOrchestrator(helloCities)

// SayHello greets one city.
var SayHello = durabletask.NewActivity(sayHello)

func helloCities(ctx durabletask.Context, cities []string) ([]string, error) {
	if cities == nil {
		cities = []string{"Tokyo", "Seattle", "London"}
	}
	greetings := make([]string, 0, len(cities))
	for _, city := range cities {
		greeting, err := SayHello.Call(ctx, city)
		if err != nil {
			return nil, err
		}
		greetings = append(greetings, greeting)
	}
	return greetings, nil
}

func sayHello(_ context.Context, city string) (string, error) {
	return "Hello " + city + "!", nil
}
