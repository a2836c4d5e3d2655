# Everything sets itself up: only Python 3.11+ and make are needed.
PYTHON ?= python3
ENV := .venv
BENCH := .venv-bench
BIN := $(ENV)/bin
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(ENV)/.ready ## an environment in .venv, phonofilm in it, editable

demo: setup ## the whole way in a simulated world, half a minute
	$(BIN)/phonofilm demo

test: setup ## all tests, on all cores
	$(BIN)/pytest -n auto

lint: setup ## style, types, layers, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .import_linter_cache
	$(BIN)/deptry src

wheel: setup ## dist/*.whl
	rm -rf dist
	$(BIN)/uv build --quiet --wheel

wheel-demo: wheel ## the wheel alone, with the newest of what it needs, runs a small demo and matches it
	rm -rf build/alone && $(PYTHON) -m venv build/alone
	build/alone/bin/python -m pip install --quiet --disable-pip-version-check "$$(echo dist/*.whl)[match]"
	build/alone/bin/phonofilm demo --artists 60 --data build/alone/demo
	build/alone/bin/phonofilm match --data build/alone/demo

bench: $(BENCH)/.ready ## the figures of benchmarks/RESULTS.md, as ratios; half an hour, nothing beside it
	$(BENCH)/bin/python -m benchmarks.throughput
	$(BENCH)/bin/python -m benchmarks.loading
	$(BENCH)/bin/python -m benchmarks.frontier
	$(BENCH)/bin/python -m benchmarks.policies
	$(BENCH)/bin/python -m benchmarks.rows
	$(BENCH)/bin/python -m benchmarks.windows
	$(BENCH)/bin/python -m benchmarks.coverage
	$(BENCH)/bin/python -m benchmarks.dumps --cinemagoer
	$(BENCH)/bin/python -m benchmarks.postgres
	$(BENCH)/bin/python -m benchmarks.pages
	$(BENCH)/bin/python -m benchmarks.objects
	$(BENCH)/bin/python -m benchmarks.quality --picture docs/reliability.svg
	$(BENCH)/bin/python -m benchmarks.matching
	$(BENCH)/bin/python -m benchmarks.archives
	$(BENCH)/bin/python -m benchmarks.listeners

soak: setup ## 200,000 calls with faults and kills must end with the truth, some minutes
	$(BIN)/python -m benchmarks.soak

docs: setup ## the generated pages
	$(BIN)/python -m docs.generate

pins: setup ## pins anew: requirements-dev.txt, requirements-bench.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade --all-extras pyproject.toml requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade pyproject.toml requirements-bench.in -o requirements-bench.txt

clean: ## removes what make made
	rm -rf $(ENV) $(BENCH) build dist phonofilm-demo

$(ENV)/.ready: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --python $(BIN)/python --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --editable .
	touch $@

$(BENCH)/.ready: requirements-bench.txt pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(BENCH)/bin/uv pip install --python $(BENCH)/bin/python --quiet --require-hashes -r requirements-bench.txt
	$(BENCH)/bin/uv pip install --python $(BENCH)/bin/python --quiet --no-deps --editable .
	touch $@

.PHONY: help setup demo test lint wheel wheel-demo bench soak docs pins clean
