// Package hubdiff says how a task hub that one program left in storage differs from one that another left after the same
// calls: rows, columns and their types, messages, blobs.
//
// Times are not compared, and identifiers only for their part: an id of one hub stands for the same id of the other wherever it comes up, in
// keys, in columns and inside texts, or that is a finding. So are the random parts of blob names.
//
//	report := hubdiff.Compare(recorded, ours, hubdiff.Options{Hub: "golden01", Rules: rules})
//	if len(report.Findings) > 0 {
//		t.Error(report)
//	}
//
// A [Rule] is a difference that is meant: it names the page that documents it, and says which findings it covers. A report counts what
// its rules have covered.
package hubdiff
