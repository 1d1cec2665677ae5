package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3/ext/serdes"
)

// Image returns what a store in memory has committed, in the form of a database file. A store that is opened with it (Options.Image) begins
// where a process that crashed now would have left off. It is for tests: nothing of what is in memory only is in it.
func (b *Backend) Image(ctx context.Context) (image []byte, err error) {
	if b.lock != nil {
		return nil, errors.New("take an image: " + b.name + " is its own image: copy the file")
	}
	err = b.writer.with(ctx, func(c *conn) error {
		image, err = serdes.Serialize(c.Conn, "main")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take an image of %s: %w", b.name, err)
	}
	return image, nil
}

// loadImage fills a new store in memory.
func (c *conn) loadImage(image []byte) error {
	if len(image) == 0 {
		return nil
	}
	return serdes.Deserialize(c.Conn, "main", image)
}
