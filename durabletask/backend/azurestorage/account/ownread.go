package account

import "errors"

// A request may have its reply of success read by us in place of the SDK, where that costs too much or loses something:
//
//   - Rows: the SDK turns each into a map and back. A page of 100 costs 2.1 ms so, and 0.3 ms otherwise.
//   - Transactions: the SDK loses the ETags, reports a refused row as a status of success, takes a short reply for a whole one and panics on an
//     empty one.
//
// Our policy then returns errRead, and the SDK, which passes the errors of policies on, is done. To have it read a short document that it takes for
// a success instead would cost a third of a transaction more (multipart readers and their buffers).
var errRead = errors.New("the reply has been read")
