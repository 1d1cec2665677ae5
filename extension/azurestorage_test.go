package extension

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// What host.json says of the store reaches the store.
func TestAzureStorageSettings(t *testing.T) {
	t.Parallel()
	environ := []string{
		"AzureWebJobsStorage=UseDevelopmentStorage=true",
		"Tracking=DefaultEndpointsProtocol=https;AccountName=tracked;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net",
	}
	set := map[string]string{
		"storageProvider__type": "AzureStorage", "storageProvider__partitionCount": "7", "storageProvider__controlQueueBatchSize": "16",
		"storageProvider__controlQueueBufferThreshold": "99", "storageProvider__controlQueueVisibilityTimeout": "00:02:00",
		"storageProvider__workItemQueueVisibilityTimeout": "00:03:00", "storageProvider__maxQueuePollingInterval": "00:00:05",
		"storageProvider__queueClientMessageEncoding": "base64", "storageProvider__useTablePartitionManagement": "false",
		"storageProvider__trackingStoreConnectionName": "Tracking", "storageProvider__trackingStoreNamePrefix": "Other", "useAppLease": "false",
	}
	for name, value := range set {
		environ = append(environ, "AzureFunctionsJobHost__extensions__durableTask__"+name+"="+value)
	}
	c, err := readConfiguration(t.TempDir(), environ)
	if err != nil {
		t.Fatal(err)
	}
	app := &AppSettings{SiteName: "site"}
	d, err := readDurableTask(c, app, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	options := &Options{Environ: environ}
	s, err := chooseStore(options, d, app, options.lookup, "Hub")
	if err != nil {
		t.Fatal(err)
	}
	o := s.azure.options
	if o.Hub != "Hub" || o.Partitions != 7 || o.BatchSize != 16 || o.BufferThreshold != 99 || o.ControlVisibility != 2*time.Minute ||
		o.WorkItemVisibility != 3*time.Minute || o.MaxPolling != 5*time.Second || !o.Base64 || o.Manager != lease.Safe || !o.WithoutAppLease ||
		o.AppName != "site" || o.TrackingPrefix != "Other" || s.azure.tracking.AccountName() != "tracked" {
		t.Errorf("the options are %+v", o)
	}
	if text := s.String(); !strings.Contains(text, "task hub Hub in the storage account devstoreaccount1") || strings.Contains(text, "Key") {
		t.Errorf("start-up says %q", text)
	}
	d.provider = provider{}
	if s, err = chooseStore(options, d, app, options.lookup, "Hub"); err != nil || s.azure.options.Manager != lease.Safe {
		t.Errorf("without table manager: %+v, %v", s.azure.options, err)
	}
	d.provider = provider{legacyManager: true, tableManager: true}
	if s, err = chooseStore(options, d, app, options.lookup, "Hub"); err != nil || s.azure.options.Manager != lease.Legacy {
		t.Errorf("with the legacy manager: %+v, %v", s.azure.options, err)
	}
}
