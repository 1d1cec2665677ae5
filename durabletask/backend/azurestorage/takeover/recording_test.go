package takeover_test

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// recording is a folder of recordings: of DTFx, or of the Durable Functions extension.
type recording struct {
	name     string // the folder's
	folder   string
	settings settings
	// calls are what clients asked for, in order.
	calls []call
	// dumps say when each state was taken.
	dumps map[string]time.Duration
	// outcomes are what the instances came to in the end, by id; entities are there by theirs.
	outcomes map[string]outcome
}

// settings are how the worker was configured.
type settings struct {
	Hub        string `json:"hub"`
	Errors     string `json:"errors"` // "details", or serialised exceptions
	Partitions int    `json:"partitions"`
	Table      *bool  `json:"table"`
	Legacy     bool   `json:"legacy"`
	AppLease   *bool  `json:"appLease"`
	AppName    string `json:"appName"`
	Inputs     bool   `json:"includeParameters"`
	extension  bool   // ran on the Durable Functions extension
	manager    lease.Manager
}

// call is something that a client, or the person at the switch, did.
type call struct {
	at    time.Duration
	label string // of the process that did it
	name  string
	args  arguments
	fails bool
}

type arguments struct {
	Instance  string            `json:"iid"`
	Name      string            `json:"name"`
	Input     *string           `json:"input"`
	Version   string            `json:"version"`
	Tags      map[string]string `json:"tags"`
	StartIn   *float64          `json:"startIn"`
	Dedupe    *[]string         `json:"dedupe"`
	Event     string            `json:"event"`
	Data      *string           `json:"data"`
	Reason    *string           `json:"reason"`
	Entity    string            `json:"entity"`
	Operation string            `json:"op"`
	Delay     float64           `json:"delay"`
	Timeout   float64           `json:"timeout"`
}

// outcome is what an instance came to.
type outcome struct {
	status       string
	output       *string // JSON, or the text of a failure or a reason
	customStatus *string
	events       []int   // the kinds of its history; nil if not recorded
	state        *string // of an entity
	entity       bool
}

// read reads a file of the folder, or its compressed form.
func (r *recording) read(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(r.folder, name))
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	compressed, zipErr := os.ReadFile(filepath.Join(r.folder, name+".gz"))
	if zipErr != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return io.ReadAll(z)
}

// snapshots lists the states in mid-run.
func (r *recording) snapshots() []string {
	var all []string
	for _, pattern := range []string{"snapshot*.json", "snapshot*.json.gz"} {
		files, _ := filepath.Glob(filepath.Join(r.folder, pattern))
		for _, f := range files {
			all = append(all, strings.TrimSuffix(filepath.Base(f), ".gz"))
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(r.dumps[a], r.dumps[b]), cmp.Compare(a, b)) })
	return all
}

// recordings reads all folders below a folder that have a file like the pattern.
func recordings(t *testing.T, root, pattern string) []*recording {
	t.Helper()
	folders := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ok, _ := filepath.Match(pattern, strings.TrimSuffix(filepath.Base(path), ".gz")); ok && err == nil && !d.IsDir() {
			folders[filepath.Dir(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []*recording
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		r, err := readRecording(folder)
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		all = append(all, r)
	}
	return all
}

func readRecording(folder string) (*recording, error) {
	r := &recording{name: filepath.Base(folder), folder: folder, dumps: map[string]time.Duration{}, outcomes: map[string]outcome{}}
	meta, err := r.read("meta.json")
	if err == nil {
		return r, r.readExtension(meta)
	}
	return r, r.readDTFx()
}

// readCalls reads what was asked for, and by which settings.
func (r *recording) readCalls() error {
	err := r.lines("calls.jsonl", func(line []byte) error {
		var c struct {
			Ms        float64         `json:"ms"`
			StartedMs *float64        `json:"startedMs"`
			Label     string          `json:"label"`
			Cmd       string          `json:"cmd"`
			Error     *string         `json:"error"`
			Args      json.RawMessage `json:"args"`
			Result    json.RawMessage `json:"result"`
		}
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.StartedMs == nil {
			c.StartedMs = &c.Ms
		}
		if len(c.Args) == 0 {
			c.Args = json.RawMessage("{}")
		}
		if strings.HasSuffix(c.Cmd, "init") {
			return json.Unmarshal(c.Args, &r.settings)
		}
		next := call{at: milliseconds(*c.StartedMs), label: c.Label, name: c.Cmd, fails: c.Error != nil}
		if err := unmarshal(c.Args, &next.args); err != nil {
			return err
		}
		if next.name == "create" && next.args.Instance == "" { // ours is to have the same id
			var made struct {
				ID string `json:"InstanceId"`
			}
			if err := json.Unmarshal(c.Result, &made); err == nil {
				next.args.Instance = made.ID
			}
		}
		r.calls = append(r.calls, next)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(r.calls, func(a, b call) int { return cmp.Compare(a.at, b.at) })
	return nil
}

// readDTFx reads a recording of DTFx alone: its calls say everything.
func (r *recording) readDTFx() error {
	if err := r.readCalls(); err != nil {
		return err
	}
	if r.settings.Table != nil && !*r.settings.Table {
		r.settings.manager = lease.Safe
		if r.settings.Legacy {
			r.settings.manager = lease.Legacy
		}
	}
	err := r.lines("requests.jsonl", func(line []byte) error {
		var m struct {
			Ms   float64 `json:"ms"`
			Mark string  `json:"mark"`
		}
		if !bytes.Contains(line, []byte(`"mark":"dump `)) {
			return nil
		}
		err := json.Unmarshal(line, &m)
		if name, ok := strings.CutPrefix(m.Mark, "dump "); ok {
			r.dumps[name] = milliseconds(m.Ms)
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.readOutcomes()
}

func (r *recording) readOutcomes() error {
	data, err := r.read("expected.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was to come of it
	}
	if err != nil {
		return err
	}
	var expected struct {
		Instances map[string]struct {
			State struct {
				Status       string  `json:"Status"`
				Input        *string `json:"Input"`
				Output       *string `json:"Output"`
				CustomStatus *string `json:"CustomStatus"`
			} `json:"state"`
			Events []int `json:"historyEventTypes"`
		} `json:"instances"`
	}
	if err := unmarshal(data, &expected); err != nil {
		return err
	}
	for id, i := range expected.Instances {
		o := outcome{status: i.State.Status, output: i.State.Output, customStatus: i.State.CustomStatus, events: i.Events}
		if strings.HasPrefix(id, "@") {
			var record struct {
				State *string `json:"state"`
			}
			if i.State.Input == nil || json.Unmarshal([]byte(*i.State.Input), &record) != nil {
				continue
			}
			o.entity, o.state = true, record.State
		}
		r.outcomes[id] = o
	}
	return nil
}

// readExtension reads a recording of the Durable Functions extension: what to do after loading, and what comes of it.
func (r *recording) readExtension(meta []byte) error {
	r.settings.extension = true
	var m struct {
		Hub     string `json:"hub"`
		Options struct {
			Inputs bool `json:"storeInputsInOrchestrationHistory"`
		} `json:"options"`
	}
	if err := json.Unmarshal(meta, &m); err != nil {
		return err
	}
	r.settings.Hub, r.settings.Inputs = m.Hub, m.Options.Inputs
	if err := r.readCalls(); err != nil {
		return err
	}
	data, err := r.read("expected.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var expected struct {
		After []map[string]json.RawMessage `json:"afterLoading"`

		Instances map[string]struct {
			Status string          `json:"runtimeStatus"`
			Output json.RawMessage `json:"output"`
			Custom json.RawMessage `json:"customStatus"`
		} `json:"instances"`
		Entities map[string]struct {
			State json.RawMessage `json:"state"`
		} `json:"entities"`
	}
	if err := unmarshal(data, &expected); err != nil {
		return err
	}
	for id, i := range expected.Instances {
		r.outcomes[id] = outcome{status: i.Status, output: jsonText(i.Output), customStatus: jsonText(i.Custom)}
	}
	for id, e := range expected.Entities {
		r.outcomes[id] = outcome{entity: true, state: jsonText(e.State)}
	}
	for n, step := range expected.After {
		for name, data := range step {
			var args struct {
				Instance  string          `json:"instanceId"`
				Name      string          `json:"name"`
				Data      json.RawMessage `json:"data"`
				Reason    *string         `json:"reason"`
				Entity    string          `json:"entityId"`
				Operation string          `json:"operation"`
				Input     json.RawMessage `json:"input"`
			}
			if json.Unmarshal(data, &args) != nil {
				continue // a sentence for the reader
			}
			c := call{at: time.Duration(n+1) * time.Second, name: name, args: arguments{
				Instance: args.Instance, Event: args.Name, Data: jsonText(args.Data), Reason: args.Reason,
				Entity: args.Entity, Operation: args.Operation, Input: jsonText(args.Input),
			}}
			if name == "raiseEvent" {
				c.name = "raise"
			}
			r.calls = append(r.calls, c)
		}
	}
	return nil
}

func (r *recording) lines(name string, each func(line []byte) error) error {
	data, err := r.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		if err := each(lines.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return lines.Err()
}

// unmarshal reads JSON in which repetitions have been shortened.
func unmarshal(data []byte, v any) error {
	data, err := azuretest.Expand(data)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// jsonText is a JSON value as text; nil for null.
func jsonText(v json.RawMessage) *string {
	if len(v) == 0 || string(v) == "null" {
		return nil
	}
	return new(string(v))
}
