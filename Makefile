# PeakPro CRM. `make help` is the manual. Every target does its own set-up; nothing needs sudo or Docker.

SHELL := /bin/sh
.DEFAULT_GOAL := help
CRM := .venv/bin/crm
BIN := .venv/bin
NPM := scripts/with_node npm --prefix web
# Compiled modules are kept: a test process otherwise compiles all of them again, eight seconds each, where the machine says so.
unexport PYTHONDONTWRITEBYTECODE
# Set for the front end: only when there is one.
WEB := $(wildcard web/package.json)
WEB_SOURCES := $(if $(WEB),$(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print))
# QuickBooks clients of others, which the suite drives against the simulator.
NODE_CLIENTS := tests/sandbox/node_quickbooks
STRIPE_CLI := var/tools/stripe-cli
ARGS ?=
# Lives of `make money-machine` that go through the real API, database, queue and Stripe simulator: some seconds each.
API_LIVES ?= 500
# Four test processes for two cores, since many tests wait; each has a database server of its own, and a file stays in
# one. In the order of the folders: the few long tests, of whole stacks and in the browser, do not wait for the end, where
# one process would finish them alone. TEST_JOBS= runs one after the other.
TEST_JOBS ?= -n 4 --dist loadfile --no-loadscope-reorder

.PHONY: help
help: ## Show this list
	@echo "PeakPro CRM: proposals that are approved and paid in a portal, and stand in QuickBooks within seconds."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "Settings come from the environment or .env (see .env.example), e.g. PORT=18089 make run"
	@echo "After any of these the command is .venv/bin/crm (crm --help)."

.PHONY: run
run: setup ## Start everything on this machine: database, API, portal, worker, simulators (Ctrl-C ends it)
	@exec $(CRM) run

.PHONY: demo
demo: setup ## The same, and pay a deposit end to end, told step by step (ONCE=1 ends afterwards)
	@exec $(CRM) demo $(if $(filter-out 0,$(ONCE)),--once)

.PHONY: sandbox
sandbox: setup-python ## Start only the Stripe and QuickBooks simulators (ARGS="--port 9000"; ARGS=--help)
	@exec $(CRM) sandbox $(ARGS)

.PHONY: test
test: setup setup-prometheus $(NODE_CLIENTS)/node_modules/.installed $(STRIPE_CLI)/.installed ## Run every test, on a private database and the simulators (ARGS="-k webhook" picks some)
	$(BIN)/pytest $(TEST_JOBS) $(ARGS)
	$(if $(WEB),$(NPM) run --if-present test)

.PHONY: check
check: check-python check-web check-client check-migrations check-monitoring ## All that CI asks besides the tests: lint, types, rooms, client, migrations, monitoring

.PHONY: check-python
check-python: setup-python ## Lint, format, types and which room may use which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: check-web
check-web: setup ## Lint and types of the front end
	$(if $(WEB),$(NPM) run lint,@echo "no front end here")
	$(if $(WEB),$(NPM) run typecheck)

.PHONY: check-client
check-client: setup ## The front end's client is the one that the API's description gives
	scripts/check_client

.PHONY: money-machine
money-machine: setup-python ## 10,000 random lives of a contract's money: never a cent created or lost (API_LIVES=500 of them through API and database)
	MONEY_LIVES=10000 .venv/bin/pytest -q --timeout=3600 tests/unit/test_money_machine.py
	MONEY_API_LIVES=$(API_LIVES) .venv/bin/pytest -q --timeout=36000 tests/integration/test_money_lives.py

.PHONY: long-forms
long-forms: setup-python ## The long forms of tests that the suite runs short: 10,000 random documents, ten lives of recorded events
	RANDOM_COMPANIES=130 .venv/bin/pytest -q --timeout=3600 tests/sandbox/test_quickbooks_random_books.py
	RECORDED_LIVES=10 .venv/bin/pytest -q --timeout=3600 tests/integration/test_stripe_recorded_events.py

.PHONY: check-migrations
check-migrations: setup-python ## The migrations make the tables that the code expects
	$(CRM) check-migrations

.PHONY: check-monitoring
check-monitoring: ## Prometheus accepts its configuration and rules
	scripts/check_monitoring

.PHONY: format
format: setup-python ## Put imports and layout in order
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

.PHONY: client
client: setup ## Write the front end's client again from the API's description
	scripts/check_client --write

.PHONY: bench-webhook
bench-webhook: setup ## Measure how many signed events a second the webhook keeps
	$(BIN)/python -m bench.webhook $(ARGS)

.PHONY: bench-pipeline
bench-pipeline: setup ## Measure how long a payment takes to stand in the books
	$(BIN)/python -m bench.pipeline $(ARGS)

.PHONY: bench-backfill
bench-backfill: setup-python ## Measure how fast 10,000 waiting payments of one company drain, within QuickBooks' limits
	$(BIN)/python -m bench.backfill $(ARGS)

.PHONY: bench-memory
bench-memory: setup ## Measure how much memory API and worker hold, and how soon the server is ready
	$(BIN)/python -m bench.memory $(ARGS)

.PHONY: bench-sandbox
bench-sandbox: setup-python ## Measure how fast the simulators answer, and what 100,000 documents cost
	$(BIN)/python -m bench.sandbox $(ARGS)

.PHONY: campaign
campaign: setup-python ## Pay deposits while processes are killed and Intuit fails at random (ARGS="--rounds 50 --seed 7")
	$(BIN)/python -m tests.acceptance.campaign $(ARGS)

.PHONY: month
month: setup-python ## Live through a month of 300 proposals and check its books to the cent (ARGS="--proposals 60 --seed 7")
	$(BIN)/python -m tests.month $(ARGS)

.PHONY: sandbox-books
sandbox-books: setup-python ## Fill a company of the QuickBooks simulator with random documents (ARGS="--documents 10000 --seed 7")
	$(BIN)/python -m tests.sandbox.long_books $(ARGS)

.PHONY: bench-scrape
bench-scrape: setup-python ## Measure how long /metrics takes with a hundred thousand payments
	$(BIN)/python -m bench.scrape $(ARGS)

.PHONY: bench-lists
bench-lists: setup-python ## Measure lists and searches with 1,000 and with 100,000 rows, side by side
	$(BIN)/python -m bench.lists $(ARGS)

.PHONY: bench-papers
bench-papers: setup-python ## Measure how long each kind of paper takes to make (ARGS="--keep FOLDER" leaves them there)
	$(BIN)/python -m bench.papers $(ARGS)

.PHONY: lighthouse
lighthouse: setup scripts/lighthouse/node_modules/.installed ## Lighthouse as on a phone over the homeowner's page: all four at least 95 (ARGS="--runs 3 --keep FOLDER")
	$(BIN)/python scripts/measure_lighthouse.py $(ARGS)

.PHONY: screenshots
screenshots: setup ## Pictures of every page, two widths, two languages, day and night, into var/screenshots (ARGS="--out FOLDER")
	$(BIN)/python scripts/portal_pictures.py $(ARGS)
	$(BIN)/python scripts/console_pictures.py $(ARGS)

.PHONY: docs-images
docs-images: setup ## The two pictures of the README anew, from the whole job in a browser
	$(BIN)/python scripts/screenshots.py $(ARGS)

.PHONY: bench-reconcile
bench-reconcile: setup-python ## Measure how long a year of 100,000 payments takes to reconcile, and the memory
	$(BIN)/python -m bench.reconcile $(ARGS)

.PHONY: faults
faults: setup-python ## Each fault in each outside call, then two in a row with all killed (ARGS=--write writes docs/faults.md)
	$(BIN)/python -m tests.acceptance.faults $(ARGS)

.PHONY: sandbox-recordings
sandbox-recordings: setup-python ## Write docs/sandbox-recordings.md again: the QuickBooks simulator against recordings
	$(BIN)/python -m tests.sandbox.recordings.table

.PHONY: clean
clean: ## Delete what was made in this folder, with the database in var/
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m crm.kit.embedded_postgres remove var; fi
	rm -rf .venv var web/dist web/node_modules $(NODE_CLIENTS)/node_modules scripts/lighthouse/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# --- set-up: each step leaves a stamp, so that the next start costs nothing ---

.PHONY: setup setup-python
setup: setup-python $(if $(WEB),web/dist/.built) ## Only the set-up: Python packages and the built front end
setup-python: .venv/.synced

# Best effort: the test that needs it says what is missing, and fails in CI.
.PHONY: setup-prometheus
setup-prometheus:
	@scripts/setup_prometheus >/dev/null || true

.venv/.synced: pyproject.toml uv.lock scripts/setup_python
	@scripts/setup_python

$(STRIPE_CLI)/.installed: scripts/setup_stripe_cli
	@scripts/setup_stripe_cli

# Not `npm ci`: it refuses a lock file that lacks builds for other platforms, and a registry may not hold all of them
# (the linter's). This installs the locked versions and hashes too, and leaves the lock file alone.
web/node_modules/.installed: web/package.json $(wildcard web/package-lock.json)
	@echo "setting up: front-end packages"
	@$(NPM) install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/.built: web/node_modules/.installed $(WEB_SOURCES)
	@echo "setting up: front end"
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

scripts/lighthouse/node_modules/.installed: scripts/lighthouse/package.json scripts/lighthouse/package-lock.json
	@echo "setting up: Lighthouse"
	@scripts/with_node npm --prefix scripts/lighthouse install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(NODE_CLIENTS)/node_modules/.installed: $(NODE_CLIENTS)/package.json $(NODE_CLIENTS)/package-lock.json
	@echo "setting up: QuickBooks clients for Node"
	@scripts/with_node npm --prefix $(NODE_CLIENTS) install --no-save --no-audit --no-fund --loglevel=error
	@touch $@
