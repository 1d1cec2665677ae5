package bindings

import (
	"github.com/azdurable/azdurable/durabletask"
)

// DurableClient is what HTTP functions start orchestrations with, and answer with links to them.
type DurableClient struct {
	*durabletask.Client
	links Links
}

// NewDurableClient makes a client whose answers link to the management API that links describes.
func NewDurableClient(c *durabletask.Client, links Links) *DurableClient {
	return &DurableClient{Client: c, links: links}
}

// Links says what the URLs in answers look like.
func (c *DurableClient) Links() *Links { return &c.links }

// With returns a client of the same hub whose links name the hub and the connection as a request spelled them. What is empty
// stays as it is.
func (c *DurableClient) With(hub, connection string) *DurableClient {
	links := c.links
	if hub != "" {
		links.Hub = hub
	}
	if connection != "" {
		links.Connection = connection
	}
	return &DurableClient{Client: c.Client, links: links}
}

// At returns a client of the same hub whose links lead to the management API at another path.
func (c *DurableClient) At(path string) *DurableClient {
	links := c.links
	links.Path = path
	return &DurableClient{Client: c.Client, links: links}
}
