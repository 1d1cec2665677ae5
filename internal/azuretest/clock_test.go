package azuretest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
)

func group(tb testing.TB, expression, text string) string {
	tb.Helper()
	m := regexp.MustCompile(expression).FindStringSubmatch(text)
	if m == nil {
		tb.Fatalf("no %s in %s", expression, text)
	}
	return m[1]
}

func TestMessagesBecomeVisibleInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
		for i, visibility := range []int{20, 10, 0, 10} {
			b.do(t, fmt.Sprintf("queue POST que/messages?messagettl=-1&visibilitytimeout=%d", visibility), "201", "", text(fmt.Sprint(i)))
		}
		got := ""
		for range 3 {
			for _, m := range regexp.MustCompile("<MessageText>(.)").FindAllStringSubmatch(b.do(t, "queue GET que/messages?numofmessages=32&visibilitytimeout=3600", "200").body, -1) {
				got += m[1]
			}
			got += " "
			time.Sleep(10 * time.Second)
		}
		if got != "2 13 0 " {
			t.Error(got)
		}
	})
}

// A pop receipt outlives its visibility timeout; the next receive ends it.
func TestPopReceipts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
		b.do(t, "queue POST que/messages?messagettl=-1", "201", "", text("x"))
		receive := func() (id, receipt string) {
			a := b.do(t, "queue GET que/messages?visibilitytimeout=30", "200")
			return group(t, "<MessageId>(.*)</MessageId>", a.body), group(t, "<PopReceipt>(.*)</PopReceipt>", a.body)
		}
		id, first := receive()
		time.Sleep(31 * time.Second)
		a := b.do(t, "queue PUT que/messages/"+id+"?visibilitytimeout=5&popreceipt="+first, "204")
		second := a.header.Get("X-Ms-Popreceipt")
		if second == first {
			t.Error("an update leaves the receipt as it was")
		}
		b.do(t, "queue DELETE que/messages/"+id+"?popreceipt="+first, "400 PopReceiptMismatch")
		time.Sleep(6 * time.Second)
		_, third := receive()
		b.do(t, "queue DELETE que/messages/"+id+"?popreceipt="+second, "400 PopReceiptMismatch")
		b.do(t, "queue DELETE que/messages/"+id+"?popreceipt="+third, "204")
		b.do(t, "queue DELETE que/messages/"+id+"?popreceipt="+third, "404 MessageNotFound")
	})
}

func TestMessagesExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
		b.do(t, "queue POST que/messages?messagettl=10", "201", "", text("short"))
		a := b.do(t, "queue POST que/messages", "201", "", text("a week"))
		id, receipt := group(t, "<MessageId>(.*)</MessageId>", a.body), group(t, "<PopReceipt>(.*)</PopReceipt>", a.body)
		b.do(t, "queue PUT que/messages/"+id+"?visibilitytimeout=604800&popreceipt="+receipt, "204")
		count := func() string {
			return b.do(t, "queue GET que?comp=metadata", "200").header.Get("X-Ms-Approximate-Messages-Count")
		}
		if got := count(); got != "2" {
			t.Error(got)
		}
		time.Sleep(11 * time.Second)
		if got := count(); got != "1" {
			t.Error(got)
		}
		time.Sleep(7 * 24 * time.Hour)
		if got := count(); got != "0" {
			t.Error(got)
		}
	})
}

func TestLeasesExpire(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"con/b?comp=lease", "con?restype=container&comp=lease"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
				lease := func(want, action, id, more string) answer {
					t.Helper()
					return b.do(t, "blob PUT "+path, want, leaseHeaders(action, id, more))
				}
				state := func() string {
					t.Helper()
					h := b.do(t, "blob HEAD "+regexp.MustCompile(`[?&]comp=lease`).ReplaceAllString(path, ""), "200").header
					return h.Get("X-Ms-Lease-State") + " " + h.Get("X-Ms-Lease-Status") + " " + h.Get("X-Ms-Lease-Duration")
				}
				same := func(want string) {
					t.Helper()
					if got := state(); got != want {
						t.Errorf("got %q, want %q", got, want)
					}
				}
				lease("201", "acquire", idA, "15")
				same("leased locked fixed")
				time.Sleep(14 * time.Second)
				lease("409 LeaseAlreadyPresent", "acquire", idB, "15")
				lease("200", "renew", idA, "")
				time.Sleep(15 * time.Second)
				same("expired unlocked ")
				lease("409 LeaseNotPresentWithLeaseOperation", "change", idA, idB)
				lease("200", "renew", idA, "") // nobody else took it meanwhile
				time.Sleep(15 * time.Second)
				lease("201", "acquire", idB, "60")
				lease("409 LeaseIdMismatchWithLeaseOperation", "renew", idA, "")
				if left := lease("202", "break", "", "10").header.Get("X-Ms-Lease-Time"); left != "10" {
					t.Error(left)
				}
				same("breaking locked ")
				time.Sleep(10 * time.Second)
				same("broken unlocked ")
				lease("201", "acquire", idA, "-1")
				same("leased locked infinite")
				time.Sleep(1000 * time.Hour)
				same("leased locked infinite")
				lease("200", "release", idA, "")
				same("available unlocked ")
			})
		})
	}
}

// Who lost a lease is told so when it writes, and a write by another ends what could be renewed.
func TestWritesAfterALeaseExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
		const write = "blob PUT con/b"
		b.do(t, write+"?comp=lease", "201", leaseHeaders("acquire", idA, "15"))
		time.Sleep(15 * time.Second)
		b.do(t, write, "412 LeaseLost", block+"\nx-ms-lease-id: "+idA, "x")
		b.do(t, write, "201", block, "x")
		b.do(t, write, "412 LeaseNotPresentWithBlobOperation", block+"\nx-ms-lease-id: "+idA, "x")
		b.do(t, write+"?comp=lease", "409 LeaseIdMismatchWithLeaseOperation", leaseHeaders("renew", idA, ""))
	})
}

func TestNamesStayTakenWhileBeingDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, azuretest.Options{BeingDeleted: 40 * time.Second}, azuretest.ClientOptions{})
		b.do(t, "queue DELETE que", "204")
		b.do(t, "table DELETE Tables('tab')", "204")
		b.do(t, "blob DELETE con?restype=container", "202")
		again := func(queue, table, container string) {
			t.Helper()
			b.do(t, "queue PUT que", queue)
			b.do(t, "table POST Tables", table, "", `{"TableName":"TAB"}`)
			b.do(t, "blob PUT con?restype=container", container)
		}
		again("409 QueueBeingDeleted", "409 TableBeingDeleted", "409 ContainerBeingDeleted")
		time.Sleep(40 * time.Second)
		again("201", "201", "201")
	})
}

// The service's clock is its own: what clients think of the time does not count, and every write has an ETag of its own even when time stands still.
func TestTheClockIsInjected(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 6789, time.UTC)
	b := setup(t, azuretest.Options{Now: func() time.Time { return now }}, azuretest.ClientOptions{})
	a := b.do(t, "table PUT tab(PartitionKey='p',RowKey='r')", "204", "", `{}`)
	c := b.do(t, "table PUT tab(PartitionKey='p',RowKey='r')", "204", "", `{}`)
	if a.header.Get("Date") != now.Format(http.TimeFormat) || a.header.Get("ETag") == c.header.Get("ETag") {
		t.Error(a.header, c.header)
	}
	if got := b.do(t, "table GET tab(PartitionKey='p',RowKey='r')?$select=Timestamp", "200").body; group(t, `"Timestamp":"(.{19})`, got) != "2030-01-02T03:04:05" {
		t.Error(got)
	}
}

// The same requests get the same ids; another seed gives others.
func TestIDsFollowFromTheSeed(t *testing.T) {
	t.Parallel()
	put := func(seed uint64) string {
		b := setup(t, azuretest.Options{Seed: seed, Now: func() time.Time { return time.Unix(1e9, 0) }}, azuretest.ClientOptions{})
		return b.do(t, "queue POST que/messages", "201", "", text("x")).body
	}
	first, again, other := put(1), put(1), put(2)
	if first != again || first == other {
		t.Error(first, again, other)
	}
}

// An answer may hold fewer entities than there are, or none, and still say where to go on.
func TestQueriesScanInPieces(t *testing.T) {
	t.Parallel()
	b := setup(t, azuretest.Options{ScanSize: 3}, azuretest.ClientOptions{})
	for i := range 10 {
		b.do(t, fmt.Sprintf("table PUT tab(PartitionKey='%d',RowKey='')", i), "204", "", fmt.Sprintf(`{"N":%d}`, i))
	}
	marker, sizes := "", ""
	for range 10 {
		a := b.do(t, "table GET tab()?$filter=N%20ge%205"+marker, "200")
		sizes += fmt.Sprint(strings.Count(a.body, `"N":`))
		pk := a.header.Get("X-Ms-Continuation-Nextpartitionkey")
		if pk == "" {
			break
		}
		marker = "&NextPartitionKey=" + url.QueryEscape(pk) + "&NextRowKey=" + url.QueryEscape(a.header.Get("X-Ms-Continuation-Nextrowkey"))
	}
	if sizes != "0131" {
		t.Error(sizes)
	}
}

func TestMessagesExpireInvisible(t *testing.T) {
	t.Parallel()
	b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
	a := b.do(t, "queue POST que/messages?messagettl=100", "201", "", text("x"))
	id, receipt := group(t, "<MessageId>(.*)</MessageId>", a.body), group(t, "<PopReceipt>(.*)</PopReceipt>", a.body)
	b.do(t, "queue PUT que/messages/"+id+"?visibilitytimeout=101&popreceipt="+receipt, "400 InvalidQueryParameterValue")
	b.do(t, "queue PUT que/messages/"+id+"?visibilitytimeout=99&popreceipt="+receipt, "204")
}

// Lists of names come in pages of PageSize, and each marker leads to the next one.
func TestListsContinue(t *testing.T) {
	t.Parallel()
	b := setup(t, azuretest.Options{PageSize: 2}, azuretest.ClientOptions{})
	for i := range 5 {
		b.do(t, fmt.Sprintf("queue PUT list-%d", i), "201")
		b.do(t, fmt.Sprintf("blob PUT list-%d?restype=container", i), "201")
		b.do(t, fmt.Sprintf("blob PUT con/list-%d", i), "201", block)
		b.do(t, "table POST Tables", "201", "", fmt.Sprintf(`{"TableName":"list%d"}`, i))
	}
	for what, next := range map[string]string{
		"queue GET ?comp=list&prefix=list-":                      "<NextMarker>(.*)</NextMarker>",
		"blob GET ?comp=list&prefix=list-":                       "<NextMarker>(.*)</NextMarker>",
		"blob GET con?restype=container&comp=list&prefix=list-":  "<NextMarker>(.*)</NextMarker>",
		"table GET Tables?$filter=TableName%20ge%20%27list%27&x": "",
	} {
		names, pages, marker := 0, 0, ""
		for {
			a := b.do(t, what+marker, "200")
			names += len(regexp.MustCompile(`<Name>list-|"TableName":"list`).FindAllString(a.body, -1))
			pages++
			if next == "" {
				marker = a.header.Get("X-Ms-Continuation-Nexttablename")
			} else {
				marker = group(t, next, a.body)
			}
			if marker == "" {
				break
			}
			marker = map[bool]string{true: "&NextTableName=", false: "&marker="}[next == ""] + url.QueryEscape(marker)
		}
		if names != 5 || pages != 3 {
			t.Errorf("%s: %d names on %d pages", what, names, pages)
		}
	}
}
