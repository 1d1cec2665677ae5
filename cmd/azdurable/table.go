package main

import (
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// columnGap stands between two columns of a table.
const columnGap = "  "

// shortest is how many columns of the screen the last cell of a row keeps, however narrow the screen is.
const shortest = 12

// table is aligned text with a heading.
type table struct {
	heading []string
	rows    [][]cell
}

// cell is one text of a table, and its colour.
type cell struct{ text, colour string }

// add adds a row without colours.
func (t *table) add(texts ...string) {
	row := make([]cell, len(texts))
	for i, text := range texts {
		row[i].text = text
	}
	t.rows = append(t.rows, row)
}

// print prints the table. If it is wider than the screen its last column is cut; a width of 0 cuts nothing. An empty table has no heading either.
func (t *table) print(w io.Writer, width int, colours bool) error {
	if len(t.rows) == 0 {
		return nil
	}
	head := make([]cell, len(t.heading))
	for i, text := range t.heading {
		head[i].text = text
	}
	rows := append([][]cell{head}, t.rows...)
	widths := make([]int, len(head))
	for _, row := range rows {
		for i := range row {
			row[i].text = visible(row[i].text)
			widths[i] = max(widths[i], widthOf(row[i].text))
		}
	}
	room := 0
	if width > 0 {
		room = width
		for _, w := range widths[:len(widths)-1] {
			room -= w + len(columnGap)
		}
		room = max(room, shortest)
	}
	for _, row := range rows {
		if err := printf(w, "%s\n", line(row, widths, room, colours)); err != nil {
			return err
		}
	}
	return nil
}

func line(row []cell, widths []int, room int, colours bool) string {
	var b strings.Builder
	for i, c := range row {
		last := i == len(row)-1
		if last && room > 0 {
			c.text = cut(c.text, room)
		}
		text := c.text
		if colours && c.colour != "" {
			text = c.colour + text + plain
		}
		b.WriteString(text)
		if !last {
			b.WriteString(strings.Repeat(" ", widths[i]-widthOf(c.text)) + columnGap)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// rules are how wide characters are: those of which East Asian terminals think differently are narrow.
func rules() *runewidth.Condition {
	return &runewidth.Condition{StrictEmojiNeutral: true}
}

// widthOf is how many columns a text takes on a screen.
func widthOf(s string) int { return rules().StringWidth(s) }

// cut shortens a text to a width, with an ellipsis.
func cut(s string, width int) string { return rules().Truncate(s, width, "…") }
