package bindings

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// BlobFunc takes a blob that is new or has changed.
type BlobFunc func(ctx context.Context, blob *BlobContent, client *DurableClient) error

// BlobContent is a blob that is new or has changed.
type BlobContent struct {
	// Content is the whole blob.
	Content []byte
	// URI is the blob's address.
	URI string
	// Params are the parts of the path that the pattern names.
	Params map[string]string
	// Metadata is the blob's own. Storage does not keep the letter case of the names.
	Metadata map[string]string
	// Properties are what storage says of the blob.
	Properties BlobProperties
}

// BlobProperties are some of what storage says of a blob.
type BlobProperties struct {
	Length       int64     `json:"Length"`       //nolint:tagliatelle // as the host spells it
	ContentType  string    `json:"ContentType"`  //nolint:tagliatelle // as above
	ContentMD5   string    `json:"ContentMD5"`   //nolint:tagliatelle // as above
	ETag         string    `json:"ETag"`         //nolint:tagliatelle // as above
	Created      time.Time `json:"Created"`      //nolint:tagliatelle // as above
	LastModified time.Time `json:"LastModified"` //nolint:tagliatelle // as above
}

// BlobSource says which blobs call a function.
type BlobSource struct {
	// Path is container/pattern; {name} in the pattern takes any text and becomes a parameter, %NAME% stands for an app setting.
	Path string
	// Connection names the app setting with the storage account; default: AzureWebJobsStorage.
	Connection string
	// EventGrid lets events call the function instead of a look through the container, which is slow and misses blobs when there are many. It needs a
	// subscription to the storage account's events, and is the only way on the Flex Consumption plan.
	EventGrid bool
}

// BlobTrigger calls a function for each blob that is new or has changed.
type BlobTrigger struct {
	definition

	source BlobSource
	params []string
	fn     BlobFunc
}

// blobBinding is the name of the binding in invocations.
const blobBinding = "blob"

// blobParameter is a parameter in a pattern of blobs.
var blobParameter = regexp.MustCompile(`\{([^{}]*)\}`)

// known are the names under which an invocation has other things than parameters.
var known = []string{"uri", "properties", "metadata", "sys", "blobtrigger"}

// Blob makes the trigger of a function that is called for each blob that is new or has changed, with its whole content: [MaxBody] says how large that may be. A
// function that fails is called for the blob again, up to 5 times.
//
// Blob panics if the path is none, or has a parameter that could not be told from what else the host says of a blob.
func Blob(name string, source BlobSource, fn BlobFunc, options ...Option) *BlobTrigger {
	if fn == nil {
		panic(`bindings: a blob function needs a function: bindings.Blob("OnUpload", bindings.BlobSource{Path: "uploads/{name}.csv"}, onUpload)`)
	}
	checkBlobPath("Blob", source.Path, source.Connection)
	t := &BlobTrigger{definition: define(name, options, blobBinding), source: source, fn: fn}
	t.withoutRetry("blob function", "it tries each blob five times by itself")
	for _, m := range blobParameter.FindAllStringSubmatch(strings.NewReplacer("{{", "", "}}", "").Replace(source.Path), -1) {
		if !bindingName.MatchString(m[1]) || slices.Contains(known, strings.ToLower(m[1])) || strings.HasSuffix(strings.ToLower(m[1]), "trigger") {
			panic(fmt.Sprintf("bindings: {%s} in the path of %q can't be told from what the host says of every blob: "+
				"name it with letters and digits, such as {file}", m[1], name))
		}
		t.params = append(t.params, m[1])
	}
	return t
}

// Type returns TypeBlob.
func (t *BlobTrigger) Type() string { return TypeBlob }

// Source returns which blobs call the function.
func (t *BlobTrigger) Source() BlobSource { return t.source }

// Function is what function.json says of the function.
func (t *BlobTrigger) Function() Function {
	properties := map[string]any{"path": t.source.Path, "dataType": dataTypeBinary}
	if t.source.Connection != "" {
		properties["connection"] = t.source.Connection
	}
	if t.source.EventGrid {
		properties["source"] = "EventGrid"
	}
	return t.function(Binding{Type: TypeBlob, Direction: DirectionIn, Name: blobBinding, Properties: properties})
}

// Answer runs the function for an invocation.
func (t *BlobTrigger) Answer(ctx context.Context, in *Invocation, client *DurableClient) (*Outcome, error) {
	content, err := in.Bytes(blobBinding)
	if err != nil {
		return nil, err
	}
	b := &BlobContent{Content: content, Params: make(map[string]string, len(t.params))}
	in.Known("Uri", &b.URI)
	in.Known("Metadata", &b.Metadata)
	in.Known("Properties", &b.Properties)
	for _, name := range t.params {
		var value string
		if !in.Known(name, &value) {
			return nil, fmt.Errorf("the invocation of %s has no {%s}: function.json and the app don't fit together; make it anew", in.Function, name)
		}
		b.Params[name] = value
	}
	return t.answer(ctx, in, func(ctx context.Context) error { return t.fn(ctx, b, client) })
}
