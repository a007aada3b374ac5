# Every command of this repository; `make help` lists them.
.DEFAULT_GOAL := help
PY := .venv/bin/python
SUITE ?= repair
# Tests side by side, three processes for two cores, as they often wait for sandboxes and servers; who has no more
# takes from the others. SPREAD= for one after the other.
SPREAD ?= -n $(shell echo $$(( ($$(nproc) * 3 + 1) / 2 ))) --dist worksteal

.PHONY: help install fmt lint types imports test test-docker check e2e web web-types web-check eval dev pictures demo lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## fill .venv from the lock files, and see to bubblewrap (PYTHON=... picks the interpreter)
	@PYTHON="$(PYTHON)" deploy/install.sh

fmt: install ## format, and mend what ruff can mend
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .

lint: install ## format and rules, checked
	$(PY) -m ruff format --check --quiet .
	$(PY) -m ruff check .

types: install ## mypy, strict on our code
	$(PY) -m mypy .

imports: install ## the floors: who may import whom
	$(PY) -c "from importlinter.cli import lint_imports_command as run; run()"

test: install ## the tests, but for the slow ones
	$(PY) -m pytest -m "not slow and not needs_docker" $(SPREAD)

test-docker: install ## the sandbox of Docker, in an engine started for it (as root, with Debian's docker.io)
	$(PY) -m pytest -m needs_docker

check: lint types imports web-check test ## exactly what CI runs

e2e: install ## the slow tests too: real processes, races, kills at every step
	$(PY) -m pytest -m "slow and not needs_docker"
	$(PY) -m pytest tests/e2e -m "not slow and not needs_docker"

web: web-types ## the dashboard: rules, types, tests, build (needs Node 20)
	cd dashboard && npm run lint && npm run types && npm run test && npm run build
	$(PY) -m api.bundle

web-check: ## the dashboard as it is committed: rules, types, tests, and that its bundle is its build
	@deploy/check_dashboard.sh

web-types: install dashboard/node_modules ## the dashboard's types, from what the server says of itself
	$(PY) -m api.app > dashboard/openapi.json
	cd dashboard && npm run --silent api-types

dashboard/node_modules: dashboard/package-lock.json
	cd dashboard && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

eval: install ## measure: make eval SUITE=repair
	$(PY) main.py eval $(SUITE)

dev: install ## the server, here, with its data in data/
	$(PY) main.py serve

pictures: install ## the pictures in docs/, drawn from what is sent (needs Chromium)
	$(PY) -m docs.pictures.telegram_scenes
	$(PY) -m docs.pictures.slack
	$(PY) -m docs.pictures.dashboard

demo: install ## one real bug, from ticket to branch
	$(PY) main.py demo

LOCK := uv pip compile --quiet --universal --python-version 3.11 --only-binary :all: \
	--generate-hashes --no-header --no-emit-index-url --no-annotate $(UPGRADE)

lock: ## resolve requirements*.in anew (UPGRADE=--upgrade moves the pins)
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

clean: ## remove .venv and every cache, but no data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
