package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if text, ok := os.LookupEnv(jobVariable); ok {
		err = doJob(ctx, text, os.Stdout)
	} else {
		err = run(ctx, os.Args[1:])
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the command line.
type settings struct {
	bench, engines *regexp.Regexp
	limit          time.Duration
	data           string
	profile        string
}

func run(ctx context.Context, args []string) (err error) {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	bench := flags.String("bench", "", "run the benchmarks whose name matches this `regexp`")
	engines := flags.String("engine", "", "measure the engines whose name matches this `regexp`")
	lines := flags.String("json", "", "also write one JSON object a line to this `file`")
	flags.DurationVar(&s.limit, "limit", 20*time.Second, "cut a run off after this time")
	flags.StringVar(&s.data, "data", ".data", "`folder` for the engines' files, on the disk that is to be measured; emptied afterwards")
	flags.StringVar(&s.profile, "profile", "", "`folder` for a processor profile of each load on the Azure store")
	_ = flags.Parse(args) // ends the process on an error

	if s.bench, err = regexp.Compile(*bench); err != nil {
		return fmt.Errorf("-bench: %w", err)
	}
	if s.engines, err = regexp.Compile(*engines); err != nil {
		return fmt.Errorf("-engine: %w", err)
	}
	r := report{table: os.Stdout}
	if *lines != "" {
		f, openErr := os.Create(*lines)
		if openErr != nil {
			return fmt.Errorf("-json: %w", openErr)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		r.lines = f
	}
	return measure(ctx, s, r)
}

// measure runs what the settings select: the machine first, then benchmark by benchmark ours and the peers one after the other.
func measure(ctx context.Context, s settings, r report) error {
	fmt.Printf("# %s, %s/%s, %d cores; a run is cut off after %v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), s.limit)
	r.header()
	if s.bench.MatchString("machine/fsync") {
		err := inFolder(s.data, func(folder string) error {
			f, err := fsyncTime(folder)
			if err != nil {
				return err
			}
			return r.own(f)
		})
		if err != nil {
			return err
		}
	}
	for _, b := range benchmarks() {
		if !s.bench.MatchString(b.name) {
			continue
		}
		if err := compare(ctx, s, r, b); err != nil {
			return err
		}
	}
	for _, b := range append(ownBenchmarks(), azureBenchmarks(s.profile)...) {
		if !s.bench.MatchString(b.name) || !s.engines.MatchString(ours.name) {
			continue
		}
		err := alone(ctx, s, r, b)
		if errors.Is(err, azurite.ErrNotInstalled) {
			r.remark(b.name, err.Error()+": 'make azurite' installs it")
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

// alone runs a benchmark that only ours has.
func alone(ctx context.Context, s settings, r report, b ownBenchmark) error {
	return inFolder(s.data, func(folder string) error {
		runtime.GC()
		figures, err := b.run(ctx, folder)
		for _, f := range figures {
			err = errors.Join(err, r.own(f))
		}
		return err
	})
}

// compare runs one benchmark on ours and on each peer.
func compare(ctx context.Context, s settings, r report, b benchmark) error {
	own := map[string]figure{}
	if s.engines.MatchString(ours.name) {
		figures, err := once(ctx, s, *ours, b)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", b.name, ours.name, err)
		}
		for _, f := range figures {
			own[f.name] = f
			if err := r.own(f); err != nil {
				return err
			}
		}
	}
	for _, p := range peers {
		if !s.engines.MatchString(p.name) {
			continue
		}
		figures, err := once(ctx, s, p, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // a peer's failure is a result, not ours to mend
			r.remark(b.name+", "+p.name, err.Error())
		}
		for _, f := range figures {
			var beside *figure
			if o, ok := own[f.name]; ok {
				beside = &o
			}
			if err := r.beside(p.name, f, beside); err != nil {
				return err
			}
		}
	}
	return nil
}

// once runs a benchmark on a fresh engine in a fresh folder.
func once(ctx context.Context, s settings, c contender, b benchmark) (figures []figure, err error) {
	err = inFolder(s.data, func(folder string) error {
		e, err := c.open(folder)
		if err != nil {
			return fmt.Errorf("open: %w", err)
		}
		runtime.GC() // what the run before left behind is not this one's cost
		figures, err = b.run(ctx, e, s.limit)
		return errors.Join(err, e.Close())
	})
	return figures, err
}

// inFolder calls fn with a new folder below parent and removes it afterwards.
func inFolder(parent string, fn func(folder string) error) error {
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return fmt.Errorf("-data: %w", err)
	}
	folder, err := os.MkdirTemp(parent, "run-")
	if err != nil {
		return fmt.Errorf("-data: %w", err)
	}
	return errors.Join(fn(folder), os.RemoveAll(folder))
}
