# Dokpamo. Needs git, make, a POSIX shell and Python 3.11 or later; everything else is fetched by `make setup`.
#
#   make run                the whole programme: set up, start, replay its history, show where to look
#   make run REPORT=path    the same, and write the outcome as JSON
#   make stop               end every process

SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.9
TOOLS := .tools
UV := $(TOOLS)/uv/bin/uv
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
# The interpreter is the machine's own: nothing but packages is fetched.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)

# What the environment depends on: a change of one of these is followed by a new `uv sync`.
MANIFESTS := pyproject.toml uv.lock $(wildcard libs/*/pyproject.toml services/*/pyproject.toml)
CONTRACTS := proto/pyproject.toml proto/generate.py $(shell find proto/dokpamo -name '*.proto')
PACKAGES := common rules verify weights originality client scale_model intake selection grants training registry evaluation notary console
CONTRACTS_BEFORE := proto/released.binpb

.PHONY: help setup run stop up down replay status test attacks lint format bench docs lock clean

help: ## Show what can be made
	@sed -n 's/^# \{0,1\}//; /^$$/q; p' Makefile | sed '/^#/d'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS="	" read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

setup: $(STAMP) ## Fetch uv and every package into this folder (.tools, .venv)

run: setup ## Start the stack, replay the programme, show the standings; REPORT=path writes the outcome
	@$(BIN)/dokpamo up
	@$(BIN)/dokpamo replay $(if $(REPORT),--report "$(REPORT)")

stop: down ## End every process of the stack

up: setup ## Start the stack
	@$(BIN)/dokpamo up

down: ## Stop the stack; its state stays
	@if [ -x $(BIN)/dokpamo ]; then $(BIN)/dokpamo down; else echo "nothing is set up, so nothing runs"; fi

replay: setup ## Replay the programme on the running stack; REPORT=path writes the outcome
	@$(BIN)/dokpamo replay $(if $(REPORT),--report "$(REPORT)")

status: setup ## Show the parts of the stack
	@$(BIN)/dokpamo status

test: setup ## Run the tests: unit, component, contract, architecture, e2e and a few chaos seeds
	@$(BIN)/python -m pytest tests $(ARGS)

attacks: setup ## Attack what strangers check: every changed value, a million hostile inputs (hours); DOKPAMO_FUZZ_SEED=1 others
	@$(BIN)/python -m pytest -s -m on_demand tests/unit/verify tests/unit/rules tests/unit/weights $(ARGS)

lint: setup ## Check style, types, the architecture and the contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(PACKAGES:%=-p %)
	@$(BIN)/mypy tests
	@$(BIN)/lint-imports --no-logo
	@cd proto && ../$(BIN)/buf lint
	@if [ -f $(CONTRACTS_BEFORE) ]; then cd proto && ../$(BIN)/buf breaking --against ../$(CONTRACTS_BEFORE); \
	else echo "buf breaking: there is no release yet to compare with"; fi

format: setup ## Put the code in its form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: setup ## List the benchmarks; NAME=relay runs one
	@$(BIN)/python -m tests.bench $(NAME)

docs: setup ## Write the generated pages: rules, events and JSON Schemas under docs/
	@$(BIN)/python docs/generate.py

lock: $(UV) ## Resolve all dependencies anew into uv.lock
	@$(UV) lock --python $(PYTHON)

clean: down ## Stop the stack and remove what was fetched and built here (not the stack's state)
	@rm -rf $(VENV) $(TOOLS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMP): $(UV) $(MANIFESTS) $(CONTRACTS)
	@echo "installing packages into $(VENV)"
	@$(UV) sync --quiet --python $(PYTHON) --frozen --all-packages --all-extras
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Dokpamo needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1). Say which: make PYTHON=/path/to/python3"; exit 1; }
	@rm -rf $(TOOLS)/uv && mkdir -p $(TOOLS)
	@echo "fetching uv $(UV_VERSION) into $(TOOLS)"
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null && $(PYTHON) -m venv $(TOOLS)/uv; then \
	  $(TOOLS)/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --target $(TOOLS)/uv uv==$(UV_VERSION); \
	elif command -v uv >/dev/null 2>&1; then \
	  mkdir -p $(TOOLS)/uv/bin && ln -sf "$$(command -v uv)" $@; \
	else \
	  echo "This Python can make no environment with pip in it (the modules venv and ensurepip are missing)."; \
	  echo "Install them (Debian, Ubuntu: python3-venv), or put uv on the PATH: https://docs.astral.sh/uv"; exit 1; \
	fi
	@test -x $@ && touch $@
