# What a newcomer and CI run. `make demo` and `make test` are the two commands of the README.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3.11
WORKERS ?= 3
VENV := .venv
RUN := $(VENV)/bin/python -m
ROOMS := config mappings connectors ledger reconciliation flows sandbox

.PHONY: help install demo test lint format types imports docs docs-reference lock bench clean chromium-note

help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## Set up .venv from the hash-pinned lock; a second time is instant

$(VENV)/.locked: requirements.lock
	@PYTHON="$(PYTHON)" VENV="$(VENV)" scripts/install

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(RUN) pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Installed in $(VENV); try: make demo"

demo: install  ## A month of invented incidents, delivered, reconciled and reported
	@$(VENV)/bin/incident-bridge demo

test: install chromium-note  ## Every test (WORKERS=3 processes)
	@$(RUN) pytest -n $(WORKERS) --dist worksteal --durations 10

chromium-note:
	@command -v chromium >/dev/null || echo "Chromium is not installed, so the tests that open pages in a browser are skipped; to run them: sudo apt-get install chromium"

lint: install  ## ruff, check and format
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

format: install  ## Let ruff mend what it can
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

types: install  ## mypy, strict
	@$(RUN) mypy

imports: install  ## The import rules of the house
	@$(VENV)/bin/lint-imports

docs: install  ## The manual, as HTML in docs/_build/html; a warning is an error
	@$(RUN) sphinx -W --keep-going --quiet --builder html docs docs/_build/html
	@echo "The manual is in docs/_build/html/index.html"

docs-reference: install  ## Write the parts of the manual that come from the code anew
	@$(VENV)/bin/python scripts/manual.py

lock: install  ## Resolve requirements.lock and requirements-bench.lock anew, with hashes
	@VENV="$(VENV)" scripts/lock

$(VENV)-bench/.installed: requirements-bench.lock $(VENV)/.locked
	@$(VENV)/bin/python -m venv --clear $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes --requirement requirements-bench.lock
	@touch $@

bench: install $(VENV)-bench/.installed  ## The benchmarks, each beside its baseline
	@for script in benchmarks/*.py; do name=$$(basename "$$script" .py); echo "== $$name"; $(RUN) "benchmarks.$$name"; done

clean:  ## Remove what was built, keep your settings and ledger
	@rm -rf $(VENV) $(VENV)-bench docs/_build build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
