package durablehttp

import (
	"encoding/binary"
	"mime"
	"strings"
	"unicode/utf16"
)

// readText makes text of a body: by the charset of its type, else by its byte order mark, else as UTF-8. What is not text in it becomes U+FFFD, as in
// .NET (HttpContent.ReadAsStringAsync).
func readText(body []byte, contentType string) (string, *CallError) {
	charset := ""
	if _, parameters, err := mime.ParseMediaType(contentType); err == nil {
		charset = strings.ToLower(strings.Trim(parameters["charset"], `"`))
	}
	text := string(body)
	switch charset {
	case "", "utf-8", "utf8":
		switch {
		case charset == "" && strings.HasPrefix(text, "\xff\xfe"):
			return readUTF16(text[2:], binary.LittleEndian), nil
		case charset == "" && strings.HasPrefix(text, "\xfe\xff"):
			return readUTF16(text[2:], binary.BigEndian), nil
		}
		return strings.ToValidUTF8(strings.TrimPrefix(text, "\xef\xbb\xbf"), "\uFFFD"), nil
	case "us-ascii", "ascii", "iso-8859-1", "latin1":
		latin := charset == "iso-8859-1" || charset == "latin1"
		runes := make([]rune, len(body))
		for i, b := range body {
			if runes[i] = rune(b); b > 127 && !latin {
				runes[i] = '\uFFFD'
			}
		}
		return string(runes), nil
	case "utf-16", "utf-16le":
		return readUTF16(strings.TrimPrefix(text, "\xff\xfe"), binary.LittleEndian), nil
	case "utf-16be":
		return readUTF16(strings.TrimPrefix(text, "\xfe\xff"), binary.BigEndian), nil
	default:
		return "", &CallError{
			Kind: KindNoAnswer, Permanent: true,
			Message: "the answer's charset is not supported, only UTF-8, UTF-16, ISO-8859-1 and US-ASCII are: ask from an activity of your own",
		}
	}
}

func readUTF16(text string, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(text)/2)
	for ; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16([]byte(text[:2])))
	}
	return string(utf16.Decode(units))
}
