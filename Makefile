# Needs python3.11 with pip and venv, nothing else. `make setup` installs into .venv.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 1
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input --require-hashes
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
SERVE := $(BIN)/python -m gateway --host $(HOST) --port $(PORT)
DEMO_ENV := GATEWAY_DEMO=1 GATEWAY_DATA_DIR=$${GATEWAY_DATA_DIR:-.data}

.PHONY: setup develop run serve test soak test-pure lint format bench migrate golden lock graphiql

setup: .venv/installed  ## what serving needs, into .venv

develop: .venv/installed-develop  ## what tests, checks and formatting need besides

.venv/installed: requirements.txt requirements-mysql.txt
	@echo "Installing $$(grep -c '==' requirements.txt) packages into .venv; this takes about a minute."
	$(PYTHON) -m venv .venv
	$(PIP) -r requirements.txt
	@if pkg-config --exists mysqlclient mariadb 2>/dev/null || pkg-config --exists libmariadb 2>/dev/null; then \
	  $(PIP) -r requirements-mysql.txt; \
	else \
	  echo "MySQL and MariaDB are left out: the client's headers are missing (Debian: libmariadb-dev pkg-config gcc)."; \
	fi
	@touch $@

.venv/installed-develop: requirements-develop.txt .venv/installed
	$(PIP) -r requirements-develop.txt
	@touch $@

run: setup  ## the demo, with its own databases
	@$(DEMO_ENV) $(BIN)/python manage.py migrate --verbosity 0
	@$(DEMO_ENV) $(BIN)/python manage.py demo --url http://$(HOST):$(PORT)
	@$(DEMO_ENV) $(SERVE) --log-level warning

serve: setup migrate  ## what is registered
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	$(SERVE) --workers $(WORKERS)

migrate: setup
	@$(BIN)/python manage.py migrate --verbosity 0

test: develop lint  ## every test, a process for each core; a file's tests stay together
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-pure: develop  ## the inner loop: no server is asked
	$(BIN)/python -m pytest -m pure

lint: develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: develop  ## write the golden files anew; read the diff
	$(BIN)/python -m pytest tests/cases tests/types tests/tsql --golden=write

soak: develop  ## what must hold over a longer time: tenants come, change and go
	GATEWAY_TEST_SOAK_SECONDS=$${SOAK_SECONDS:-1800} GATEWAY_TEST_SOAK_TENANTS=200 GATEWAY_TEST_LIVE_SECONDS=120 GATEWAY_TEST_FIRE_SECONDS=120 GATEWAY_TEST_FUZZ_EXAMPLES=2000 GATEWAY_TEST_DOCUMENTS=1000 GATEWAY_TEST_ROUND_TRIPS=100 GATEWAY_TEST_OUTAGE_SECONDS=60 GATEWAY_TEST_ROW_RULES=200 GATEWAY_TEST_ROW_RULE_SETS=50 \
	  $(BIN)/python -m pytest -s tests/gateway/test_control_database.py tests/gateway/test_live_changes.py tests/gateway/test_outcomes_under_fire.py tests/gateway/test_fuzz.py tests/gateway/test_introspection_memory.py tests/schema/round_trips tests/schema/row_rules/test_oracle.py tests/schema/row_rules/test_oracle_of_unions.py --timeout 3600

bench: develop .venv-bench/installed  ## the gateway against the floor and the other ways to serve the same data
	-cd benchmarks/contenders/postgraphile && npm install --no-audit --no-fund --no-package-lock --silent
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.catalog
	$(BIN)/python -m benchmarks.tenants
	$(BIN)/python -m benchmarks.faults

.venv-bench/installed: benchmarks/contenders/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

lock: develop  ## pin every dependency, with hashes
	$(BIN)/python -m pip install --quiet pip-tools
	$(LOCK) --output-file requirements.txt pyproject.toml
	$(LOCK) --constraint requirements.txt --extra test --extra lint --output-file requirements-develop.txt pyproject.toml

graphiql:  ## bundle GraphiQL from npm into gateway/static
	cd tools/graphiql && npm install --no-audit --no-fund && node build.mjs
