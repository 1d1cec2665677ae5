package lease

// newLegacy makes the legacy manager: one lease for each partition, which others may steal; the owner notices when it next renews.
//
// DTFx: LegacyPartitionManager.
func newLegacy(o Options) (Owners, error) {
	return newBlobManager(o, "default", "default", o.AcquireInterval)
}
