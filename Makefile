# What a person types. Everything here works on a fresh machine with Python 3.11 or newer.
PORT ?= 8000
PYTEST_ARGS ?=
DRILLS ?= all
SHARP ?=
SEED ?=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
TEST_STATE := .kontor/test
DRILL_STATE := .kontor/drill
WITH_DATABASE := $(BIN)/python -m config.postgres run --

# Settings of a real installation, for the checks that only make sense there. The secrets live as long as the check.
SECRET = $$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')
SEAL = $$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')
PRODUCTION = KONTOR_ENV=production KONTOR_SECRET_KEY="$(SECRET)" KONTOR_SEAL_KEYS="$(SEAL)" KONTOR_ERASURE_KEY="$(SECRET)" \
	KONTOR_PUBLIC_URL=https://desk.kontor.invalid KONTOR_PUBLIC_HOSTS=desk.kontor.invalid \
	KONTOR_BRAND_HOST_SUFFIX=brands.kontor.invalid

.DEFAULT_GOAL := help
.PHONY: help run test lint format types schema messages screenshots bench drill clean-state

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing requirements.txt"
	@$(PIP) install --requirement requirements.txt
	@touch $@

$(VENV)/.installed-checks: tests/requirements.txt $(VENV)/.installed
	@echo "Installing tests/requirements.txt"
	@$(PIP) install --requirement requirements.txt --requirement tests/requirements.txt
	@touch $@

run: $(VENV)/.installed ## start the desk with demo brands (PORT=8000)
	@$(BIN)/python -m config.run --port $(PORT)

test: $(VENV)/.installed-checks ## run all tests (PYTEST_ARGS="-k window")
	@KONTOR_STATE=$(TEST_STATE) $(WITH_DATABASE) $(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

lint: $(VENV)/.installed-checks types ## check style, import rules, types, migrations and production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	KONTOR_STATE=$(TEST_STATE) $(WITH_DATABASE) $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "manage.py check --deploy --fail-level WARNING (as in production)"
	@$(PRODUCTION) KONTOR_STATE=$(TEST_STATE) $(WITH_DATABASE) $(BIN)/python manage.py check --deploy --fail-level WARNING

types: $(VENV)/.installed-checks ## check types
	$(BIN)/mypy

format: $(VENV)/.installed-checks ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/.installed-checks ## after a change of a model: write the migration and the script that new brands are made from
	KONTOR_STATE=$(TEST_STATE) $(WITH_DATABASE) $(BIN)/python manage.py makemigrations
	KONTOR_STATE=$(TEST_STATE) $(WITH_DATABASE) $(BIN)/python manage.py dump_schema

messages: $(VENV)/.installed-checks ## after a change of a text: update the catalogs, and compile them
	KONTOR_STATE=$(TEST_STATE) $(WITH_DATABASE) $(BIN)/python manage.py make_messages
	KONTOR_STATE=$(TEST_STATE) $(WITH_DATABASE) $(BIN)/python manage.py compile_catalogs

screenshots: $(VENV)/.installed-checks ## take the pictures of README.md anew (needs Chromium)
	$(BIN)/python docs/images/make.py

bench: $(VENV)/.installed-checks ## measure speed (ONLY="ingest live", SHORT=1 for a smoke test, PEERS=1 with django-helpdesk)
	KONTOR_STATE=.kontor/bench $(WITH_DATABASE) $(BIN)/python -m benchmarks \
		$(if $(ONLY),--only $(ONLY)) $(if $(SHORT),--short) $(if $(PEERS),--peers)

drill: $(VENV)/.installed-checks ## kill things and count what is lost (DRILLS=short, DRILLS=web_killed, SHARP=1, SEED=7)
	@KONTOR_STATE=$(DRILL_STATE) $(BIN)/python -m config.postgres stop
	@KONTOR_STATE=$(DRILL_STATE) $(BIN)/python -m config.postgres remove
	@KONTOR_STATE=$(DRILL_STATE) $(WITH_DATABASE) $(BIN)/python -m tests.drills $(DRILLS) \
		$(if $(SHARP),--sharp) $(if $(SEED),--seed $(SEED))

clean-state: $(VENV)/.installed ## stop the embedded databases and delete everything that runs left behind
	@for state in .kontor .kontor/test .kontor/bench .kontor/drill; do \
		if [ -d $$state ]; then KONTOR_STATE=$$state $(BIN)/python -m config.postgres remove; fi; done
	@rm -rf .kontor
