package lease

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Machine is what a worker id says of the machine, and a look at its processes. The zero value knows nothing: its worker ids are not unique,
// and nobody is gone.
type Machine struct {
	// Host is the machine's name, Boot the id of its present run, Namespace the id of the namespace in which process ids count.
	Host, Boot, Namespace string
	// Process is this process.
	Process int
	// Started returns when a process of this machine and namespace started, in any unit that doesn't change; empty if there is no such
	// process any more. nil if that can't be told.
	Started func(process int) (string, error)
}

// idParts is how many parts a worker id has: host, boot, namespace, process, its start, number.
const idParts = 6

// ThisMachine looks at the machine that we run on. Where it has no /proc, workers that are gone are not noticed before their leases expire.
func ThisMachine() Machine {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	m := Machine{Host: host, Process: os.Getpid()}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return m
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return m
	}
	m.Boot, m.Namespace, m.Started = strings.TrimSpace(string(boot)), strings.Trim(strings.TrimPrefix(namespace, "pid:"), "[]"), startOfProcess
	return m
}

// WorkerID returns the id of the n-th worker of this process: host:boot:namespace:process:start:n. Without a look at processes it is told from
// those of earlier processes by instance, which the caller draws at random.
func (m Machine) WorkerID(n int, instance string) string {
	start := instance
	if m.Started != nil {
		if s, err := m.Started(m.Process); err == nil && s != "" {
			start = s
		}
	}
	parts := []string{m.Host, m.Boot, m.Namespace, strconv.Itoa(m.Process), start, strconv.Itoa(n)}
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], ":", "-")
	}
	return strings.Join(parts, ":")
}

// Gone reports whether a worker id is that of a process of this machine, in our namespace, that surely runs no more. A name that another
// program chose never is.
func (m Machine) Gone(worker string) bool {
	parts := strings.Split(worker, ":")
	if len(parts) != idParts || m.Started == nil || m.Boot == "" || m.Namespace == "" ||
		parts[0] != strings.ReplaceAll(m.Host, ":", "-") || parts[1] != m.Boot || parts[2] != m.Namespace {
		return false
	}
	process, err := strconv.Atoi(parts[3])
	if err != nil || process <= 0 {
		return false
	}
	start, err := m.Started(process)
	return err == nil && start != parts[4]
}

// startOfProcess reads field 22 of /proc/<process>/stat. A process that has ended and waits for its parent is gone.
func startOfProcess(process int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look at process %d: %w", process, err)
	}
	return parseStat(string(stat))
}

// parseStat finds the start time. The second field is a name in brackets that may hold anything.
func parseStat(stat string) (string, error) {
	const state, threads, start = 0, 17, 19 // places after the name
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) <= start {
		return "", fmt.Errorf("process status not understood: %.80q", stat)
	}
	// A first thread that has ended before the others looks like a process that has ended.
	if over := fields[state] == "Z" || fields[state] == "X"; over && fields[threads] <= "1" {
		return "", nil
	}
	return fields[start], nil
}
