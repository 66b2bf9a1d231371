# The two commands of the README are `make run` and `make test`; the rest is for those who work on Kavalek.
.PHONY: help run test nightly build format audit images check-images first-run release security-rows benchmark-browser benchmark-client benchmark-faults benchmark-mls benchmark-server clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run: ## start the server on SQLite in ./data, on http://localhost:8080 (ARGS="--registration open" adds options)
	@scripts/run.sh $(ARGS)

test: ## build, check the format, run every test (SUITE=mls for one suite)
	@scripts/test.sh $(SUITE)

nightly: ## the long runs: a million mutated inputs, hundreds of random lives of groups (an hour or two)
	@scripts/nightly.sh

build: ## build everything
	@scripts/build.sh

format: ## write the code as the format check wants it
	@dotnet format Kavalek.slnx --no-restore

audit: ## ask the registries about known flaws of what is locked
	@scripts/audit.sh

images: ## build the two container images (VERSION=1.2.3 IMAGE=ghcr.io/OWNER/kavalek PUSH=true pushes them)
	@scripts/images.sh

check-images: ## start the images as shipped, and look at what runs
	@scripts/check_images.sh

first-run: ## time and memory from nothing to two people who talk in two browsers, on one container (KAVALEK_HOST=name of this machine)
	@scripts/first_run.sh

release: ## the bill of materials, the web app's files and their signature, in artifacts/release (VERSION=1.2.3 RELEASE_KEY=FILE)
	@scripts/release.sh

security-rows: ## write docs/security-rows.md from the ids in the tests
	@KAVALEK_WRITE_ROWS=1 dotnet run --project tests/architecture -v q -- -class '*SecurityRowsTests'

benchmark-mls: ## MLS operations beside live peers (ARGS="join message" for some, "alone" without peers)
	@DOTNET_PROCESSOR_COUNT=1 dotnet run -c Release --project benchmarks/mls -v q -- $(ARGS)

benchmark-browser: ## the client in Chromium: bytes, boot, MLS, send to seen, a large account (ARGS=large for that alone)
	@scripts/build-browser-tests.sh && dotnet run -c Release --project benchmarks/browser -v q -- $(ARGS)

benchmark-client: ## how long a new device waits for its history, and until it is in all conversations
	@dotnet run -c Release --project benchmarks/client -v q

benchmark-server: ## the server under load on SQLite, PostgreSQL and two nodes, beside the peers' figures (ARGS="postgres pairs" for some)
	@dotnet run -c Release --project benchmarks/server -v q -- $(ARGS)

benchmark-faults: ## how long until everybody goes on after each fault of two nodes, PostgreSQL and Redis
	@dotnet run -c Release --project tests/messaging -v q -- -noColor -diagnostics -method '*Whatever_dies*'

clean: ## remove what was built
	@rm -rf artifacts */bin */obj */*/bin */*/obj */*/*/bin */*/*/obj frontend-mobile/dist frontend-mobile/public/dotnet node_modules
