package tidy

import (
	"fmt"
	"slices"
	"strings"
)

// rooms says which rooms of the house each room may import, from the top of the house to the bottom. "/..." takes in all
// folders below; the longest name that fits counts. What a room's name does not stand for is not built yet, and a folder
// in no room is a finding. Tests are free: they may look at everything.
var rooms = []struct{ room, may string }{
	{"functions", "handler bindings durabletask"},
	{"cmd/...", "handler handler/approot extension bindings durabletask durabletask/backend " + stores + " durabletask/history"},
	{"handler/...", "extension bindings durabletask durabletask/history"},
	{"handler/hosttest", ""},
	{"handler/approot", "bindings"},
	{"extension/...", "bindings durabletask durabletask/backend " + stores + " durabletask/history"},
	{"bindings/...", "durabletask durabletask/history"},
	{"durabletask/durabletest/...", "durabletask durabletask/backend durabletask/backend/local/... durabletask/history"},
	{"durabletask", "durabletask/internal/dispatch/... durabletask/internal/durablehttp " + cores + " durabletask/backend durabletask/history"},
	{"durabletask/internal/dispatch/...", cores + " durabletask/backend durabletask/history"},
	{"durabletask/internal/durablehttp", ""},
	{"durabletask/internal/replay/...", "durabletask/internal/entity durabletask/history"},
	{"durabletask/internal/simulation", "durabletask/backend"},
	{"durabletask/internal/entity/...", "durabletask/history"},
	{"durabletask/backend/backendtest/...", "durabletask/backend durabletask/history internal/slow"},
	{"durabletask/backend/local/...", "durabletask/backend durabletask/history"},
	{"durabletask/backend/azurestorage/...", "durabletask/backend durabletask/history"},
	{"durabletask/backend/azurestorage/account", "durabletask/backend"},
	{"durabletask/backend/azurestorage/lease", "durabletask/backend/azurestorage/account durabletask/backend durabletask/history"},
	{"durabletask/backend/azurestorage/identity", "durabletask/backend/azurestorage/account"},
	{"durabletask/backend", "durabletask/history"},
	{"durabletask/history/...", ""},
	{"docs", ""},
	{"internal/azuretest/...", ""},
	{"internal/jsclient", ""},
	{"internal/recorded", "durabletask"},
	{"internal/slow", ""},
	{"internal/tidy", ""},
}

const (
	stores = "durabletask/backend/local/... durabletask/backend/azurestorage/..."
	cores  = "durabletask/internal/replay/... durabletask/internal/entity/..."
)

// The pure cores are functions of their input: of the standard library they get what does no I/O and reads no
// clock; atomics, because a watchdog looks at a body that blocks. (Which functions of time and math/rand they may call is a rule of its own.)
var (
	pureRooms    = []string{"durabletask/internal/replay/...", "durabletask/internal/entity/..."}
	purePackages = strings.Fields(`
		bytes cmp crypto/md5 crypto/sha1 crypto/sha256 encoding/base64 encoding/binary encoding/hex encoding/json errors fmt
		hash/fnv iter log/slog maps math math/bits math/rand/v2 reflect runtime runtime/debug slices sort strconv strings
		sync/atomic time unicode unicode/utf8`)
)

func importRules() []rule {
	return []rule{
		{
			name:  "imports go down",
			check: importsGoDown,
			broken: file{"durabletask/backend/local/store.go", `package local
				import "github.com/azdurable/azdurable/durabletask"`},
			finding: "durabletask/backend/local/store.go:2: imports durabletask: durabletask/backend/local/... may import only " +
				"durabletask/backend durabletask/history of this module",
			fine: file{"durabletask/backend/local/store_test.go", `package local
				import "github.com/azdurable/azdurable/durabletask"`},
		},
		{
			name:  "only extension, commands, durabletest and tests open a store",
			check: importsGoDown,
			broken: file{"handler/server.go", `package handler
				import "github.com/azdurable/azdurable/durabletask/backend/local"`},
			finding: "handler/server.go:2: imports durabletask/backend/local: handler/... may import only",
			fine: file{"extension/options.go", `package extension
				import "github.com/azdurable/azdurable/durabletask/backend/local"`},
		},
		{
			name:    "every folder is a room of the house",
			check:   everyFolderIsARoom,
			broken:  file{"durabletask/queue/queue.go", "package queue"},
			finding: "durabletask/queue: no room of the house",
			fine:    file{"durabletask/backend/local/schema/schema.go", "package schema"},
		},
		{
			name:  "pure cores import only pure packages",
			check: coresArePure,
			broken: file{"durabletask/internal/replay/episode.go", `package replay
				import "os"`},
			finding: `durabletask/internal/replay/episode.go:2: imports "os": replay and entity are pure`,
			fine: file{"durabletask/internal/entity/batch.go", `package entity
				import "github.com/azdurable/azdurable/durabletask/history"; import "errors"`},
		},
	}
}

func importsGoDown(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		room, may := roomOf(p.folder)
		if !p.own || room == "" {
			continue
		}
		for _, f := range p.files {
			for _, i := range f.imports {
				target, ours := strings.CutPrefix(i.path, module+"/")
				if f.test || !ours || within(room, target) || anyWithin(may, target) {
					continue
				}
				found = append(found, fmt.Sprintf("%s: imports %s: %s may import only %s of this module (rooms in internal/tidy)",
					f.at(i.pos), target, room, orNothing(may)))
			}
		}
	}
	return found
}

func everyFolderIsARoom(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		if room, _ := roomOf(p.folder); p.own && room == "" {
			found = append(found, p.folder+": no room of the house: put it into one, or give it a row in rooms (internal/tidy) and in CONTRIBUTING.md")
		}
	}
	return found
}

func coresArePure(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		if !anyWithin(pureRooms, p.folder) {
			continue
		}
		for _, f := range p.files {
			for _, i := range f.imports {
				if f.test || strings.HasPrefix(i.path, module+"/") || slices.Contains(purePackages, i.path) {
					continue
				}
				found = append(found, fmt.Sprintf("%s: imports %q: replay and entity are pure and import only history and %s",
					f.at(i.pos), i.path, strings.Join(purePackages, " ")))
			}
		}
	}
	return found
}

// roomOf returns the room that a folder belongs to, and what that may import.
func roomOf(folder string) (room string, may []string) {
	for _, r := range rooms {
		if within(r.room, folder) && len(r.room) > len(room) {
			room, may = r.room, strings.Fields(r.may)
		}
	}
	return room, may
}

func within(room, folder string) bool {
	if base, deep := strings.CutSuffix(room, "/..."); deep {
		return folder == base || strings.HasPrefix(folder, base+"/")
	}
	return folder == room
}

func anyWithin(rooms []string, folder string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool { return within(r, folder) })
}

func orNothing(may []string) string {
	if len(may) == 0 {
		return "nothing"
	}
	return strings.Join(may, " ")
}
