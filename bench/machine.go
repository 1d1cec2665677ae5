package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	fsyncs    = 200
	fsyncSize = 4 << 10
)

// fsyncTime measures the disk that the engines write to: the median of appends of 4 KiB, each with its fsync.
func fsyncTime(folder string) (figure, error) {
	f, err := os.Create(filepath.Join(folder, "fsync"))
	if err != nil {
		return figure{}, fmt.Errorf("measure fsync: %w", err)
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, fsyncSize)
	took := make([]time.Duration, fsyncs)
	for i := range took {
		begin := time.Now()
		if _, err := f.Write(block); err != nil {
			return figure{}, fmt.Errorf("measure fsync: %w", err)
		}
		if err := f.Sync(); err != nil {
			return figure{}, fmt.Errorf("measure fsync: %w", err)
		}
		took[i] = time.Since(begin)
	}
	return figure{name: "machine/fsync", value: inMilliseconds(median(took)), unit: milliseconds}, nil
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return percentile(took, 50)
}
