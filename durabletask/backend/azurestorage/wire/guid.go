package wire

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// zeroGUID stands where nobody has made an id. In Go it is the empty string.
const zeroGUID = "00000000-0000-0000-0000-000000000000"

// parseGUID reads an id with or without dashes and brackets, as .NET does, and returns it the way .NET writes it.
func parseGUID(text string) (string, error) {
	digits := strings.TrimSpace(text)
	if n := len(digits); n > 2 && (digits[0] == '{' && digits[n-1] == '}' || digits[0] == '(' && digits[n-1] == ')') {
		digits = digits[1 : n-1]
	}
	if len(digits) == len(zeroGUID) && digits[8] == '-' && digits[13] == '-' && digits[18] == '-' && digits[23] == '-' {
		digits = digits[:8] + digits[9:13] + digits[14:18] + digits[19:23] + digits[24:]
	}
	digits = strings.ToLower(digits)
	if _, err := hex.DecodeString(digits); err != nil || len(digits) != 32 {
		return "", fmt.Errorf("%.60q is not a GUID", text)
	}
	id := digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
	if id == zeroGUID {
		return "", nil
	}
	return id, nil
}

// ActivityID returns an id the way messages and rows spell it: in lower case with dashes. What is no GUID can't name a message: it becomes
// the empty string.
func ActivityID(text string) string {
	id, _ := parseGUID(text) // no id at all if it fails
	return id
}

func appendGUID(dst []byte, id string) []byte {
	if id == "" {
		id = zeroGUID
	}
	return appendString(dst, id)
}
