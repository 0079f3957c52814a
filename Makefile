# Two commands on a machine with Python 3.11+ and make: `make rehearse` and `make test`. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
# Pinned because it reads the lock file; everything else comes from uv.lock and package-lock.json.
UV_VERSION := 0.13.8
# Node comes from a wheel inside the virtual environment: jsii and the cdk CLI share it, whatever the machine has.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export JSII_NODE := $(CURDIR)/$(BIN)/node

.PHONY: setup rehearse test check lint types audit costs bench docs clean

setup: .setup-stamp

.setup-stamp: pyproject.toml uv.lock package.json package-lock.json Makefile
	@echo "setting up .venv and node_modules" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --quiet --frozen --all-extras --inexact
	@$(BIN)/npm ci --silent --no-audit --no-fund
	@touch $@

rehearse: setup
	$(BIN)/bluegreen rehearse

test: setup
	$(BIN)/pytest -n 2

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

check: lint types test

audit: setup
	@$(BIN)/python -m audit

costs: setup
	@$(BIN)/python -m costs --write && cat docs/costs.md

bench: setup
	@$(BIN)/python -m benchmarks

docs: setup
	$(BIN)/python docs/cli_reference.py
	$(BIN)/python tests/migrations/gate/page.py
	$(BIN)/python -m costs --write
	$(BIN)/python -m docs.dashboards

clean:
	rm -rf .venv node_modules cdk.out .setup-stamp dist
