// Package azuretest is an Azure Storage account in memory: queues, tables and blobs behind their REST interface.
package azuretest
