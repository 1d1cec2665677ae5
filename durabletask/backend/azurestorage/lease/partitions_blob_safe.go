package lease

import "time"

// ownershipInterval is the time between two looks at ownerships in the safe manager (DTFx: SafePartitionManager, 5 s).
const ownershipInterval = 5 * time.Second

// newSafe makes the safe manager: workers share intents, may steal them, and become owners only of what they have the intent for. An owner that lost the intent
// drains, and only then gives the ownership away.
//
// DTFx: SafePartitionManager.
// Differs from DTFx: what is drained is released and not left to expire; the first look at ownerships comes at once, not after an interval.
func newSafe(o Options) (Owners, error) {
	return newBlobManager(o, "intent", "ownership", ownershipInterval)
}
