# Two commands are enough: `make run` and `make test`. The others are for those who work on it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV ?= .venv
DATA ?= ../shared/data/qr
ARGS ?=
bin := $(VENV)/bin
installed := sh tests/installed.sh $(VENV)
# Two workers: what a small shared machine has.
pytest_parallel := -n 2 --dist worksteal

.PHONY: help
help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do printf '%-18s %s\n' "$$name" "$$text"; done

# --- the two -----------------------------------------------------------------------------------

.PHONY: run test

run: ## A whole lane on this machine, with visitors: ARGS="--visits 20 --exit"
	@VENV=$(VENV) ./bootstrap demo
	@$(bin)/gate demo $(ARGS)

test: wheel test-pythons-short ## Everything that a change must pass
	@$(installed) $(pytest_parallel) --cov=gate --cov-branch --cov-report=term

# --- parts of the test ---------------------------------------------------------------------------

.PHONY: ready-dev test-fast lint format types contracts wheel coverage
.PHONY: test-pythons test-pythons-short
ready-dev:
	@VENV=$(VENV) ./bootstrap dev

test-fast: ready-dev ## Quick tests of the tree as it stands: `make test-fast ARGS=tests/domain`
	@$(bin)/python -m pytest $(pytest_parallel) -m "not slow" $(ARGS)

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
	@sh tests/pythons.sh $(VENV) -q $(pytest_parallel) -m "not slow and not broker" tests/domain tests/adapters

# --- figures -------------------------------------------------------------------------------------

.PHONY: bench-qr bench-journal bench-credentials

bench-qr: ready-dev ## Our code reader beside the tutorial's and bare zxing-cpp: DATA=DIR
	@$(bin)/python tests/bench/bench_qr.py --data $(DATA) $(ARGS)

bench-journal: ready-dev ## Durable records a second beside bare SQLite
	@$(bin)/python tests/bench/bench_journal.py $(ARGS)

bench-credentials: ready-dev ## Verifying a pass beside one bare signature check
	@$(bin)/python tests/bench/bench_credentials.py $(ARGS)

# --- the project ---------------------------------------------------------------------------------

.PHONY: lock docs clean
lock: ## Resolve the requirement files again: UPGRADE=--upgrade takes newer versions
	@sh requirements/lock.sh $(UPGRADE)

docs: ready-dev ## Make the generated pages again
	@$(bin)/python docs/make_licences.py
	@$(bin)/python docs/make_configuration.py

clean: ## Remove what was built; the environments too
	rm -rf build dist .venv-3.* $(VENV) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
