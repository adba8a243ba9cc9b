# Python 3.11+ and make are all that `make demo` needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
LOCALES := src/rackbill/interfaces/portal/locale src/rackbill/interfaces/office/locale

.PHONY: help demo dev install install-run test test-sqlite test-postgresql check golden bench campaign clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(VENV)/run.stamp: requirements/base.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/base.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/words.stamp: $(wildcard $(addsuffix /*/LC_MESSAGES/django.po,$(LOCALES))) $(VENV)/run.stamp
	@for locale in $(LOCALES); do $(BIN)/pybabel -q compile -d $$locale -D django; done
	@touch $@

install-run: $(VENV)/run.stamp $(VENV)/words.stamp  ## what is needed to run
install: $(VENV)/dev.stamp $(VENV)/words.stamp  ## what is needed to work on it

demo: install-run  ## a provider with a past, on http://127.0.0.1:8000/ (ARGS="--no-serve --json")
	$(BIN)/rackbill demo $(ARGS)

dev: install  ## serve what lies in RACKBILL_HOME, reloading
	RACKBILL_DEBUG=1 DJANGO_SETTINGS_MODULE=rackbill.config.settings $(BIN)/python -m django runserver $(ARGS)

test: test-sqlite test-postgresql  ## the whole suite on SQLite, then domain, cutover and interfaces on PostgreSQL

test-sqlite: install
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-postgresql: install
	$(BIN)/python tests/postgresql.py

check: install  ## all that CI does, in the same order
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	RACKBILL_HOME=$(VENV)/home DJANGO_SETTINGS_MODULE=rackbill.config.settings $(BIN)/python -m django makemigrations --check --dry-run
	RACKBILL_HOME=$(VENV)/home $(BIN)/rackbill openapi --check docs/openapi.json
	$(MAKE) test

golden: install  ## make the golden documents anew
	$(BIN)/python -m tests.golden.make

bench: install  ## benchmarks: NAME=…
	$(BIN)/rackbill bench $(NAME) $(ARGS)

campaign: install  ## a long campaign: NAME=kills, properties, einvoices, agreement or mutation (ARGS="core/periods")
	tests/campaigns/$(NAME) $(ARGS)

clean:  ## remove the virtual environment
	rm -rf $(VENV)
