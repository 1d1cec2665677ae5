package azuretest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"
)

// DefaultAccount is the account's name unless Options says otherwise. Like an emulator's, it stands first in every path.
const DefaultAccount = "devstoreaccount1"

// Options say what kind of account a Service is. The zero value is an ordinary account on the machine's clock.
type Options struct {
	// Account is the account's name; default DefaultAccount.
	Account string
	// Now is the service's clock; default time.Now. A bubble of testing/synctest needs nothing here.
	Now func() time.Time
	// Seed varies the ids, pop receipts and ETags, which follow from it and from the order of the requests.
	Seed uint64
	// PageSize is the greatest number of entities in one answer to a query; default and limit MaxQueryPage.
	PageSize int
	// ScanSize is how many entities the service looks at for one answer to a query; default: all. The real service gives up
	// after some time, and answers with fewer entities than there are, even with none, and where to go on.
	ScanSize int
	// LogSize is how many requests Log remembers; default DefaultLogSize.
	LogSize int
	// NoTables makes an account that has no table service (such as premium block blobs): its requests get 404 ResourceNotFound.
	NoTables bool
	// BeingDeleted is how long the name of a deleted queue, table or container stays taken; default none.
	// The real service takes at least 30 s for queues and containers and 40 s for tables.
	BeingDeleted time.Duration
	// Anonymous lets requests without credentials in. Wrong ones are refused all the same.
	Anonymous bool
	// SAS is the signature (query parameter sig) of the only shared access signature that is accepted; default: none is.
	SAS string
	// Token is the only bearer token that is accepted; default: none is.
	Token string
}

// Service is an Azure Storage account in memory. All methods may be called at any time from any goroutine.
type Service struct {
	options Options
	key     []byte

	mu         sync.Mutex // guards the content, and is never held while something waits
	queues     map[string]*queue
	tables     map[string]*table
	containers map[string]*container
	dying      map[string]time.Time // "service/name" of what is being deleted -> when its name is free again
	ids        sequence
	ticks      int64  // of the youngest ETag
	requests   uint64 // served so far

	faults faults
	log    requestLog
}

// New returns an empty account.
func New(options Options) *Service {
	if options.Account == "" {
		options.Account = DefaultAccount
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.PageSize <= 0 || options.PageSize > MaxQueryPage {
		options.PageSize = MaxQueryPage
	}
	if options.ScanSize <= 0 {
		options.ScanSize = math.MaxInt
	}
	if options.LogSize <= 0 {
		options.LogSize = DefaultLogSize
	}
	key := sha256.Sum256([]byte("azuretest " + options.Account))
	s := &Service{options: options, key: key[:], ids: sequence{seed: options.Seed}, log: requestLog{size: options.LogSize}}
	s.clear()
	return s
}

func (s *Service) clear() {
	s.queues, s.tables, s.containers, s.dying = map[string]*queue{}, map[string]*table{}, map[string]*container{}, map[string]time.Time{}
}

// Account returns the account's name.
func (s *Service) Account() string { return s.options.Account }

// Key returns the account's key, which signs requests, in base64.
func (s *Service) Key() string { return base64.StdEncoding.EncodeToString(s.key) }

// Endpoint returns the URL under which Transport and ServeHTTP know a service of this account. Nothing listens there.
func (s *Service) Endpoint(kind Kind) string {
	return fmt.Sprintf("http://%s.azuretest/%s", kind, s.options.Account)
}

// ConnectionString returns what the SDK's clients and AzureWebJobsStorage take; use it with Transport.
func (s *Service) ConnectionString() string {
	return ConnectionString(s.options.Account, s.Key(), s.Endpoint(Blob), s.Endpoint(Queue), s.Endpoint(Table))
}

// ConnectionString puts the connection string of an account together.
func ConnectionString(account, key, blob, queue, table string) string {
	return "DefaultEndpointsProtocol=http;AccountName=" + account + ";AccountKey=" + key +
		";BlobEndpoint=" + blob + ";QueueEndpoint=" + queue + ";TableEndpoint=" + table + ";"
}

// ServeHTTP serves all three services; the first label of the host's name (as in Endpoint) says which one is meant.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, kindOfHost(r.Host))
}

// Handler serves one service under any host name: give it a port of its own. Faults that break the connection do so.
func (s *Service) Handler(kind Kind) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, kind) })
}

func kindOfHost(host string) Kind {
	label, _, _ := strings.Cut(host, ".")
	return Kind(label)
}

// sequence makes ids that look random and follow from a seed.
type sequence struct{ seed, n uint64 }

func (q *sequence) next() uint64 {
	q.n++
	return mix(q.seed ^ mix(q.n))
}

// mix is the finalizer of SplitMix64: neighbours come out unlike each other.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func guid(a, b uint64) string {
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

// newID makes the id of a message. Call it with mu held.
func (s *Service) newID() string { return guid(s.ids.next(), s.ids.next()) }

// newReceipt makes a pop receipt. Call it with mu held.
func (s *Service) newReceipt() string {
	n := s.ids.next()
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("%08x%04x", uint32(n>>32), s.ids.n)))
}

// tick returns the moment of a write in units of 100 ns; no two writes share one, so that every ETag is new. Call it with mu held.
func (s *Service) tick(now time.Time) int64 {
	s.ticks = max(s.ticks+1, ticksOf(now))
	return s.ticks
}

const (
	ticksPerSecond = 10_000_000
	nanosPerTick   = 100
)

func ticksOf(t time.Time) int64 { return t.Unix()*ticksPerSecond + int64(t.Nanosecond())/nanosPerTick }

func timeOf(ticks int64) time.Time {
	return time.Unix(ticks/ticksPerSecond, ticks%ticksPerSecond*nanosPerTick).UTC()
}

// isDying says whether the name of something deleted is still taken. Call it with mu held.
func (s *Service) isDying(kind Kind, name string, now time.Time) bool {
	until, ok := s.dying[string(kind)+"/"+name]
	return ok && now.Before(until)
}

// bury takes the name of something deleted for a while. Call it with mu held.
func (s *Service) bury(kind Kind, name string, now time.Time) {
	if s.options.BeingDeleted > 0 {
		s.dying[string(kind)+"/"+name] = now.Add(s.options.BeingDeleted)
	}
}
