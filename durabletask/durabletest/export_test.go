package durabletest

// LimitRequests sets how many storage requests a test may make, so that a test of that need not make so many.
func (h *Hub) LimitRequests(n int) { h.limit = n }
