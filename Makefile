# Needs python3.11 with pip and venv, nothing else. `make setup` installs into .venv.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 1
BIN := .venv/bin
SERVE := $(BIN)/python -m gateway --host $(HOST) --port $(PORT)
DEMO_ENV := GATEWAY_DEMO=1 GATEWAY_DATA_DIR=$${GATEWAY_DATA_DIR:-.data}

.PHONY: setup run serve test soak test-pure lint format bench migrate golden lock graphiql

setup: .venv/installed

.venv/installed: requirements.txt requirements-mysql.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@if pkg-config --exists mysqlclient mariadb 2>/dev/null || pkg-config --exists libmariadb 2>/dev/null; then \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mysql.txt; \
	else \
	  echo "MySQL and MariaDB are left out: the client's headers are missing (Debian: libmariadb-dev pkg-config gcc)."; \
	fi
	@touch $@

run: setup  ## the demo, with its own databases
	@$(DEMO_ENV) $(BIN)/python manage.py migrate --verbosity 0
	@$(DEMO_ENV) $(BIN)/python manage.py demo --url http://$(HOST):$(PORT)
	@$(DEMO_ENV) $(SERVE) --log-level warning

serve: setup migrate  ## what is registered
	$(SERVE) --workers $(WORKERS)

migrate: setup
	@$(BIN)/python manage.py migrate --verbosity 0

test: setup lint
	$(BIN)/python -m pytest

test-pure: setup  ## the inner loop: no server is asked
	$(BIN)/python -m pytest tests/cases tests/schema/test_naming.py tests/dynamic_databases/test_connection_strings.py tests/dynamic_databases/test_config.py tests/gateway/test_conf.py tests/architecture

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: setup  ## write the golden files anew; read the diff
	$(BIN)/python -m pytest tests/cases tests/types --golden=write

soak: setup  ## what must hold over a longer time: tenants come, change and go
	GATEWAY_TEST_SOAK_SECONDS=$${SOAK_SECONDS:-1800} GATEWAY_TEST_LIVE_SECONDS=120 GATEWAY_TEST_FIRE_SECONDS=120 GATEWAY_TEST_FUZZ_EXAMPLES=2000 \
	  $(BIN)/python -m pytest -s tests/gateway/test_live_changes.py tests/gateway/test_outcomes_under_fire.py tests/gateway/test_fuzz.py --timeout 3600

bench: setup .venv-bench/installed  ## the gateway against the floor and the other ways to serve the same data
	-cd benchmarks/contenders/postgraphile && npm install --no-audit --no-fund --no-package-lock --silent
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.catalog
	$(BIN)/python -m benchmarks.tenants
	$(BIN)/python -m benchmarks.faults

.venv-bench/installed: benchmarks/contenders/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

lock: setup  ## pin every dependency in requirements.txt
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --extra test --extra lint --output-file requirements.txt pyproject.toml

graphiql:  ## bundle GraphiQL from npm into gateway/static
	cd tools/graphiql && npm install --no-audit --no-fund && node build.mjs
