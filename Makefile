# The two commands of the README are `make demo` and `make test`. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go

# All packages but infra: the CDK is large to download and to compile, so only the targets
# that need it name ./infra.
PACKAGES := ./events/... ./functions/... ./pkg/...

# Tools run at these versions, here and in CI. They are in no go.mod or package.json,
# because nothing that is built depends on them.
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# npm's `latest` of aws-cdk is 3.0.0, which was published by accident.
CDK := aws-cdk@2.1148.1
REMARK := --package remark-cli@12.0.1 --package remark-validate-links@13.1.0

# One commit gives the same bytes on every machine: no paths, no build id, no time.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
GOBUILD := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -buildid= -X github.com/kms-guardrail/kms-guardrail/pkg/app.Version=$(VERSION)'

BENCHTIME ?= 1s
FUZZTIME ?= 60s
CDKFLAGS ?=
# The CDK reads every variable of the environment that begins with CDK, and would take this
# one for an option of its own.
unexport CDKFLAGS

##@ Use

.PHONY: help
help: ## Print this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Run the main job on embedded AWS: keys drift, and are reported and repaired (needs Go only)
	@$(GO) run ./functions/kmsguard demo

.PHONY: build
build: ## Build bin/kmsguard for this machine and build/{enforce,sweep}/bootstrap for Lambda (arm64)
	$(GOBUILD) -o bin/kmsguard ./functions/kmsguard
	GOOS=linux GOARCH=arm64 $(GOBUILD) -tags lambda.norpc -o build/enforce/bootstrap ./functions/enforce
	GOOS=linux GOARCH=arm64 $(GOBUILD) -tags lambda.norpc -o build/sweep/bootstrap ./functions/sweep

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf bin build cdk.out

##@ Check

.PHONY: test
test: test-go test-infra ## Run all tests (needs Go and Node)

# go test shows what a test says only with -v. How far a proof goes must be seen, so the
# tests that say it ("proof: ...") run by themselves, and one without its line fails.
PROOFS := \
	./pkg/local/localaws:TestContractOfMoto \
	./pkg/local/localaws/internal/authz:TestRandomPairsAreDecidedAsTheEvaluatorDoes \
	./pkg/engine/access:TestEveryPairOfTheCorpusAgreesWithSampledRequests \
	./pkg/engine/access:TestAConditionBlockLessAndAFlippedEffect \
	./pkg/engine/access:TestRandomPairsAgreeWithSampledRequests \
	./pkg/engine/repair:TestARepairedPolicyJudgesCleanAndIsRepairedOnce \
	./pkg/aws/archive:TestEveryFaultOfEveryCallEndsInTheSameState \
	./pkg/aws/archive:TestEightWritersOnOneLedgerLoseNoUpdate \
	./pkg/guard/ledger:TestNextInEverySituation \
	./pkg/guard/enforcer:TestEveryFaultOfEveryCallEndsRight \
	./pkg/guard/enforcer:TestTwoFaultsOfARepairEndRight \
	./pkg/guard/enforcer:TestAfterACrashABadPolicyIsOpenForThreeMinutesAtMost \
	./pkg/guard/enforcer:TestSoak \
	./functions/enforce:TestKilledAnywhereAndRedeliveredEveryKeyEndsRight

space := $(subst ,, )
PROVING := ^($(subst $(space),|,$(foreach proof,$(PROOFS),$(lastword $(subst :, ,$(proof))))))$$

.PHONY: test-go
test-go: ## Run the tests of events, functions and pkg (needs Go only)
	$(GO) test -skip '$(PROVING)' $(PACKAGES)
	@for proof in $(PROOFS); do \
		out=$$($(GO) test -v -run "^$${proof#*:}$$" "$${proof%%:*}" 2>&1) || { echo "$$out"; exit 1; }; \
		lines=$$(grep -o 'proof: .*' <<<"$$out") || { echo "$${proof#*:} does not say how far it came"; exit 1; }; \
		sed "s|^proof|$${proof#*:}|" <<<"$$lines"; \
	done

.PHONY: test-infra
test-infra: need-node ## Run the tests of the CDK stack (the first run compiles the CDK, about a minute)
	$(GO) test ./infra/...

.PHONY: check
check: test static ## Run all that CI runs: test, then static

.PHONY: static
static: format vet lint tidy-check links synth ## Run the checks that are not tests

.PHONY: format
format: ## Fail if a Go file is not formatted
	@unformatted=$$(gofmt -l events functions pkg infra); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## Run go vet on every package
	$(GO) vet $(PACKAGES) ./infra/...

.PHONY: lint
lint: ## Run golangci-lint on every package
	$(GO) run $(GOLANGCI_LINT) run $(PACKAGES) ./infra/...

.PHONY: tidy-check
tidy-check: ## Fail if go.mod and go.sum are not what go mod tidy makes
	$(GO) mod tidy -diff

# The plugin is named by its file, because remark looks for plugins beside the documents
# and npx keeps it elsewhere.
.PHONY: links
links: need-node ## Fail if a relative link or an anchor of a Markdown file leads nowhere
	@export FILES="$$(find . -name '*.md' -not -path '*/node_modules/*' -not -path './cdk.out/*')"; \
	npx --yes $(REMARK) -c 'remark --frail --quiet --no-stdout --no-config --no-ignore \
		--use "$$(dirname "$$(command -v remark)")/../remark-validate-links/index.js=repository:false" $$FILES'; \
	echo "links: $$(wc -w <<<"$$FILES") Markdown files checked"

.PHONY: bench
bench: ## Run the benchmarks (BENCHTIME=1s)
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(PACKAGES)

.PHONY: fuzz
fuzz: ## Fuzz each fuzz target in turn (FUZZTIME=60s), then the proofs of the comparison and of embedded AWS's IAM with new random policies
	@$(GO) list -f '{{.ImportPath}} {{.Dir}}' $(PACKAGES) | while read -r package folder; do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$$folder"/*_test.go 2>/dev/null | cut -d' ' -f2); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s "$$package" </dev/null; \
		done; \
	done
	ACCESS_PROOF=full RANDOM_SEED=1 $(GO) test -count=1 -timeout 30m ./pkg/engine/access
	RANDOM_SEED=1 $(GO) test -count=1 -timeout 30m -run '^TestADecisionKeepsWhatItPromises$$' ./pkg/engine/repair
	AUTHZ_PAIRS=400000 RANDOM_SEED=1 $(GO) test -count=1 -timeout 30m -v -run '^TestRandomPairsAreDecidedAsTheEvaluatorDoes$$' ./pkg/local/localaws/internal/authz

.PHONY: mutants
mutants: ## Break the comparison, the repair planner and the writing protocol on purpose, one rule at a time; fail unless the tests notice each (about 10 minutes)
	$(GO) test -p 1 -tags mutants -run '^TestTheTestsNoticeEveryMutant$$' -count=1 -v -timeout 30m ./pkg/engine/access ./pkg/engine/guardrail ./pkg/engine/repair ./pkg/guard/ledger ./pkg/guard/enforcer ./pkg/aws/archive ./pkg/aws/awskms

.PHONY: fmt
fmt: ## Format all Go files
	gofmt -w events functions pkg infra

##@ Deploy

.PHONY: synth
synth: need-node ## Write the CloudFormation template to cdk.out (builds what it needs, no AWS account; CDKFLAGS as for deploy)
	npx --yes $(CDK) synth --quiet $(CDKFLAGS)

.PHONY: deploy
deploy: need-node ## Deploy with your AWS credentials what guardrail.yaml says, else report only (CDKFLAGS='-c guardrail:config=FILE')
	npx --yes $(CDK) deploy --all $(CDKFLAGS)

.PHONY: need-node
need-node:
	@command -v node >/dev/null && command -v npx >/dev/null || { \
		echo "This needs Node.js 22 or later with npx (20 works, with a warning): the AWS CDK runs on it."; \
		echo "Install it from https://nodejs.org. Without it there are: make demo, make build, make test-go."; \
		exit 1; }
