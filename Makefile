# Three commands are enough: `make run`, `make office` and `make test`. The others are for those who
# work on it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

VENV ?= .venv
DATA ?= ../shared/data/qr
CASES ?= ../shared/data/credentials
VISITS ?= 1000
RUNS ?= 1000000
ARGS ?=
bin := $(VENV)/bin
installed := sh tests/installed.sh $(VENV)
phase := sh tests/phase.sh
# Two workers: what a small shared machine has.
pytest_parallel := -n 2 --dist worksteal

.PHONY: help
help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do printf '%-18s %s\n' "$$name" "$$text"; done

# --- the three ---------------------------------------------------------------------------------

.PHONY: run office test

run: ## A whole lane on this machine, with visitors: ARGS="--visits 20 --exit"
	@VENV=$(VENV) ./bootstrap demo
	@$(bin)/gate demo $(ARGS)

office: ## An office's machine: issues passes, prints sheets and posters, compiles trust lists
	@VENV=$(VENV) ./bootstrap office
	@echo "Ready: $(bin)/gate pass --help, $(bin)/gate poster --help, $(bin)/gate trust --help"

# What takes seconds comes first. Tests run in random order, with warnings as errors (pyproject.toml).
test: ready-dev ## Everything that a change must pass
	@$(phase) "lint and format" $(MAKE) lint
	@$(phase) "who imports whom" $(MAKE) contracts
	@$(phase) "house rules" $(bin)/python -m pytest -q tests/tidy
	@$(phase) "types" $(MAKE) types
	@$(phase) "wheel" $(MAKE) wheel
	@$(phase) "other Pythons, in short" $(MAKE) test-pythons-short
	@$(phase) "pages in a real browser" $(MAKE) test-browser
	@$(phase) "all tests on the installed wheel" $(installed) $(pytest_parallel) --cov=gate \
		--cov-config=$(CURDIR)/pyproject.toml --cov-report=term --cov-fail-under=100

# --- parts of the test ---------------------------------------------------------------------------

.PHONY: ready-dev test-fast test-browser lint format types contracts wheel coverage
.PHONY: test-pythons test-pythons-short
ready-dev:
	@VENV=$(VENV) ./bootstrap dev

test-fast: ready-dev ## Quick tests of the tree as it stands: `make test-fast ARGS=tests/domain`
	@$(bin)/python -m pytest $(pytest_parallel) -m "not slow" $(ARGS)

# A process of its own: the browser's driver keeps an event loop, and other tests run theirs.
test-browser: wheel ## The pages for phones, in chromium
	@$(installed) -q tests/browser

lint: ready-dev ## Lint, and check the format
	@$(bin)/ruff check
	@$(bin)/ruff format --check

format: ready-dev ## Format, and mend what ruff can mend
	@$(bin)/ruff check --fix
	@$(bin)/ruff format

types: ready-dev ## Check the types
	@$(bin)/mypy

contracts: ready-dev ## Check who may import whom
	@$(bin)/lint-imports --no-logo

wheel: ready-dev ## Build the wheel into dist/
	@rm -rf dist
	@$(bin)/python -m hatchling build --target wheel

coverage: wheel ## Branch coverage of all packages, with a page in build/coverage
	@$(installed) $(pytest_parallel) --cov=gate --cov=drivers --cov=firmware --cov=central \
		--cov-config=$(CURDIR)/pyproject.toml --cov-report=term --cov-report=html:$(CURDIR)/build/coverage

test-pythons: wheel ## All tests on every other Python from 3.11 to 3.13 that this machine has
	@sh tests/pythons.sh $(VENV) $(pytest_parallel)

test-pythons-short: wheel
	@HYPOTHESIS_PROFILE=quick sh tests/pythons.sh $(VENV) -q $(pytest_parallel) -m "not slow and not broker" \
		tests/domain tests/adapters

# --- figures -------------------------------------------------------------------------------------

.PHONY: bench-latency bench-memory bench-qr bench-simulate bench-journal bench-credentials

bench-latency: ready-dev ## From a code in view to the relay pin, stage by stage: VISITS=1000
	@$(bin)/python tests/bench/bench_latency.py --visits $(VISITS) $(ARGS)

bench-memory: ready-dev ## Resident memory of the whole service, idle and after visits
	@$(bin)/python tests/bench/bench_memory.py $(ARGS)

bench-simulate: ready-dev ## Simulated visits a second, and the same day twice from one seed
	@$(bin)/python tests/bench/bench_simulate.py $(ARGS)

bench-qr: ready-dev ## Our code reader beside the tutorial's and bare zxing-cpp: DATA=DIR
	@$(bin)/python tests/bench/bench_qr.py --data $(DATA) $(ARGS)

bench-journal: ready-dev ## Durable records a second beside bare SQLite
	@$(bin)/python tests/bench/bench_journal.py $(ARGS)

bench-credentials: ready-dev build/peers/.ready ## Every format beside bare signature checks, and hostile codes
	@$(bin)/python tests/bench/bench_credentials.py --check $(ARGS)

build/peers/.ready: requirements/peers.txt
	@$(bin)/python -m venv build/peers
	@build/peers/bin/pip -qq --disable-pip-version-check install --require-hashes --only-binary :all: -r $<
	@touch $@

.PHONY: conformance
conformance: ready-dev ## Codes and rules on test cases of others, each for its reason: CASES=DIR
	@$(bin)/gate credential conformance $(wildcard $(foreach form,hcert shc vds divoc dcc,$(CASES)/$(form)*.jsonl))
	@$(bin)/gate rules conformance $(wildcard $(CASES)/certlogic*.jsonl $(CASES)/business-rules.jsonl)

# --- fuzzing -------------------------------------------------------------------------------------

.PHONY: fuzz

fuzz: ready-dev ## Fuzz every reader of strangers' codes: RUNS=10000000 ARGS="--target hcert"
	@$(bin)/python tests/fuzz/run.py --runs $(RUNS) $(ARGS)

# --- storms --------------------------------------------------------------------------------------

.PHONY: storm storm-kill

storm: ready-dev ## Faults, kills and visitors for most of an hour: GATE_STORM_S=600 for longer
	@GATE_STORM=1 GATE_JOURNAL_KILLS=500 $(bin)/python -m pytest -q $(ARGS) \
		tests/runtime/test_simulation.py tests/runtime/test_program_storm.py \
		tests/runtime/test_program_kill.py tests/runtime/test_cli_demo.py \
		tests/adapters/test_journal_crash.py

storm-kill: ready-dev ## kill -9 of the program at 200 random moments: GATE_KILLS=1000 for more
	@GATE_KILLS=$${GATE_KILLS:-200} $(bin)/python -m pytest -q $(ARGS) tests/runtime/test_program_kill.py

# --- are the tests any good? ---------------------------------------------------------------------

.PHONY: mutate
mutate: ready-dev ## Small changes of the domain's code that no test notices: ARGS="gate.credential.base45*"
	@sh tests/mutate.sh $(VENV) $(ARGS)

# --- the project ---------------------------------------------------------------------------------

.PHONY: lock docs clean
lock: ## Resolve the requirement files again: UPGRADE=--upgrade takes newer versions
	@sh requirements/lock.sh $(UPGRADE)

docs: ready-dev ## Make the generated pages again
	@$(bin)/python docs/make_licences.py
	@$(bin)/python docs/make_configuration.py
	@$(bin)/python docs/make_states.py

clean: ## Remove what was built; the environments too
	rm -rf build dist .venv-3.* $(VENV) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
