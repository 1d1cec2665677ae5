package azurestorage

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// maxBlob is the longest text that is read from a blob.
const maxBlob = 1 << 30

// readBlob returns the text of a blob.
func (b *Backend) readBlob(ctx context.Context, name string) ([]byte, error) {
	blob, err := b.blobs.Blob(name).Get(ctx)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(blob.Content))
	if err != nil {
		return nil, fmt.Errorf("read blob %q: %w", name, err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxBlob))
	if err != nil {
		return nil, fmt.Errorf("read blob %q: %w", name, err)
	}
	return text, nil
}

// writeBlob stores a text in one request, so that no reader sees a part of it. The name must be new.
func (b *Backend) writeBlob(ctx context.Context, name string, text []byte) error {
	var content bytes.Buffer
	z := gzip.NewWriter(&content)
	_, _ = z.Write(text) // into memory: never fails
	_ = z.Close()
	if err := b.ensureContainer(ctx); err != nil {
		return err
	}
	options := account.PutOptions{IfAbsent: true, ContentType: "application/octet-stream"}
	for try := range deletions {
		_, err := b.blobs.Blob(name).Put(ctx, content.Bytes(), options)
		switch {
		case err == nil:
			return nil
		case account.AlreadyExists(err): // ours, by an earlier try: nobody else knows the name
			return nil
		case account.NotFound(err): // somebody has deleted the container
			b.mu.Lock()
			b.container = false
			b.mu.Unlock()
			if err := b.ensureContainer(ctx); err != nil {
				return err
			}
		case !account.Transient(err) || !sleep(ctx, firstPause<<try):
			return err
		}
	}
	return fmt.Errorf("write blob %q: %w", name, errUnstored)
}

// ensureContainer makes the container of large messages before the first is written.
func (b *Backend) ensureContainer(ctx context.Context) error {
	b.mu.Lock()
	there := b.container
	b.mu.Unlock()
	if there {
		return nil
	}
	if _, err := b.blobs.Create(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	b.container = true
	b.mu.Unlock()
	return nil
}
