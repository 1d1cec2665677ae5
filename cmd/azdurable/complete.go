package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// completeCommand tells the scripts of completion what can come next: a line for each candidate, with what it means behind a tab.
type completeCommand struct {
	// Words are those before the cursor; the last is the one that is being written, behind a dot, because some shells drop empty words.
	Words []string `arg:"" optional:""`
}

// Run prints the candidates.
func (c *completeCommand) Run(k *kong.Context, o *outside) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		return nil
	}
	current := strings.TrimPrefix(words[len(words)-1], ".")
	for _, next := range candidates(k.Model.Node, words[:len(words)-1], current) {
		if strings.HasPrefix(next.word, current) {
			if err := printf(o.stdout, "%s\t%s\n", next.word, next.meaning); err != nil {
				return err
			}
		}
	}
	return nil
}

type candidate struct{ word, meaning string }

// candidates are what can stand behind some words.
func candidates(node *kong.Node, words []string, current string) []candidate {
	positional := 0
	var waiting *kong.Flag // for its value
	for _, word := range words {
		switch {
		case waiting != nil:
			waiting = nil
		case strings.HasPrefix(word, "-"):
			if f := flagOf(node, word); f != nil && !f.IsBool() && !strings.Contains(word, "=") {
				waiting = f
			}
		default:
			if child := childOf(node, word); child != nil {
				node = child
			} else {
				positional++
			}
		}
	}
	switch {
	case waiting != nil:
		return values(waiting.Value)
	case strings.HasPrefix(current, "-"):
		return flags(node)
	case len(node.Children) == 0 && positional < len(node.Positional):
		return values(node.Positional[positional])
	}
	var all []candidate
	for _, child := range node.Children {
		if !child.Hidden {
			all = append(all, candidate{child.Name, child.Help})
		}
	}
	return all
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name && !child.Hidden {
			return child
		}
	}
	return nil
}

func flagOf(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if f.Name == name || len(name) == 1 && f.Short == rune(name[0]) {
				return f
			}
		}
	}
	return nil
}

func flags(node *kong.Node) []candidate {
	var all []candidate
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			all = append(all, candidate{"--" + f.Name, f.Help})
			if f.Tag.Negatable != "" {
				all = append(all, candidate{"--no-" + f.Name, "The opposite of --" + f.Name + "."})
			}
		}
	}
	return all
}

// values are those that a flag or an argument can have, if there are few.
func values(v *kong.Value) []candidate {
	words := v.EnumSlice()
	if v.Name == "status" {
		words = allStatuses()
	}
	var all []candidate
	for _, word := range words {
		if word != "" {
			all = append(all, candidate{word, v.Name})
		}
	}
	return all
}
