package azuretest

// Kind names one of the three services of an account.
type Kind string

// The services.
const (
	Queue Kind = "queue"
	Table Kind = "table"
	Blob  Kind = "blob"
)

// Op names what a request asks for: the service, then the operation. Rules select by it, and Counts counts by it.
type Op string

// The operations. A request that fits none is an OpUnknown.
const (
	OpUnknown Op = "unknown"

	OpListQueues       Op = "queue.list"
	OpCreateQueue      Op = "queue.create"
	OpDeleteQueue      Op = "queue.delete"
	OpGetQueue         Op = "queue.properties"
	OpSetQueueMetadata Op = "queue.metadata"
	OpPutMessage       Op = "queue.put"
	OpGetMessages      Op = "queue.receive"
	OpPeekMessages     Op = "queue.peek"
	OpUpdateMessage    Op = "queue.update"
	OpDeleteMessage    Op = "queue.remove"
	OpClearMessages    Op = "queue.clear"

	OpListTables    Op = "table.list"
	OpCreateTable   Op = "table.create"
	OpDeleteTable   Op = "table.delete"
	OpInsertEntity  Op = "table.insert"
	OpGetEntity     Op = "table.get"
	OpQueryEntities Op = "table.query"
	OpReplaceEntity Op = "table.replace" // with If-Match an update, without one an insert-or-replace
	OpMergeEntity   Op = "table.merge"   // with If-Match an update, without one an insert-or-merge
	OpDeleteEntity  Op = "table.remove"
	OpBatch         Op = "table.batch"

	OpListContainers       Op = "blob.containers"
	OpCreateContainer      Op = "blob.container.create"
	OpDeleteContainer      Op = "blob.container.delete"
	OpGetContainer         Op = "blob.container.properties"
	OpSetContainerMetadata Op = "blob.container.metadata"
	OpContainerLease       Op = "blob.container.lease." // and the action, as in "blob.container.lease.renew"

	OpListBlobs       Op = "blob.list"
	OpPutBlob         Op = "blob.put"
	OpGetBlob         Op = "blob.get"
	OpGetBlobHeaders  Op = "blob.properties"
	OpSetBlobMetadata Op = "blob.metadata"
	OpDeleteBlob      Op = "blob.remove"
	OpPutBlock        Op = "blob.block"
	OpPutBlockList    Op = "blob.blocklist"
	OpBlobLease       Op = "blob.lease." // and the action, as in "blob.lease.renew"
)
