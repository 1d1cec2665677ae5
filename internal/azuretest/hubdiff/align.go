package hubdiff

import "slices"

// place is a pair of positions that belong together; -1 for what is on one side only.
type place struct{ i, j int }

// align finds the longest common subsequence of two lists, and puts what is on one side only where it belongs.
func align(n, m int, same func(i, j int) bool) []place {
	longest := make([][]int, n+1)
	for i := range longest {
		longest[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same(i, j) {
				longest[i][j] = longest[i+1][j+1] + 1
				continue
			}
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
		}
	}
	var all []place
	for i, j := 0, 0; i < n || j < m; {
		switch {
		case i < n && j < m && same(i, j):
			all = append(all, place{i, j})
			i++
			j++
		case j == m || i < n && longest[i+1][j] >= longest[i][j+1]:
			all = append(all, place{i, -1})
			i++
		default:
			all = append(all, place{-1, j})
			j++
		}
	}
	return slices.Clip(all)
}
