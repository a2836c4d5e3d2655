# Everything sets itself up: only Python 3.11+ and make are needed.
PYTHON ?= python3
ENV := .venv
DEMO := .venv-demo
BENCH := .venv-bench
BIN := $(ENV)/bin
PYTEST := $(BIN)/pytest -n auto --dist worksteal
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(ENV)/.ready ## an environment in .venv, phonofilm in it, editable

demo: $(DEMO)/.ready ## the whole way in a simulated world, under a minute from a clone
	$(DEMO)/bin/phonofilm demo

test: setup ## all tests but the slow ones, on all cores, in random order; SEED=N repeats an order
	$(PYTEST) -m "not slow" $(addprefix --randomly-seed=,$(SEED))

test-slow: setup ## crash storms, the docs in a shell, real data; properties with more examples
	HYPOTHESIS_PROFILE=ci $(PYTEST) -m "slow or hypothesis" $(addprefix --randomly-seed=,$(SEED))

lint: setup ## style, types, words, layers, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell -D docs/words.txt src
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

storm: setup ## kill -9 at 1,000 random moments over the verbs, and damaged files; KILLS=N SEED=N
	$(BIN)/python -m benchmarks.storm $(addprefix --kills ,$(KILLS)) $(addprefix --seed ,$(SEED))

fuzz: setup ## ten million changed bodies over all parsers, at most an hour; SECONDS=N SEED=N
	$(BIN)/python -m benchmarks.fuzz $(addprefix --seconds ,$(SECONDS)) $(addprefix --seed ,$(SEED))

docs: setup ## the generated pages
	$(BIN)/python -m docs.generate

pins: setup ## pins anew: requirements-dev.txt, -demo.txt, -bench.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade --all-extras pyproject.toml requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --constraint requirements-dev.txt pyproject.toml -o requirements-demo.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade pyproject.toml requirements-bench.in -o requirements-bench.txt

clean: ## removes what make made
	rm -rf $(ENV) $(DEMO) $(BENCH) build dist phonofilm-demo

# An environment of pinned packages, and phonofilm in it, editable.
define environment
$(if $(shell $(PYTHON) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),,\
$(error phonofilm needs Python 3.11 or newer, and $(PYTHON) is $(or $(shell $(PYTHON) --version 2>&1),not there); name another one: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.12))
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(@D)/bin/uv pip install --python $(@D)/bin/python --quiet --require-hashes -r $<
	$(@D)/bin/uv pip install --python $(@D)/bin/python --quiet --no-deps --editable .
	touch $@
endef

$(ENV)/.ready: requirements-dev.txt pyproject.toml
	$(environment)

$(DEMO)/.ready: requirements-demo.txt pyproject.toml
	$(environment)

$(BENCH)/.ready: requirements-bench.txt pyproject.toml
	$(environment)

.PHONY: help setup demo test test-slow lint wheel wheel-demo bench soak storm fuzz docs pins clean
