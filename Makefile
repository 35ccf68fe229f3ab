# Two commands are all that is needed: `make demo` and `make test`. Both build their environment in .venv on the
# first run and start in seconds afterwards.

PYTHON ?= python3
PORT ?= 8000
SECONDS ?= 600
# Files go to processes whole and in order: those in a browser come last, and share one browser. JOBS= runs in one.
JOBS ?= -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
BIN := .venv/bin
SOURCES := pyproject.toml

.PHONY: demo test lint messages browser soak clean

demo: .venv/.demo
	@$(BIN)/python -m demo_app --port $(PORT)

test: .venv/.test browser
	$(BIN)/python -m pytest $(JOBS) $(TESTS)

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/consentkit locales > /dev/null

# What the source says, in every catalogue: extracts, updates, checks.
messages: .venv/.test
	$(BIN)/python tools/messages.py
	$(BIN)/consentkit locales --table
	$(BIN)/python -m pytest -q tests/test_locales.py

# Looks for broken laws of the rewriter, for as long as told: make soak SECONDS=3600. The fuzzer is installed only here.
soak: .venv/.test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris || true
	$(BIN)/python -m bench.soak --seconds $(SECONDS)

# The tests in a browser skip themselves with a reason where none can be installed.
browser:
	@command -v chromium > /dev/null || command -v google-chrome > /dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && \
	  { apt-get install -y -q chromium > /dev/null 2>&1 || \
	    { apt-get update -q > /dev/null 2>&1 && apt-get install -y -q chromium > /dev/null 2>&1; }; }; } || \
	  echo "No Chromium here and no right to install it; tests in a browser will be skipped."

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "consentkit needs Python 3.11 or later; name one with make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "No venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }

.venv/.demo: .venv/bin/python $(SOURCES)
	@echo "Preparing the environment (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	@touch $@

.venv/.test: .venv/bin/python $(SOURCES)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ .venv/.demo

clean:
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
