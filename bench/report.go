package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// record is one line of the JSON file, and of the table.
type record struct {
	Name      string   `json:"name"`
	Value     *float64 `json:"value,omitempty"`
	Unit      unit     `json:"unit"`
	Peer      string   `json:"peer,omitempty"`
	PeerValue *float64 `json:"peer_value,omitempty"`
	Ratio     *float64 `json:"ratio,omitempty"`
	Target    string   `json:"target,omitempty"`
}

// report prints results as they come, as a table and as JSON lines.
type report struct {
	table io.Writer
	lines io.Writer // nil if nobody asked
}

func (r report) header() {
	_, _ = fmt.Fprintf(r.table, "%-34s %12s  %-17s %-30s %12s %8s  %s\n", "", "ours", "", "peer", "peer's", "ratio", "target")
}

// recordedPeer stands beside figures that were recorded before, on another machine.
const recordedPeer = "DTFx, recorded"

// own reports a figure that is compared with nothing, or with what was recorded.
func (r report) own(f figure) error {
	if f.note != "" {
		r.remark(f.name, f.note)
	}
	line := record{Name: f.name, Value: &f.value, Unit: f.unit, Target: f.target.verdict(f.value)}
	if f.dtfx > 0 {
		line.Peer, line.PeerValue, line.Ratio = recordedPeer, &f.dtfx, ratio(f.value, f.dtfx, f.unit)
	}
	return r.write(line)
}

// beside reports a peer's figure, and how ours, if there is one, compares.
func (r report) beside(peer string, f figure, own *figure) error {
	if f.note != "" {
		r.remark(f.name+", "+peer, f.note)
	}
	line := record{Name: f.name, Unit: f.unit, Peer: peer, PeerValue: &f.value}
	if own != nil {
		line.Value = &own.value
		line.Ratio = ratio(own.value, f.value, f.unit)
	}
	return r.write(line)
}

// ratio says how many times better own is than peer; nil where a zero leaves nothing to say.
func ratio(own, peer float64, u unit) *float64 {
	if own == 0 || peer == 0 {
		return nil
	}
	better := own / peer
	if !u.moreIsBetter() {
		better = peer / own
	}
	return &better
}

func (r report) write(line record) error {
	row := fmt.Sprintf("%-34s %12s  %-17s %-30s %12s %8s  %s",
		line.Name, number(line.Value), line.Unit, line.Peer, number(line.PeerValue), number(line.Ratio), line.Target)
	_, _ = fmt.Fprintln(r.table, strings.TrimRight(row, " "))
	if r.lines == nil {
		return nil
	}
	if err := json.NewEncoder(r.lines).Encode(line); err != nil {
		return fmt.Errorf("write the JSON file: %w", err)
	}
	return nil
}

func (r report) remark(what, note string) { _, _ = fmt.Fprintf(r.table, "# %s: %s\n", what, note) }

// number shows three significant digits, or more where there are more before the point.
func number(v *float64) string {
	switch {
	case v == nil:
		return ""
	case *v >= 100:
		return fmt.Sprintf("%.0f", *v)
	default:
		return fmt.Sprintf("%.3g", *v)
	}
}
