# Every command a person needs. `make` alone lists them.

GO ?= go
# The race detector needs a C compiler; without one the tests run all the same.
CC_FOUND := $(shell command -v "$$($(GO) env CC)" 2>/dev/null)
RACE := $(if $(CC_FOUND),-race)
LINTER := .tools/golangci-lint
FUMPT := .tools/gofumpt
VULN := .tools/govulncheck
AZURITE := internal/azuretest/azurite
JSCLIENT := internal/jsclient
# The packages that have slow tests: their own, or those of the suite of every store.
SLOW = $(sort $(dir $(shell grep -rl --include='*_test.go' -e 'azdurable/internal/slow"' -e 'backend/backendtest"' --exclude-dir=node_modules .)))
# What git tracks or is about to.
GO_FILES = git ls-files --cached --others --exclude-standard -- '*.go'

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: run
run: ## Start the sample app on the embedded store
	$(GO) run ./functions

.PHONY: build
build: functions ## Build the sample app as bin/app, which host.json names, and what the Functions host reads
	$(GO) build -o bin/app ./functions

# The folders are made from the code, so git doesn't keep them.
.PHONY: functions
functions: ## Write a folder with a function.json for each function that the Functions host calls
	$(GO) run ./functions -generate .

.PHONY: package
package: ## Build bin/app-linux-amd64.zip and -arm64.zip for deployment; VERSION=v1.2.3 stamps them
	$(GO) run ./cmd/azdurable package $(if $(VERSION),--version '$(VERSION)')

.PHONY: deploy
deploy: ## Package, and deploy to the Function App APP in the resource group GROUP (docs/deploy.md)
	$(if $(APP),,$(error say where to: make deploy APP=<Function App> GROUP=<resource group>))
	$(GO) run ./cmd/azdurable package --platform linux/amd64 $(if $(VERSION),--version '$(VERSION)')
	$(GO) run ./cmd/azdurable deploy '$(APP)' $(if $(GROUP),--group '$(GROUP)') $(if $(SLOT),--slot '$(SLOT)')

.PHONY: test
test: vet lint node ## Check everything: vet, lint, all tests with the race detector, then the slow ones too
	cd bench && $(GO) vet ./... && $(GO) test ./...
	$(if $(RACE),,@echo "no C compiler found: the tests run without the race detector")
	AZDURABLE_AZURITE=1 $(GO) test $(RACE) ./...
	AZDURABLE_AZURITE=1 AZDURABLE_SLOW=1 $(GO) test $(SLOW)

.PHONY: node
node: azurite $(JSCLIENT)/node_modules/.installed ## Install the programs that tests compare with (needs Node.js)

.PHONY: azurite
azurite: $(AZURITE)/node_modules/.installed ## Install only the emulator of Azure Storage (needs Node.js)

# What runs is what the lock file says; node_modules is made anew when that changes.
%/node_modules/.installed: %/package-lock.json %/package.json
	cd $* && npm ci --omit=dev --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: test-fast
test-fast: ## Run the fast tests, in about a minute
	$(GO) test ./...

.PHONY: vet
vet: ## Run go vet
	$(GO) vet ./...

.PHONY: lint
lint: $(LINTER) $(FUMPT) ## Check style and formatting, and print the largest files
	@unformatted=$$($(FUMPT) -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "not formatted; run 'make fmt':"; echo "$$unformatted"; exit 1; fi
	$(LINTER) run --allow-parallel-runners ./...
	cd bench && ../$(LINTER) run --allow-parallel-runners --config ../.golangci.yml ./...
	@echo "The ten largest Go files (one over 600 lines needs a reason: split it by concept, or say why not at its top):"
	@$(GO_FILES) | while read -r f; do if [ -f "$$f" ]; then wc -l "$$f"; fi; done | sort -rn | sed -n 1,10p

.PHONY: fmt
fmt: $(FUMPT) ## Format all Go files
	$(FUMPT) -w .

.PHONY: vuln
vuln: $(VULN) ## Look for known vulnerabilities (needs the network, so not part of test)
	$(VULN) ./...

.PHONY: bench
bench: ## Compare with peers; BENCH=regexp selects, JSON=file also writes JSON lines
	cd bench && $(GO) run . $(if $(BENCH),-bench '$(BENCH)') $(if $(JSON),-json '$(abspath $(JSON))')

.PHONY: clean
clean: ## Remove what the other commands made
	rm -rf bin .tools .azdurable bench/.data $(AZURITE)/node_modules $(JSCLIENT)/node_modules
	@for f in */function.json; do if grep -qs '"generatedBy": "azdurable"' "$$f"; then rm "$$f" && rmdir "$$(dirname "$$f")"; fi; done

# Tools are pinned in a module of their own, so that users of the library never see what they need.
$(LINTER): tools/go.mod tools/go.sum
	cd tools && CGO_ENABLED=0 $(GO) build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(FUMPT): tools/go.mod tools/go.sum
	cd tools && CGO_ENABLED=0 $(GO) build -o ../$@ mvdan.cc/gofumpt
	@touch $@

$(VULN): tools/go.mod tools/go.sum
	cd tools && CGO_ENABLED=0 $(GO) build -o ../$@ golang.org/x/vuln/cmd/govulncheck
	@touch $@
