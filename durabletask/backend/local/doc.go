// Package local keeps a task hub in one SQLite file, or in memory.
package local
