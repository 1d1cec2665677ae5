package local

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

func memory(t *testing.T) *sqlite3.Conn {
	t.Helper()
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A file of any older format becomes one of the newest, with what is in it.
func TestMigrateFromEachFormat(t *testing.T) {
	t.Parallel()
	steps := append(migrations(),
		"ALTER TABLE instances ADD COLUMN a TEXT; UPDATE instances SET a = id || '!'",
		"ALTER TABLE instances RENAME COLUMN a TO b",
	)
	for from := 1; from <= len(steps); from++ {
		c := memory(t)
		if err := migrate(c, "hub.db", steps[:from]); err != nil {
			t.Fatal(err)
		}
		if err := c.Exec("INSERT INTO instances (key, id, execution_id, name, status, created, updated) VALUES (1, 'i', 'e', 'n', 0, 0, 0)"); err != nil {
			t.Fatal(err)
		}
		if err := migrate(c, "hub.db", steps); err != nil {
			t.Fatalf("from format %d: %v", from, err)
		}
		if n, err := number(c, "SELECT count(*) FROM instances WHERE id = 'i' AND b IS NOT '?'"); n != 1 || err != nil {
			t.Errorf("from format %d: %d rows, %v", from, n, err)
		}
		if n, err := pragma(c, "user_version"); n != int64(len(steps)) || err != nil {
			t.Errorf("from format %d: now format %d, %v", from, n, err)
		}
		if err := checkOwnership(c, "hub.db"); err != nil {
			t.Error(err)
		}
	}
}

// An upgrade that fails leaves the file as it was.
func TestMigrateIsWholeOrNot(t *testing.T) {
	t.Parallel()
	c := memory(t)
	if err := migrate(c, "hub.db", migrations()); err != nil {
		t.Fatal(err)
	}
	steps := append(migrations(), "CREATE TABLE added (a) STRICT", "ALTER TABLE added ADD COLUMN b TEXT")
	err := migrate(c, "hub.db", steps)
	var code sqlite3.ErrorCode
	newest := len(migrations())
	if !errors.As(err, &code) || !strings.Contains(err.Error(), fmt.Sprintf("upgrade hub.db from store format %d to %d", newest, newest+1)) {
		t.Errorf("error %v, want one that names the step", err)
	}
	if n, err := pragma(c, "user_version"); n != int64(newest) || err != nil {
		t.Errorf("format %d, %v, want %d", n, err, newest)
	}
}

// Every statement fits the tables.
func TestStatements(t *testing.T) {
	t.Parallel()
	c := memory(t)
	if err := migrate(c, "hub.db", migrations()); err != nil {
		t.Fatal(err)
	}
	for s := range numberOfStatements {
		stmt, tail, err := c.Prepare(s.sql())
		if err != nil || strings.TrimSpace(tail) != "" {
			t.Errorf("%s: %v, rest %q", s.sql(), err, tail)
			continue
		}
		if err := stmt.Close(); err != nil {
			t.Error(err)
		}
	}
}

// No statement that runs for each checkpoint or client call reads a whole table.
func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	c := memory(t)
	if err := migrate(c, "hub.db", migrations()); err != nil {
		t.Fatal(err)
	}
	for s := range numberOfStatements {
		if s == begin || s == commit || s == rollback || s == waitingMessages || s == waitingActivities || s == poisonPlaces {
			continue
		}
		stmt, _, err := c.Prepare("EXPLAIN QUERY PLAN " + s.sql())
		if err != nil {
			t.Fatal(err)
		}
		for stmt.Step() {
			if plan := stmt.ColumnText(3); strings.HasPrefix(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s: %s", s.sql(), plan)
			}
		}
		if err := stmt.Close(); err != nil {
			t.Error(err)
		}
	}
}
