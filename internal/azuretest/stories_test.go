package azuretest_test

import (
	"fmt"
	"slices"
	"strings"
)

// stories is the table of requests, in stories that each begin with nothing.
func stories() map[string][]request {
	return map[string][]request{
		"queues":           queueStory,
		"messages":         messageStory,
		"message limits":   messageLimitStory,
		"tables":           tableStory,
		"entities":         entityStory,
		"entity types":     typeStory,
		"entity limits":    entityLimitStory,
		"queries":          queryStory,
		"batches":          batchStory,
		"containers":       containerStory,
		"blobs":            blobStory,
		"blob leases":      blobLeaseStory,
		"container leases": containerLeaseStory,
	}
}

func text(s string) string {
	return "<QueueMessage><MessageText>" + s + "</MessageText></QueueMessage>"
}

const (
	minusOne = "messagettl=-1"
	idA      = "aaaaaaaa-0000-0000-0000-000000000000"
	idB      = "bbbbbbbb-0000-0000-0000-000000000000"
)

var queueStory = []request{
	{what: "queue PUT $N-a", want: "201"},
	{what: "queue PUT $N-a", want: "204"},
	{what: "queue PUT $N-a", headers: "x-ms-meta-a: 1", want: "409 QueueAlreadyExists"},
	{what: "queue PUT $N-b", headers: "x-ms-meta-a: 1\nx-ms-client-request-id: me", want: "201"},
	{what: "queue GET $N-b?comp=metadata", want: "200"},
	{what: "queue HEAD $N-b?comp=metadata", want: "200"},
	{what: "queue PUT $N-b?comp=metadata", headers: "x-ms-meta-a: 2", want: "204"},
	{what: "queue GET $N-c?comp=metadata", want: "404 QueueNotFound"},
	{what: "queue PUT $N-", want: "400 InvalidResourceName"},
	{what: "queue PUT $N--x", want: "400 InvalidResourceName"},
	{what: "queue PUT $N-X", want: "400 InvalidResourceName"},
	{what: "queue PUT ab", want: "400 OutOfRangeInput"},
	{what: "queue GET ?comp=list&prefix=$N-&maxresults=1", want: "200"},
	{what: "queue GET ?comp=list&prefix=$N-&include=metadata", want: "200"},
	{what: "queue DELETE $N-a", want: "204"},
	{what: "queue DELETE $N-a", want: "404 QueueNotFound"},
	{what: "queue POST $N-a/messages", body: text("x"), want: "404 QueueNotFound"},
	{what: "queue GET $N-a/messages", want: "404 QueueNotFound"},
}

var messageStory = []request{
	{what: "queue PUT $N", want: "201"},
	{what: "queue GET $N/messages?numofmessages=32", want: "200"},
	{what: "queue POST $N/messages?" + minusOne, body: text("a &lt;b&gt; &amp; é 😀"), want: "201"},
	{what: "queue POST $N/messages?" + minusOne + "&visibilitytimeout=3600", body: text("later"), want: "201", keep: "L: <MessageId>(.*)</MessageId>"},
	{what: "queue GET $N?comp=metadata", want: "200"},
	{what: "queue GET $N/messages?peekonly=true&numofmessages=32", want: "200"},
	{what: "queue GET $N/messages?numofmessages=32&visibilitytimeout=600", want: "200", keep: "M: <MessageId>(.*)</MessageId>"},
	{what: "queue GET $N/messages?numofmessages=32", want: "200"},
	{what: "queue PUT $N/messages/$M?visibilitytimeout=0&popreceipt=bm9uZQ%3D%3D", want: "400 PopReceiptMismatch"},
	{what: "queue DELETE $N/messages/$M?popreceipt=bm9uZQ%3D%3D", want: "400 PopReceiptMismatch"},
	{what: "queue DELETE $N/messages/" + idA + "?popreceipt=bm9uZQ%3D%3D", want: "404 MessageNotFound"},
	{what: "queue DELETE $N/messages", want: "204"},
	{what: "queue POST $N/messages?" + minusOne, body: text("again"), want: "201", keep: "R: <PopReceipt>(.*)</PopReceipt>"},
	{what: "queue GET $N/messages?visibilitytimeout=600", want: "200", keep: "M: <MessageId>(.*)</MessageId>"},
	{what: "queue DELETE $N/messages/$M?popreceipt=$R", want: "400 PopReceiptMismatch"},
}

var messageLimitStory = []request{
	{what: "queue PUT $N", want: "201"},
	{what: "queue POST $N/messages", body: text(strings.Repeat("x", 65536)), want: "201"},
	{what: "queue POST $N/messages", body: text(strings.Repeat("x", 65537)), want: "413 RequestBodyTooLarge"},
	{what: "queue POST $N/messages?visibilitytimeout=604800&" + minusOne, body: text("x"), want: "201"},
	{what: "queue POST $N/messages?visibilitytimeout=604801&" + minusOne, body: text("x"), want: "400 OutOfRangeQueryParameterValue"},
	{what: "queue POST $N/messages?visibilitytimeout=-1", body: text("x"), want: "400 OutOfRangeQueryParameterValue"},
	{what: "queue POST $N/messages?messagettl=10&visibilitytimeout=10", body: text("x"), want: "400 InvalidQueryParameterValue"},
	{what: "queue POST $N/messages?messagettl=0", body: text("x"), want: "400 InvalidQueryParameterValue"},
	{what: "queue POST $N/messages?messagettl=-2", body: text("x"), want: "400 InvalidQueryParameterValue", azurite: "400"},
	{what: "queue POST $N/messages", body: "<QueueMessage><MessageText>x", want: "400 InvalidXmlDocument", azurite: "400"},
	{what: "queue GET $N/messages?numofmessages=33", want: "400 OutOfRangeQueryParameterValue"},
	{what: "queue GET $N/messages?numofmessages=0", want: "400 OutOfRangeQueryParameterValue", azurite: "400"},
	{what: "queue GET $N/messages?visibilitytimeout=0", want: "400 OutOfRangeQueryParameterValue"},
	{what: "queue GET $N/messages?visibilitytimeout=604801", want: "400 OutOfRangeQueryParameterValue"},
	{what: "queue GET $N/messages?peekonly=true&numofmessages=33", want: "400 OutOfRangeQueryParameterValue"},
	{what: "queue PUT $N/messages/" + idA + "?popreceipt=bm9uZQ%3D%3D&visibilitytimeout=604801", want: "400 OutOfRangeQueryParameterValue"},
}

var tableStory = []request{
	{what: "table POST Tables", body: `{"TableName":"$N"}`, want: "201"},
	{what: "table POST Tables", body: `{"TableName":"$N"}`, want: "409 TableAlreadyExists"},
	{what: "table POST Tables", headers: "Prefer: return-no-content", body: `{"TableName":"${N}b"}`, want: "204"},
	{what: "table GET Tables?$filter=TableName%20eq%20'$N'", want: "200"},
	{what: "table DELETE Tables('${N}b')", want: "204"},
	{what: "table DELETE Tables('${N}b')", want: "404 ResourceNotFound"},
	{what: "table GET ${N}b()", want: "404 TableNotFound"},
	{what: "table POST ${N}b", body: `{"PartitionKey":"p","RowKey":"r"}`, want: "404 TableNotFound"},
	{what: "table POST Tables", body: `{"TableName":"a_b"}`, want: "400 InvalidResourceName", azurite: "400"},
	{what: "table POST Tables", body: `{"TableName":"ab"}`, want: "400 OutOfRangeInput", azurite: "400"},
}

func at(pk, rk string) string { return fmt.Sprintf("$N(PartitionKey='%s',RowKey='%s')", pk, rk) }

var entityStory = []request{
	{what: "table POST Tables", headers: "Prefer: return-no-content", body: `{"TableName":"$N"}`, want: "204"},
	{what: "table POST $N", headers: "Prefer: return-no-content", body: `{"PartitionKey":"p","RowKey":"r","A":"1","Z":null}`, want: "204"},
	{what: "table POST $N", body: `{"PartitionKey":"p","RowKey":"s","A":"1"}`, want: "201"},
	{what: "table POST $N", body: `{"PartitionKey":"p","RowKey":"r"}`, want: "409 EntityAlreadyExists"},
	{what: "table GET " + at("p", "r"), want: "200", keep: `E: (?m)^Etag: (.*)$`},
	{what: "table GET " + at("p", "r") + "?$select=A", want: "200"},
	{what: "table GET " + at("p", "none"), want: "404 ResourceNotFound"},
	{what: "table PATCH " + at("p", "r"), headers: "If-Match: $E", body: `{"PartitionKey":"p","RowKey":"r","A":null,"B":true}`, want: "204"},
	{what: "table GET " + at("p", "r"), want: "200"},
	{what: "table PATCH " + at("p", "r"), headers: "If-Match: $E", body: `{"B":false}`, want: "412 UpdateConditionNotSatisfied"},
	{what: "table PUT " + at("p", "r"), headers: "If-Match: $E", body: `{"B":false}`, want: "412 UpdateConditionNotSatisfied"},
	{what: "table DELETE " + at("p", "r"), headers: "If-Match: $E", want: "412 UpdateConditionNotSatisfied"},
	{what: "table PUT " + at("p", "r"), headers: "If-Match: *", body: `{"C":1}`, want: "204"},
	{what: "table GET " + at("p", "r"), want: "200"},
	{what: "table PUT " + at("p", "new"), headers: "If-Match: *", body: `{"C":1}`, want: "404 ResourceNotFound"},
	{what: "table PATCH " + at("p", "new"), headers: "If-Match: *", body: `{"C":1}`, want: "404 ResourceNotFound"},
	{what: "table PUT " + at("p", "new"), body: `{"C":1}`, want: "204"},
	{what: "table PATCH " + at("p", "new2"), body: `{"C":2}`, want: "204"},
	{what: "table POST " + at("p", "new2"), headers: "X-HTTP-Method: MERGE", body: `{"C":3}`, want: "204"},
	{what: "table GET " + at("p", "new2"), want: "200"},
	{what: "table DELETE " + at("p", "new2"), want: "400 MissingRequiredHeader", azurite: "400"},
	{what: "table DELETE " + at("p", "new2"), headers: "If-Match: *", want: "204"},
	{what: "table DELETE " + at("p", "new2"), headers: "If-Match: *", want: "404 ResourceNotFound"},
	{what: "table POST $N", body: `{"PartitionKey":"","RowKey":"","A":"empty keys"}`, want: "201"},
	{what: "table GET " + at("", ""), want: "200"},
	{what: "table PUT " + at("o''ne%20%C3%A9%25%26%40", "%2B"), body: `{"A":"odd"}`, want: "204"},
	{what: "table GET " + at("o''ne%20%C3%A9%25%26%40", "%2B"), want: "200"},
	{what: "table POST $N", body: `{"PartitionKey":"p"}`, want: "400 PropertiesNeedValue"},
}

var typeStory = []request{
	{what: "table POST Tables", headers: "Prefer: return-no-content", body: `{"TableName":"$N"}`, want: "204"},
	{what: "table PUT " + at("p", "r"), body: `{"S":"é\u0001\"\\","I":-7,"L":"9007199254740993","L@odata.type":"Edm.Int64","D":1.5,"W":3.0,"W@odata.type":"Edm.Double","B":false,
"T":"2026-01-02T03:04:05.1234567Z","T@odata.type":"Edm.DateTime","G":"AAAAAAAA-0000-0000-0000-00000000000b","G@odata.type":"Edm.Guid","X":"AQID","X@odata.type":"Edm.Binary"}`, want: "204"},
	{what: "table GET " + at("p", "r"), want: "200"},
	{what: "table GET " + at("p", "r"), headers: "Accept: application/json;odata=nometadata", want: "200"},
	{what: "table GET " + at("p", "r"), headers: "Accept: application/json;odata=fullmetadata", want: "200"},
	{what: "table PUT " + at("p", "bad"), body: `{"I":3000000000}`, want: "400 InvalidInput", azurite: "204"},
	{what: "table PUT " + at("p", "bad"), body: `{"T":"yesterday","T@odata.type":"Edm.DateTime"}`, want: "400 InvalidInput", azurite: "204"},
	{what: "table PUT " + at("p", "bad"), body: `{"T":"0001-01-01T00:00:00Z","T@odata.type":"Edm.DateTime"}`, want: "400 InvalidInput", azurite: "204"},
	{what: "table PUT " + at("p", "bad"), body: `{"G":"x","G@odata.type":"Edm.Guid"}`, want: "400 InvalidInput", azurite: "204"},
	{what: "table PUT " + at("p", "bad"), body: `{"L":"x","L@odata.type":"Edm.Int64"}`, want: "400 InvalidInput", azurite: "204"},
	{what: "table PUT " + at("p", "bad"), body: `{"O":{}}`, want: "400 InvalidInput"},
	{what: "table PUT " + at("p", "bad"), body: `{"O":1`, want: "400 InvalidInput", azurite: "400"},
}

func properties(n int) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range n {
		fmt.Fprintf(&b, `"P%d":%d,`, i, i)
	}
	return strings.TrimSuffix(b.String(), ",") + "}"
}

var entityLimitStory = []request{
	{what: "table POST Tables", headers: "Prefer: return-no-content", body: `{"TableName":"$N"}`, want: "204"},
	{what: "table PUT " + at("p", "s"), body: `{"S":"` + strings.Repeat("x", 32<<10) + `"}`, want: "204"},
	{what: "table PUT " + at("p", "s"), body: `{"S":"` + strings.Repeat("x", 32<<10+1) + `"}`, want: "400 PropertyValueTooLarge"},
	{what: "table PUT " + at("p", "s"), body: `{"S":"` + strings.Repeat("😀", 16<<10+1) + `"}`, want: "400 PropertyValueTooLarge"},
	{what: "table PUT " + at("p", "n"), body: properties(252), want: "204"},
	{what: "table PUT " + at("p", "n"), body: properties(253), want: "400 TooManyProperties", azurite: "204"},
	{what: "table PUT " + at("p", "n"), body: `{"a-b":1}`, want: "400 PropertyNameInvalid", azurite: "204"},
	{what: "table PUT " + at("p", "n"), body: `{"` + strings.Repeat("x", 256) + `":1}`, want: "400 PropertyNameTooLong", azurite: "204"},
	{what: "table PUT " + at("p", "n"), body: bigEntity(17), want: "400 EntityTooLarge", azurite: "204"},
	{what: "table POST $N", body: `{"PartitionKey":"a/b","RowKey":"r"}`, want: "400 OutOfRangeInput", azurite: "400 InvalidInput"},
	{what: "table POST $N", body: `{"PartitionKey":"a","RowKey":"r#"}`, want: "400 OutOfRangeInput", azurite: "400 InvalidInput"},
	{what: "table POST $N", body: `{"PartitionKey":"a","RowKey":"r?"}`, want: "400 OutOfRangeInput", azurite: "400 InvalidInput"},
	{what: "table POST $N", body: `{"PartitionKey":"a","RowKey":"r\\"}`, want: "400 OutOfRangeInput", azurite: "400 InvalidInput"},
	{what: "table POST $N", body: `{"PartitionKey":"a","RowKey":"\u0009"}`, want: "400 OutOfRangeInput", azurite: "400 InvalidInput"},
	{what: "table POST $N", body: `{"PartitionKey":"a","RowKey":"` + strings.Repeat("k", 513) + `"}`, want: "400 PropertyValueTooLarge", azurite: "400 InvalidInput"},
	{what: "table PUT " + at("p", "n"), body: `{"PartitionKey":"other","RowKey":"n"}`, want: "400 InvalidInput", azurite: "204"},
}

func bigEntity(n int) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range n {
		fmt.Fprintf(&b, `"P%d":"%s",`, i, strings.Repeat("x", 32<<10))
	}
	return strings.TrimSuffix(b.String(), ",") + "}"
}

func where(filter string) string {
	return "table GET $N()?$filter=" + strings.NewReplacer(" ", "%20", "'", "%27").Replace(filter)
}

var queryStory = []request{
	{what: "table POST Tables", headers: "Prefer: return-no-content", body: `{"TableName":"$N"}`, want: "204"},
	{what: "table PUT " + at("a", "1"), body: `{"N":1,"S":"it's","B":true,"T":"2026-01-02T03:04:05Z","T@odata.type":"Edm.DateTime","L":"12","L@odata.type":"Edm.Int64"}`, want: "204"},
	{what: "table PUT " + at("a", "2"), body: `{"N":2,"S":"x","B":false,"T":"2027-01-02T03:04:05.5Z","T@odata.type":"Edm.DateTime","L":"13","L@odata.type":"Edm.Int64"}`, want: "204"},
	{what: "table PUT " + at("b", "1"), body: `{"N":3,"D":1.5,"G":"aaaaaaaa-0000-0000-0000-00000000000b","G@odata.type":"Edm.Guid","X":"AQID","X@odata.type":"Edm.Binary"}`, want: "204"},
	{what: "table PUT " + at("b", "sentinel"), body: `{"S":"z"}`, want: "204"},
	{what: "table GET $N()", want: "200"},
	{what: "table GET $N", want: "200"},
	{what: "table GET $N()?$top=2", want: "200", keep: `P: (?i)Nextpartitionkey: (.*)`},
	{what: "table GET $N()?$top=3&$select=N,RowKey", want: "200"},
	{what: where("PartitionKey eq 'a'"), want: "200"},
	{what: where("PartitionKey eq 'a' and RowKey ge '2' and RowKey lt '3'"), want: "200"},
	{what: where("PartitionKey gt 'a'"), want: "200"},
	{what: where("PartitionKey ge 'a' and PartitionKey lt 'b'"), want: "200"},
	{what: where("(N eq 1 or N eq 3) and not (PartitionKey eq 'b')"), want: "200"},
	{what: where("S eq 'it''s'"), want: "200"},
	{what: where("S ne 'x' and PartitionKey eq 'a'"), want: "200"},
	{what: where("B eq true"), want: "200"},
	{what: where("T gt datetime'2026-06-01T00:00:00Z'"), want: "200"},
	{what: where("T le datetime'2026-01-02T03:04:05Z'"), want: "200"},
	{what: where("L ge 13L"), want: "200"},
	{what: where("D lt 2.5"), want: "200"},
	{what: where("G eq guid'aaaaaaaa-0000-0000-0000-00000000000b'"), want: "200"},
	{what: where("X eq X'010203'"), want: "200"},
	{what: where("X eq binary'010203'"), want: "200"},
	{what: where("Nothing eq 'x'"), want: "200"},
	{what: where("N eq"), want: "400 InvalidInput"},
	{what: "table GET $N()?$top=1001", want: "400 InvalidInput", azurite: "200"},
}

// batch writes a change set; each operation is "METHOD path|header|body".
func batch(operations ...string) (headers, body string) {
	var b strings.Builder
	b.WriteString("--batch_x\r\nContent-Type: multipart/mixed; boundary=changeset_y\r\n\r\n")
	for _, operation := range operations {
		parts := strings.SplitN(operation, "|", 3)
		b.WriteString("--changeset_y\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n")
		method, path, _ := strings.Cut(parts[0], " ")
		b.WriteString(method + " http://127.0.0.1:10002/devstoreaccount1/" + path + " HTTP/1.1\r\n")
		b.WriteString("Accept: application/json;odata=minimalmetadata\r\nContent-Type: application/json\r\nDataServiceVersion: 3.0\r\nPrefer: return-no-content\r\n")
		if parts[1] != "" {
			b.WriteString(parts[1] + "\r\n")
		}
		b.WriteString("\r\n" + parts[2] + "\r\n")
	}
	b.WriteString("--changeset_y--\r\n--batch_x--\r\n")
	return "Content-Type: multipart/mixed; boundary=batch_x", b.String()
}

func batchRequest(want, azurite string, operations ...string) request {
	headers, body := batch(operations...)
	return request{what: "table POST $batch", headers: headers, body: body, want: want, azurite: azurite}
}

func inserts(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`POST $N||{"PartitionKey":"many","RowKey":"%03d"}`, i))
	}
	return out
}

var batchStory = []request{
	{what: "table POST Tables", headers: "Prefer: return-no-content", body: `{"TableName":"$N"}`, want: "204"},
	batchRequest("202", "", `POST $N||{"PartitionKey":"p","RowKey":"1","A":1}`, "PUT "+at("p", "2")+`||{"PartitionKey":"p","RowKey":"2","A":2}`, "PATCH "+at("p", "3")+`||{"PartitionKey":"p","RowKey":"3","A":3}`),
	{what: "table GET $N()", want: "200"},
	batchRequest("202 409 EntityAlreadyExists 1", "", "DELETE "+at("p", "1")+"|If-Match: *|", `POST $N||{"PartitionKey":"p","RowKey":"2","A":1}`),
	{what: "table GET $N()", want: "200"},
	batchRequest("202 412 UpdateConditionNotSatisfied 1", "", `POST $N||{"PartitionKey":"p","RowKey":"9"}`, "PATCH "+at("p", "1")+`|If-Match: W/"datetime'2020-01-01T00%3A00%3A00.0000000Z'"|{"A":1}`),
	batchRequest("202 404 ResourceNotFound 1", "", `POST $N||{"PartitionKey":"p","RowKey":"9"}`, "PATCH "+at("p", "none")+`|If-Match: *|{"A":1}`),
	batchRequest("202", "", "DELETE "+at("p", "1")+"|If-Match: *|", "DELETE "+at("p", "2")+"|If-Match: *|"),
	{what: "table GET $N()", want: "200"},
	batchRequest("202 400 CommandsInBatchActOnDifferentPartitions 1", "202", `POST $N||{"PartitionKey":"p","RowKey":"9"}`, `POST $N||{"PartitionKey":"other","RowKey":"9"}`),
	batchRequest("202 400 InvalidDuplicateRow 1", "202 400 InvalidDuplicateRow 1", `POST $N||{"PartitionKey":"p","RowKey":"8"}`, "PUT "+at("p", "8")+`||{"A":1}`),
	batchRequest("202", "", inserts(100)...),
	batchRequest("202 400 InvalidInput 99", "202 400 InvalidInput 0", inserts(101)...),
	batchRequest("202 404 TableNotFound 0", "", `POST none||{"PartitionKey":"p","RowKey":"9"}`),
}

var containerStory = []request{
	{what: "blob PUT $N-a?restype=container", want: "201"},
	{what: "blob PUT $N-a?restype=container", want: "409 ContainerAlreadyExists"},
	{what: "blob PUT $N-b?restype=container", headers: "x-ms-meta-a: 1", want: "201"},
	{what: "blob GET $N-b?restype=container", want: "200"},
	{what: "blob HEAD $N-c?restype=container", want: "404 ContainerNotFound"},
	{what: "blob GET ?comp=list&prefix=$N-&maxresults=1", want: "200"},
	{what: "blob GET ?comp=list&prefix=$N-&include=metadata", want: "200"},
	{what: "blob DELETE $N-a?restype=container", want: "202"},
	{what: "blob DELETE $N-a?restype=container", want: "404 ContainerNotFound"},
	{what: "blob PUT $N-a/x", headers: "x-ms-blob-type: BlockBlob", body: "x", want: "404 ContainerNotFound"},
	{what: "blob PUT $N_?restype=container", want: "400 InvalidResourceName", azurite: "201"},
}

const block = "x-ms-blob-type: BlockBlob"

var blobStory = []request{
	{what: "blob PUT $N?restype=container", want: "201"},
	{what: "blob PUT $N/a/b%20%C3%A9%23.json", headers: block + "\nIf-None-Match: *\nx-ms-meta-a: 1\nx-ms-blob-content-type: text/plain", body: "hello", want: "201", keep: `E: (?m)^Etag: (.*)$`},
	{what: "blob PUT $N/a/b%20%C3%A9%23.json", headers: block + "\nIf-None-Match: *", body: "again", want: "409 BlobAlreadyExists"},
	{what: "blob GET $N/a/b%20%C3%A9%23.json", want: "200"},
	{what: "blob HEAD $N/a/b%20%C3%A9%23.json", want: "200"},
	{what: "blob GET $N/a/b%20%C3%A9%23.json", headers: "x-ms-range: bytes=1-2", want: "206"},
	{what: "blob GET $N/a/b%20%C3%A9%23.json", headers: "x-ms-range: bytes=1-", want: "206"},
	{what: "blob GET $N/a/b%20%C3%A9%23.json", headers: "x-ms-range: bytes=9-", want: "416 InvalidRange"},
	{what: "blob GET $N/a/b%20%C3%A9%23.json", headers: "If-None-Match: $E", want: "304 ConditionNotMet"},
	{what: "blob GET $N/a/b%20%C3%A9%23.json", headers: `If-Match: "0x1"`, want: "412 ConditionNotMet"},
	{what: "blob PUT $N/a/b%20%C3%A9%23.json", headers: block + `` + "\nIf-Match: \"0x1\"", body: "x", want: "412 ConditionNotMet"},
	{what: "blob PUT $N/a/b%20%C3%A9%23.json", headers: block + "\nIf-Match: $E", body: "hello 2", want: "201"},
	{what: "blob PUT $N/a/b%20%C3%A9%23.json?comp=metadata", headers: "x-ms-meta-a: 3", want: "200"},
	{what: "blob HEAD $N/a/b%20%C3%A9%23.json", want: "200"},
	{what: "blob GET $N/none", want: "404 BlobNotFound"},
	{what: "blob HEAD $N/none", want: "404 BlobNotFound"},
	{what: "blob PUT $N/none", headers: block + "\nIf-Match: *", want: "412 ConditionNotMet"},
	{what: "blob PUT $N/b", headers: block, body: "", want: "201"},
	{what: "blob PUT $N/c?comp=block&blockid=MDAwMQ%3D%3D", body: "one ", want: "201"},
	{what: "blob PUT $N/c?comp=block&blockid=MDAwMg%3D%3D", body: "two", want: "201"},
	{what: "blob GET $N/c", want: "404 BlobNotFound"},
	{what: "blob PUT $N/c?comp=blocklist", body: "<BlockList><Latest>MDAwMQ==</Latest><Latest>MDAwMg==</Latest></BlockList>", want: "201"},
	{what: "blob GET $N/c", want: "200", azurite: "200"},
	{what: "blob PUT $N/c?comp=blocklist", body: "<BlockList><Committed>MDAwMg==</Committed></BlockList>", want: "201"},
	{what: "blob PUT $N/c?comp=blocklist", body: "<BlockList><Latest>MDAwOQ==</Latest></BlockList>", want: "400 InvalidBlockList"},
	{what: "blob GET $N/c", want: "200", azurite: "200"},
	{what: "blob GET $N?restype=container&comp=list", want: "200"},
	{what: "blob GET $N?restype=container&comp=list&prefix=a/&include=metadata", want: "200"},
	{what: "blob GET $N?restype=container&comp=list&delimiter=/", want: "200"},
	{what: "blob DELETE $N/c", want: "202"},
	{what: "blob DELETE $N/c", want: "404 BlobNotFound"},
}

// leaseHeaders writes "acquire id seconds", "renew id", "change id new", "release id" and "break seconds".
func leaseHeaders(action, id, more string) string {
	h := "x-ms-lease-action: " + action
	switch action {
	case "acquire":
		h += "\nx-ms-lease-duration: " + more
		if id != "" {
			h += "\nx-ms-proposed-lease-id: " + id
		}
	case "break":
		if more != "" {
			h += "\nx-ms-lease-break-period: " + more
		}
	case "change":
		h += "\nx-ms-lease-id: " + id + "\nx-ms-proposed-lease-id: " + more
	default:
		h += "\nx-ms-lease-id: " + id
	}
	return h
}

var blobLeaseStory = leaseStory([]request{
	{what: "blob PUT $N?restype=container", want: "201"},
	{what: "blob PUT $N/b", headers: block, body: "{}", want: "201"},
	{what: "blob PUT $N/none?comp=lease", headers: leaseHeaders("acquire", idA, "15"), want: "404 BlobNotFound"},
}, "$N/b?comp=lease", []request{
	{what: "blob PUT $N/b", headers: block, body: "{}", want: "412 LeaseIdMissing"},
	{what: "blob PUT $N/b", headers: block + "\nx-ms-lease-id: " + idB, body: "{}", want: "412 LeaseIdMismatchWithBlobOperation"},
	{what: "blob PUT $N/b", headers: block + "\nx-ms-lease-id: " + idA, body: "{}", want: "201"},
	{what: "blob PUT $N/b?comp=metadata", want: "412 LeaseIdMissing"},
	{what: "blob GET $N/b", want: "200"},
	{what: "blob GET $N/b", headers: "x-ms-lease-id: " + idB, want: "412 LeaseIdMismatchWithBlobOperation"},
	{what: "blob DELETE $N/b", want: "412 LeaseIdMissing"},
	{what: "blob GET $N?restype=container&comp=list", want: "200"},
	{what: "blob HEAD $N/b", want: "200"},
}, []request{
	{what: "blob PUT $N/b", headers: block + "\nx-ms-lease-id: " + idA, body: "{}", want: "412 LeaseNotPresentWithBlobOperation"},
	{what: "blob DELETE $N/b", want: "202"},
})

var containerLeaseStory = leaseStory([]request{
	{what: "blob PUT $N?restype=container", want: "201"},
	{what: "blob PUT none$N?restype=container&comp=lease", headers: leaseHeaders("acquire", idA, "15"), want: "404 ContainerNotFound"},
}, "$N?restype=container&comp=lease", []request{
	{what: "blob DELETE $N?restype=container", want: "412 LeaseIdMissing"},
	{what: "blob DELETE $N?restype=container", headers: "x-ms-lease-id: " + idB, want: "412 LeaseIdMismatchWithContainerOperation"},
	{what: "blob PUT $N/b", headers: block, body: "{}", want: "201"},
	{what: "blob GET $N?restype=container", want: "200"},
	{what: "blob GET ?comp=list&prefix=$N", want: "200"},
}, []request{
	{what: "blob DELETE $N?restype=container", headers: "x-ms-lease-id: " + idA, want: "412 LeaseNotPresentWithContainerOperation"},
	{what: "blob DELETE $N?restype=container", want: "202"},
})

// leaseStory is the life of a lease; while is what is sent while A holds it, after what is sent when nobody does.
func leaseStory(before []request, path string, while, after []request) []request {
	lease := func(want, action, id, more string) request {
		return request{what: "blob PUT " + path, headers: leaseHeaders(action, id, more), want: want}
	}
	out := append(slices.Clone(before),
		lease("400 InvalidHeaderValue", "acquire", idA, "14"),
		lease("400 InvalidHeaderValue", "acquire", idA, "61"),
		lease("400 InvalidHeaderValue", "acquire", idA, "0"),
		lease("409 LeaseIdMismatchWithLeaseOperation", "renew", idA, ""),
		lease("409 LeaseIdMismatchWithLeaseOperation", "release", idA, ""),
		lease("409 LeaseNotPresentWithLeaseOperation", "change", idA, idB),
		lease("409 LeaseNotPresentWithLeaseOperation", "break", "", ""),
		lease("201", "acquire", idA, "15"),
		lease("201", "acquire", idA, "60"),
		lease("409 LeaseAlreadyPresent", "acquire", idB, "60"),
		lease("409 LeaseAlreadyPresent", "acquire", "", "60"),
		lease("200", "renew", idA, ""),
		lease("409 LeaseIdMismatchWithLeaseOperation", "renew", idB, ""),
		lease("409 LeaseIdMismatchWithLeaseOperation", "release", idB, ""),
	)
	out = append(out, while...)
	out = append(out,
		lease("200", "change", idA, idB),
		lease("200", "change", idA, idB),
		lease("409 LeaseIdMismatchWithLeaseOperation", "change", idA, "cccccccc-0000-0000-0000-000000000000"),
		lease("409 LeaseIdMismatchWithLeaseOperation", "renew", idA, ""),
		lease("200", "release", idB, ""),
		lease("201", "acquire", idB, "-1"),
		lease("202", "break", "", "30"),
		lease("409 LeaseIsBrokenAndCannotBeRenewed", "renew", idB, ""),
		lease("409 LeaseIsBreakingAndCannotBeAcquired", "acquire", idB, "15"),
		lease("409 LeaseAlreadyPresent", "acquire", idA, "15"),
		lease("409 LeaseIsBreakingAndCannotBeChanged", "change", idB, idA),
		lease("202", "break", "", "0"),
		lease("409 LeaseIsBrokenAndCannotBeRenewed", "renew", idB, ""),
		lease("409 LeaseNotPresentWithLeaseOperation", "change", idB, idA),
		lease("200", "release", idB, ""),
		lease("201", "acquire", idA, "-1"),
		lease("202", "break", "", "0"),
		lease("201", "acquire", idB, "15"),
		lease("200", "release", idB, ""),
	)
	return append(out, after...)
}
