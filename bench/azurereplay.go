package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// measureReplay sends what was recorded to a fresh emulator, as fast as it answers: the speed that an engine without any cost of its own could have.
// A request waits for the answers whose tokens (message ids, pop receipts, ETags) it uses, and never are more under way than were in the recording.
func measureReplay(ctx context.Context, j job) (*outcome, error) {
	s, err := readStream(j.File)
	if err != nil {
		return nil, err
	}
	r, err := newReplayer(j.Connection, s)
	if err != nil {
		return nil, err
	}
	prepared := slices.IndexFunc(s.Exchanges, func(x *exchange) bool { return x.Begin >= s.Mark })
	if prepared < 0 {
		return nil, fmt.Errorf("nothing was recorded")
	}
	if err := r.send(ctx, 0, prepared, 1); err != nil {
		return nil, err
	}
	r.differing = map[string]int{}
	before, begin := processorTime(), time.Now()
	if err := r.send(ctx, prepared, len(s.Exchanges), s.AtOnce); err != nil {
		return nil, err
	}
	return &outcome{
		Seconds: time.Since(begin).Seconds(), CPU: (processorTime() - before).Seconds(), Peak: peakMegabytes(), AtOnce: s.AtOnce,
		Sent: len(s.Exchanges) - prepared, Differing: r.differing,
	}, nil
}

// replayer sends recorded requests.
type replayer struct {
	stream    *stream
	endpoints map[string]string
	account   string
	key       []byte
	network   *http.Transport
	uses      [][]use
	waits     []int   // for how many answers each request still waits
	wakes     [][]int // which requests wait for each answer

	mu        sync.Mutex
	changed   *sync.Cond
	tokens    map[token]string  // of the recording -> of the replay
	ids       map[string]string // message ids of the replay -> of the recording
	receipts  map[string]string // message ids of the recording -> the latest receipt in the replay
	differing map[string]int    // answers of another status than the recorded one
	failed    error
}

func newReplayer(connection string, s *stream) (*replayer, error) {
	r := &replayer{
		stream: s, endpoints: endpointsOf(connection), network: network(), uses: make([][]use, len(s.Exchanges)),
		waits: make([]int, len(s.Exchanges)), wakes: make([][]int, len(s.Exchanges)),
		differing: map[string]int{}, tokens: map[token]string{}, ids: map[string]string{}, receipts: map[string]string{},
	}
	r.changed = sync.NewCond(&r.mu)
	for part := range strings.SplitSeq(connection, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "AccountName":
			r.account = value
		case "AccountKey":
			var err error
			if r.key, err = base64.StdEncoding.DecodeString(value); err != nil {
				return nil, fmt.Errorf("the account's key: %w", err)
			}
		}
	}
	from := map[token][]int{} // the answers that a token is in, in order of their requests
	for i, x := range s.Exchanges {
		for _, t := range issued(x, x.Body, x.AnswerHeader, x.Answer) {
			from[t] = append(from[t], i)
		}
	}
	for i, x := range s.Exchanges {
		r.uses[i] = uses(x)
		var needs []int
		for _, u := range r.uses[i] {
			for _, at := range slices.Backward(from[u.token]) { // the latest that was there when the request was sent
				if s.Exchanges[at].End <= x.Begin {
					needs = append(needs, at)
					break
				}
			}
		}
		slices.Sort(needs)
		for _, at := range slices.Compact(needs) {
			r.waits[i]++
			r.wakes[at] = append(r.wakes[at], i)
		}
	}
	return r, nil
}

// send sends the requests of a stretch, the first that can be sent first, and returns when all are answered.
func (r *replayer) send(ctx context.Context, from, to, atOnce int) error {
	var ready []int
	for i := from; i < to; i++ {
		if r.waits[i] == 0 {
			ready = append(ready, i)
		}
	}
	left := to - from
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			for {
				for len(ready) == 0 && left > 0 && r.failed == nil {
					r.changed.Wait()
				}
				if left == 0 || r.failed != nil {
					return
				}
				next := ready[0]
				ready = ready[1:]
				request, err := r.request(ctx, next)
				r.mu.Unlock()
				var a answer
				if err == nil {
					a, err = r.exchange(request)
				}
				r.mu.Lock()
				left--
				if err != nil {
					r.failed = fmt.Errorf("replay %s %s: %w", r.stream.Exchanges[next].Method, r.stream.Exchanges[next].Path, err)
				} else {
					r.learn(next, a)
				}
				for _, i := range r.wakes[next] {
					if r.waits[i]--; r.waits[i] == 0 && i < to {
						at, _ := slices.BinarySearch(ready, i)
						ready = slices.Insert(ready, at, i)
					}
				}
				r.changed.Broadcast()
			}
		})
	}
	all.Wait()
	return r.failed
}

// learn finds the tokens that stand for those of the recorded answer. The lock is held.
func (r *replayer) learn(i int, a answer) {
	x := r.stream.Exchanges[i]
	if x.Status != a.status {
		r.differing[fmt.Sprintf("%s %s %d for %d", x.Service, x.Method, a.status, x.Status)]++
	}
	was, is := issued(x, x.Body, x.AnswerHeader, x.Answer), issued(x, x.Body, a.header, a.body)
	if x.Service == "QueueEndpoint" && x.Method == http.MethodGet { // which messages come may differ
		for _, t := range is {
			if t.text != "" {
				r.receipts[r.ids[t.of]] = t.text
			}
		}
		for _, t := range was {
			if t.text != "" {
				r.tokens[t] = r.receipts[t.of]
			}
		}
		return
	}
	for n, t := range was {
		if n >= len(is) {
			return
		}
		if t.text == "" {
			r.tokens[t] = is[n].of
			r.ids[is[n].of] = t.of
			continue
		}
		r.tokens[t] = is[n].text
		if x.Service == "QueueEndpoint" {
			r.receipts[t.of] = is[n].text
		}
	}
}

// request makes the request with the replay's tokens. The lock is held.
func (r *replayer) request(ctx context.Context, i int) (*http.Request, error) {
	x := r.stream.Exchanges[i]
	path, header, body := x.Path, x.Header.Clone(), slices.Clone(x.Body)
	for _, u := range slices.Backward(r.uses[i]) { // from the end of the body, so that places stay right
		text, ok := r.tokens[u.token]
		if !ok {
			continue
		}
		switch u.where {
		case "id":
			path = strings.Replace(path, "/messages/"+u.token.of, "/messages/"+text, 1)
		case "receipt":
			path = strings.Replace(path, url.QueryEscape(u.token.text), url.QueryEscape(text), 1)
		case "if-match":
			header.Set("If-Match", text)
		case "body":
			body = slices.Concat(body[:u.at[0]], []byte(text), body[u.at[1]:])
		}
	}
	request, err := http.NewRequestWithContext(ctx, x.Method, r.endpoints[x.Service]+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	header.Del("Authorization")
	request.Header = header
	header["X-Ms-Date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
	r.sign(request, x.Service == "TableEndpoint")
	return request, nil
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (r *replayer) exchange(request *http.Request) (answer, error) {
	res, err := r.network.RoundTrip(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, body}, err
}

// sign signs as the service's documentation says (SharedKey).
func (r *replayer) sign(q *http.Request, table bool) {
	h, lines := q.Header, []string{q.Method}
	if table {
		lines = append(lines, h.Get("Content-MD5"), h.Get("Content-Type"), h.Get("X-Ms-Date"), "/"+r.account+q.URL.EscapedPath())
	} else {
		length := ""
		if q.ContentLength > 0 {
			length = fmt.Sprint(q.ContentLength)
		}
		lines = append(lines, h.Get("Content-Encoding"), h.Get("Content-Language"), length, h.Get("Content-MD5"), h.Get("Content-Type"), "",
			h.Get("If-Modified-Since"), h.Get("If-Match"), h.Get("If-None-Match"), h.Get("If-Unmodified-Since"), h.Get("Range"))
		lines = append(lines, canonical(h, "x-ms-")...)
		lines = append(lines, "/"+r.account+q.URL.EscapedPath())
		lines = append(lines, canonical(q.URL.Query(), "")...)
	}
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(strings.Join(lines, "\n")))
	h["Authorization"] = []string{"SharedKey " + r.account + ":" + base64.StdEncoding.EncodeToString(mac.Sum(nil))}
}

// canonical writes those of the values whose names begin with prefix, sorted.
func canonical(values map[string][]string, prefix string) []string {
	var lines []string
	for name, v := range values {
		if name = strings.ToLower(name); strings.HasPrefix(name, prefix) {
			lines = append(lines, name+":"+strings.Join(v, ","))
		}
	}
	slices.SortFunc(lines, func(a, b string) int {
		x, _, _ := strings.Cut(a, ":")
		y, _, _ := strings.Cut(b, ":")
		return strings.Compare(x, y)
	})
	return lines
}
