# Safer City: everything a newcomer or a machine runs, by name. `make` alone lists it.

PYTHON ?= python3
TEST_WORKERS ?= 2

# uv installs in seconds where pip takes a minute or two; both install the same locked files. `make UV= …` means pip.
UV ?= $(shell command -v uv 2>/dev/null)

VENV := .venv
BIN := $(VENV)/bin
LOCK := .ci/lock
SQL := $(wildcard dbt_project/models dbt_project/tests)

# sqlfluff, looking for garbage less often: it keeps so much that looking is a third of its time.
SQLFLUFF := $(BIN)/python -c 'import gc; gc.set_threshold(200_000, 50, 1000); from sqlfluff.cli.commands import cli; cli()'

# Nothing here calls home.
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export GX_ANALYTICS_ENABLED := false
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DBT_VERSION_CHECK := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Stamps: a step is done again only when what it was made from is newer.
VENV_MADE := $(VENV)/.made
RUN_INSTALLED := $(VENV)/.run-installed
TEST_INSTALLED := $(VENV)/.test-installed
OLD_DUCKDB_INSTALLED := $(VENV)/.duckdb-1-installed

# The lock files are complete, so neither installer resolves anything; a file whose hash differs is refused.
ifneq ($(UV),)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
INSTALL_LOCKED := $(INSTALL) --compile-bytecode --no-deps --require-hashes
else
INSTALL := $(BIN)/python -m pip install --quiet --quiet --no-input
INSTALL_LOCKED := $(INSTALL) --no-deps --require-hashes
endif

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test test-all lint pytest pytest-all format lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(RUN_INSTALLED) ## install what a run needs into .venv
	@:

run: setup ## set up, write the sample deliveries, run the whole pipeline on them and make a report
	@$(BIN)/safercity demo

# The linter of the SQL needs a minute and a half of one core, and some tests wait; so they run side by side.
test: setup-test ## set up and run every check, as CI does
	@$(MAKE) --no-print-directory --jobs=2 lint pytest

test-all: setup-test ## the same, with the long mutation, kill and soak runs
	@$(MAKE) --no-print-directory --jobs=2 lint pytest-all

lint: setup-test ## style, types and SQL only
	@echo "Style of the Python (ruff)"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted as ruff does it. Run: make format"; exit 1; }
	@echo "Types (basedpyright)"
	@$(BIN)/basedpyright
	@echo "Style of the SQL (sqlfluff)"
	@$(SQLFLUFF) lint --quiet --nocolor $(SQL)

pytest: setup-test
	@echo "Tests (pytest), $(TEST_WORKERS) at a time"
	@$(BIN)/pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

pytest-all: setup-test
	@echo "All tests (pytest), the slow ones too, $(TEST_WORKERS) at a time"
	@$(BIN)/pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder -m ""

format: setup-test ## rewrite Python and SQL in the house style
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@$(SQLFLUFF) fix --quiet $(SQL)

lock: $(VENV_MADE) ## lock what pyproject.toml asks for; `make lock UPGRADE=1` takes newer versions too
	@PYTHON=$(BIN)/python UV="$(UV)" UPGRADE="$(UPGRADE)" .ci/lock/renew

clean: ## remove .venv and everything generated, but never data/
	@rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs logs
	@find . -name __pycache__ -type d -not -path './data/*' -not -path './.git/*' -prune -exec rm -rf {} +

setup-test: $(TEST_INSTALLED) $(OLD_DUCKDB_INSTALLED)

$(VENV_MADE):
	@$(PYTHON) .ci/check_python.py
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUN_INSTALLED): $(VENV_MADE) $(LOCK)/run.txt pyproject.toml
	@echo "Installing about 900 MB of libraries; a minute or two the first time"
	@$(INSTALL_LOCKED) -r $(LOCK)/run.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@echo "Installed: $(BIN)/safercity"
	@touch $@

$(TEST_INSTALLED): $(RUN_INSTALLED) $(LOCK)/test.txt
	@echo "Installing what the tests need"
	@$(INSTALL_LOCKED) -r $(LOCK)/test.txt
	@touch $@

# An older DuckDB beside the current one: a test opens the published file with it.
$(OLD_DUCKDB_INSTALLED): $(VENV_MADE) $(LOCK)/duckdb-1.txt
	@rm -rf $(VENV)/duckdb-1
	@$(INSTALL_LOCKED) --target $(VENV)/duckdb-1 -r $(LOCK)/duckdb-1.txt
	@touch $@
