package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxInput is how many bytes are read of a file or of stdin: more than any store takes.
const maxInput = 64 << 20

// payload is an argument that is JSON: itself, @file, or - for stdin. Commands embed it.
type payload struct {
	Text bool `help:"The input is a text, not JSON: it is passed as a JSON string."`
}

// read returns the JSON text of an argument, nil if it is empty. (core-tools: DurableManager, whose words it uses.)
func (p *payload) read(argument string, stdin io.Reader) (*string, error) {
	var data []byte
	var source string
	switch file, isFile := strings.CutPrefix(argument, "@"); {
	case argument == "":
		return nil, nil
	case argument == "-":
		source = "stdin"
		var err error
		if data, err = io.ReadAll(io.LimitReader(stdin, maxInput+1)); err != nil {
			return nil, fmt.Errorf("read stdin: %w", err)
		}
	case isFile:
		source = file
		var err error
		data, err = os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fail(exitUsage, "Could not find input file at '%s'", file)
		}
		if err != nil {
			return nil, fail(exitUsage, "read the input: %w", err)
		}
	default:
		data = []byte(argument)
	}
	if len(data) > maxInput {
		return nil, fail(exitUsage, "the input in %s is larger than %d bytes", source, maxInput)
	}
	if p.Text {
		quoted, err := json.Marshal(string(data))
		return new(string(quoted)), err //nolint:wrapcheck // a string always has a JSON form
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if len(data) == 0 {
		return nil, nil
	}
	if json.Valid(data) {
		return new(string(data)), nil
	}
	if source != "" {
		return nil, fail(exitUsage, "Could not deserialize the input to the orchestration instance into a valid JSON object. "+
			"Look at %s, or pass it as text with --text", source)
	}
	return nil, fail(exitUsage, "the input %s is not JSON: quote texts twice ('\"text\"'), or pass it as text with --text", cut(visible(argument), 40))
}
