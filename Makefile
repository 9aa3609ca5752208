# The workflow of the project; `make` alone lists the targets.
PYTHON := .venv/bin/python
BENCH ?= all
ARGS ?=
# a part of the tests (ARGS=tests/tts) is not measured
COVERAGE := $(if $(ARGS),,--cov --cov-report=term)

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check bench guards lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: ## prepare everything that running and testing need
	@scripts/setup.sh test

demo: ## the main job with 24 simulated loudspeakers (ARGS="--once --json", ARGS="--bulletin FILE")
	@scripts/setup.sh run
	@$(PYTHON) -m web.cli demo $(ARGS)

run: ## the server with embedded defaults on http://127.0.0.1:8080
	@scripts/setup.sh run
	@$(PYTHON) -m web.cli run $(ARGS)

test: ## all tests, with coverage
	@scripts/setup.sh test
	@$(PYTHON) -m pytest --numprocesses=3 --dist=worksteal $(COVERAGE) $(ARGS)

check: ## format, lint, types, layers, length of modules
	@scripts/setup.sh run
	@$(PYTHON) -m ruff format --check --quiet .
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports
	@$(PYTHON) scripts/module_length.py

bench: ## measurements as JSON (BENCH=normalise, or another module of benchmarks/)
	@scripts/setup.sh $(if $(filter intelligibility all,$(BENCH)),bench,run)
	@$(PYTHON) -m benchmarks $(BENCH) $(ARGS)

guards: ## remove each guard in a copy and see its script of a real failure fail (ARGS="barix_url_swap")
	@scripts/setup.sh test
	@$(PYTHON) scripts/guards_removed.py $(ARGS)

lock: ## write the lock files anew from pyproject.toml
	@scripts/setup.sh run
	@scripts/lock.sh

clean: ## remove what set-up, tests and runs have made
	rm -rf .venv .setup node_modules web/static/vendor dist var screenshots .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find broadcast tts devices web schedules tests benchmarks -name '*.mo' -delete -o -name __pycache__ -type d -prune -exec rm -rf {} +
