package azurestorage_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// outside makes requests over the network for programs in a bubble of testing/synctest: on goroutines outside of it, so that the bubble's time stands
// still while one is under way, and its Wait doesn't wait for connections that are only kept.
type outside struct {
	jobs chan job
	free chan chan answer // made outside, as a bubble's channels are for its own goroutines
}

type job struct {
	request *http.Request
	answer  chan answer
}

type answer struct {
	response *http.Response
	err      error
}

// atOnce is how many requests may be under way.
const atOnce = 32

func newOutside() *outside {
	o := &outside{jobs: make(chan job), free: make(chan chan answer, atOnce)}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, DisableKeepAlives: true}}
	for range atOnce {
		o.free <- make(chan answer, 1)
		go func() {
			for j := range o.jobs {
				j.answer <- send(client, j.request)
			}
		}()
	}
	return o
}

func send(client *http.Client, r *http.Request) answer {
	response, err := client.Do(r)
	if err != nil {
		return answer{nil, err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return answer{response, err}
}

// Do implements policy.Transporter. The request's context ends nothing that is under way: it is the bubble's.
func (o *outside) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	plain := r.Clone(context.Background())
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		plain.Body, plain.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	}
	c := <-o.free
	o.jobs <- job{plain, c}
	a := <-c
	o.free <- c
	if a.err != nil {
		return nil, a.err
	}
	a.response.Request = r
	return a.response, nil
}

// close ends the goroutines.
func (o *outside) close() { close(o.jobs) }
