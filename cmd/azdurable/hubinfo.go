package main

import (
	"time"
)

// hubInfo is what hub info tells, as far as it is known.
type hubInfo struct {
	Hub        string          `json:"hub,omitempty"`
	Where      string          `json:"where"`
	Format     string          `json:"format,omitempty"`
	Instances  map[string]int  `json:"instances,omitempty"`
	Entities   *int            `json:"entities,omitempty"`
	Poison     *int            `json:"poison,omitempty"`
	Queues     []queueInfo     `json:"queues,omitempty"`
	Partitions []partitionInfo `json:"partitions,omitempty"`
	Bytes      int64           `json:"bytes,omitempty"`
	FreeBytes  int64           `json:"freeBytes,omitempty"`
}

type queueInfo struct {
	Name   string `json:"name"`
	Length int    `json:"length"`
}

type partitionInfo struct {
	Name    string     `json:"name"`
	Owner   string     `json:"owner"`
	Next    string     `json:"next,omitempty"`
	Expires *time.Time `json:"expires,omitempty"`
}

// fields are the information for people.
func (h *hubInfo) fields(now time.Time) [][2]string {
	fields := [][2]string{{"Hub", visible(h.Hub)}, {"Where", visible(h.Where)}, {"Format", visible(h.Format)}}
	add := func(name, value string) { fields = append(fields, [2]string{name, value}) }
	if h.Instances != nil {
		for _, status := range allStatuses() {
			add(status, number(h.Instances[status]))
		}
	}
	if h.Entities != nil {
		add("Entities", number(*h.Entities))
	}
	if h.Poison != nil {
		add("Poison", number(*h.Poison))
	}
	for _, q := range h.Queues {
		add("Waiting", number(q.Length)+" in "+visible(q.Name))
	}
	for _, p := range h.Partitions {
		add("Partition", p.text(now))
	}
	if h.Bytes > 0 {
		add("Size", bytesText(h.Bytes)+", of which "+bytesText(h.FreeBytes)+" are free")
	}
	return fields
}

// text says who owns the partition.
func (p *partitionInfo) text(now time.Time) string {
	text := visible(p.Name)
	if p.Owner == "" {
		return text + ", which nobody owns"
	}
	text += " of " + visible(p.Owner)
	if p.Expires != nil {
		text += ", whose lease ends " + relative(*p.Expires, now)
	}
	if p.Next != "" {
		text += "; " + visible(p.Next) + " waits for it"
	}
	return text
}
