package extension

import (
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// durableTask is what extensions.durableTask in host.json says, as far as this version acts on it.
type durableTask struct {
	hubName        string
	storeType      string
	storeSource    string // who chose the type
	connectionName string
	provider       provider
	notifications  notifications
	useAppLease    bool

	maxActivities, maxOrchestrators, maxEntities int
	maxOperations, reorderMinutes                int
	rollback                                     bool
	storeInputs                                  bool
	useForwardedHost                             bool

	maxCalls       int
	retention      time.Duration
	overridable    int // index of NonRunningStates or AnyState
	defaultVersion *string
	versionMatch   int // index of None, Strict or CurrentOrOlder, which is durabletask's number
	versionFailure int // index of Reject or Fail
}

// provider is what storageProvider says of the store AzureStorage. Zero values mean the store's defaults.
type provider struct {
	partitions, batchSize, bufferThreshold            int
	controlVisibility, workItemVisibility, maxPolling time.Duration
	legacyManager, tableManager                       bool
	encoding                                          int // index of UTF8 or Base64
	trackingConnection, trackingPrefix                string
}

// worker turns the settings into a worker's.
func (o *durableTask) worker(log *slog.Logger) durabletask.WorkerOptions {
	return durabletask.WorkerOptions{
		Logger: log, Orchestrations: o.maxOrchestrators, Activities: o.maxActivities, Entities: o.maxEntities,
		EntityOperations: o.maxOperations, ReorderWindow: time.Duration(o.reorderMinutes) * time.Minute,
		KeepFailedOperations: !o.rollback, StoreInputs: o.storeInputs, MaxCalls: o.maxCalls,
		ReplaceRunning: o.overridable == 1, Retention: o.retention,
		Versions: durabletask.Versions{
			Default: o.defaultVersion, Match: durabletask.VersionMatch(o.versionMatch), FailMismatch: o.versionFailure == 1,
		},
	}
}

// settings lists every setting of the extension, by its path: client-and-options §7. The ones without a target belong to parts
// that this version does not have; they are checked all the same, so that a mistake shows where it is made.
func (o *durableTask) settings() []setting {
	const minute, hour = time.Minute, time.Hour
	return []setting{
		{"hubName", text(&o.hubName)},
		{"storageProvider:type", text(&o.storeType)},
		{"storageProvider:connectionName", text(&o.connectionName)},
		{"storageProvider:connectionStringName", text(&o.connectionName)},
		{"storageProvider:trackingStoreConnectionName", text(&o.provider.trackingConnection)},
		{"storageProvider:trackingStoreConnectionStringName", text(&o.provider.trackingConnection)},
		{"storageProvider:trackingStoreNamePrefix", text(&o.provider.trackingPrefix)},
		{"storageProvider:partitionCount", integer(&o.provider.partitions, 1, 16, "must be an integer value between 1 and 16.")},
		{"storageProvider:controlQueueBatchSize", integer(&o.provider.batchSize, 1, math.MaxInt32, "must be a non-negative integer.")},
		{"storageProvider:controlQueueBufferThreshold", integer(&o.provider.bufferThreshold, 1, 1000, "must be between 1 and 1000.")},
		{"storageProvider:controlQueueVisibilityTimeout", span(&o.provider.controlVisibility, minute, hour, "must be between 1 and 60 minutes.")},
		{"storageProvider:workItemQueueVisibilityTimeout", span(&o.provider.workItemVisibility, 0, math.MaxInt64, "must be non-negative.")},
		{"storageProvider:maxQueuePollingInterval", span(&o.provider.maxPolling, 1, math.MaxInt64, "must be non-negative.")},
		{"storageProvider:fetchLargeMessagesAutomatically", boolean(nil)},
		{"storageProvider:useLegacyPartitionManagement", boolean(&o.provider.legacyManager)},
		{"storageProvider:useTablePartitionManagement", boolean(&o.provider.tableManager)},
		{"storageProvider:allowReplayingTerminalInstances", boolean(nil)},
		{"storageProvider:partitionTableOperationTimeout", span(nil, 0, math.MaxInt64, "must be non-negative.")},
		{"storageProvider:queueClientMessageEncoding", oneOf(&o.provider.encoding, "UTF8", "Base64")},
		{"storageProvider:useInstanceTableEtag", boolean(nil)},
		{"tracing:traceInputsAndOutputs", boolean(nil)},
		{"tracing:traceReplayEvents", boolean(nil)},
		{"tracing:allowVerboseLinuxTelemetry", boolean(nil)},
		{"tracing:distributedTracingEnabled", boolean(nil)},
		{"tracing:distributedTracingProtocol", oneOf(nil, "HttpCorrelationProtocol", "W3CTraceContext")},
		{"tracing:version", oneOf(nil, "None", "V1", "V2")},
		{"tracing:includeInstanceIdInOperationName", boolean(nil)},
		{"notifications:eventGrid:topicEndpoint", text(&o.notifications.endpoint)},
		{"notifications:eventGrid:keySettingName", text(&o.notifications.keySetting)},
		{"notifications:eventGrid:publishRetryCount", integer(&o.notifications.retries, 0, math.MaxInt32, "must be a non-negative integer.")},
		{"notifications:eventGrid:publishRetryInterval", span(&o.notifications.interval, 1, hour, "must be positive and at most 60 minutes.")},
		{"notifications:eventGrid:publishRetryHttpStatus:*", integers(&o.notifications.statuses, 0, math.MaxInt32, "must be an HTTP status code.")},
		{"notifications:eventGrid:publishEventTypes:*", texts(&o.notifications.kinds)},
		{"httpSettings:defaultAsyncRequestSleepTimeMilliseconds", integer(nil, 0, math.MaxInt32, "must be a non-negative integer.")},
		{"httpSettings:useForwardedHost", boolean(&o.useForwardedHost)},
		{"maxConcurrentActivityFunctions", integer(&o.maxActivities, 1, math.MaxInt32, positive)},
		{"maxConcurrentOrchestratorFunctions", integer(&o.maxOrchestrators, 1, math.MaxInt32, positive)},
		{"maxConcurrentEntityFunctions", integer(&o.maxEntities, 1, math.MaxInt32, positive)},
		{"maxEntityOperationBatchSize", integer(&o.maxOperations, 1, math.MaxInt32, positive)},
		{"localRpcEndpointEnabled", boolean(nil)},
		{"extendedSessionsEnabled", boolean(nil)},
		{"extendedSessionIdleTimeoutInSeconds", integer(nil, math.MinInt32, math.MaxInt32, "")},
		{"maxOrchestrationActions", integer(&o.maxCalls, 1, math.MaxInt32, positive)},
		{"overridableExistingInstanceStates", oneOf(&o.overridable, "NonRunningStates", "AnyState")},
		{"entityMessageReorderWindowInMinutes", integer(&o.reorderMinutes, 0, math.MaxInt32, "must be a non-negative integer.")},
		{"useGracefulShutdown", boolean(nil)},
		{"rollbackEntityOperationsOnExceptions", boolean(&o.rollback)},
		{"throwStatusExceptionsOnRaiseEvent", boolean(nil)},
		{"useAppLease", boolean(&o.useAppLease)},
		{"appLeaseOptions:renewInterval", span(nil, 1, math.MaxInt64, "must be positive.")},
		{"appLeaseOptions:acquireInterval", span(nil, 1, math.MaxInt64, "must be positive.")},
		{"appLeaseOptions:leaseInterval", span(nil, 15*time.Second, minute, "must be between 15 and 60 seconds.")},
		{"storeInputsInOrchestrationHistory", boolean(&o.storeInputs)},
		{"defaultVersion", optional(&o.defaultVersion)},
		{"versionMatchStrategy", oneOf(&o.versionMatch, "None", "Strict", "CurrentOrOlder")},
		{"versionFailureStrategy", oneOf(&o.versionFailure, "Reject", "Fail")},
		{"instanceRetention", span(&o.retention, minute, math.MaxInt64, "must be at least 1 minute.")},
		{"maxGrpcMessageSizeInBytes", integer(nil, 1, math.MaxInt32, positive)},
		{"grpcHttpClientTimeout", span(nil, 1, math.MaxInt64, "must be positive.")},
	}
}

const positive = "must be a positive integer value."

// durableTaskSection is where the settings stand in host.json.
const durableTaskSection = "extensions:durableTask"

// readDurableTask reads the extension's settings. It warns of what it does not know.
func readDurableTask(c configuration, app *AppSettings, log *slog.Logger) (*durableTask, error) {
	// ext: DurableTaskOptions.cs; the plan of small machines has limits of its own.
	perProcessor := 10 * runtime.GOMAXPROCS(0)
	o := &durableTask{
		maxActivities: perProcessor, maxOrchestrators: perProcessor, maxEntities: perProcessor, maxOperations: 5000, reorderMinutes: 30, rollback: true,
		connectionName: "Storage", useAppLease: true, provider: provider{tableManager: true}, notifications: notifications{interval: 5 * time.Minute},
		versionMatch: int(durabletask.MatchCurrentOrOlder),
	}
	if app.consumptionPlan() {
		o.maxActivities, o.maxOrchestrators, o.maxEntities, o.maxOperations = 10, 5, 10, 50
		o.provider.bufferThreshold = 128
	}
	known := o.settings()
	for _, entry := range c.section(durableTaskSection) {
		s, ok := find(known, entry.path)
		if !ok {
			log.Warn("unknown setting: it has no effect", "setting", dotted(entry.path), "in", entry.source, "did you mean", dotted(nearest(known, entry.path)))
			continue
		}
		if err := s.set(entry.value); err != nil {
			name := s.path[strings.LastIndexByte(s.path, ':')+1:]
			return nil, fmt.Errorf("%s%s %w (%s = %q in %s)", strings.ToUpper(name[:1]), name[1:], err, dotted(entry.path), entry.value, entry.source)
		}
		if s.path == "storageProvider:type" {
			o.storeSource = entry.source
		}
	}
	return o, nil
}

// dotted is how people write the path of a setting.
func dotted(path string) string {
	return strings.ReplaceAll(durableTaskSection+":"+path, ":", ".")
}
