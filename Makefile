.DEFAULT_GOAL := help
PY := .venv/bin/python
PORT ?= 8000
export PORT
export DJANGO_SETTINGS_MODULE := config.settings

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run: .venv/run ## everything on this machine: http://127.0.0.1:8000 (PORT= moves it)
	@$(PY) -m devstack run --port $(PORT)

# The browser by itself: beside it nothing that goes by the clock, like the chaos run, has a fair chance.
# It takes over the database that the others made: migrating takes a quarter of a minute.
# What is compiled is kept, also where the environment says otherwise: each process compiles the tests.
PYTEST := PYTHONDONTWRITEBYTECODE= $(PY) -m devstack exec --folder var/test --fast -- $(PY) -m pytest -n 2
test: .venv/test lint ## every test, and what sets them up; TIMES=10, FUZZ=all and AXE=all try more
	@$(PY) -m tests.browser.chromium
	@$(if $(ARGS),$(PYTEST) $(ARGS),$(PYTEST) --reuse-db --create-db --ignore=tests/browser && $(PYTEST) --reuse-db tests/browser)

coverage: .venv/test ## which branches the tests take, in a third more time
	@$(PYTEST) --cov --cov-report=term --ignore=tests/browser

lint: .venv/test ## style, spelling, templates, types, the one arrow, and migrations that are missing
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/codespell \
		&& .venv/bin/djlint --quiet --lint . && .venv/bin/lint-imports && .venv/bin/mypy . \
		&& SECRET_KEY=a IDENTIFIER_PEPPER=b WEBHOOK_SECRETS_KEY=c $(PY) -W ignore manage.py makemigrations \
		--check --dry-run --skip-checks --verbosity 0

bench: .venv/test ## how fast, beside the limits; QUICK=1 takes some ten minutes, ONLY=report some rows, ROUNDS=3, PEERS=1 more
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(PEERS),--peers) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-pairs: .venv/test ## choices by two working copies in turns; ARGS="--before PATH" names the other one
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench.pairs $(ARGS)

bench-portal: .venv/test ## the home page of somebody with 300 brands: server, wire and Chromium
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench.portal

bench-mailbox: .venv/test ## a mailbox read in Chromium beside a bare loop; ARGS="--mails 100000 --body-bytes 8000"
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench.mailbox $(ARGS)

bench-limits: .venv/test ## guesses and floods through four web processes, with Redis flushed in between
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench.limits

bench-misbehaving: .venv/test ## a good caller's checks beside sixteen connections that misbehave
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench.misbehaving $(ARGS)

bench-addresses: .venv/test ## what the public forms say, and how fast, of known and unknown addresses
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench.addresses

bench-troubles: .venv/test ## deliveries beside endpoints that hang, and with the broker dead
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench.troubles

laws: .venv/test ## the rule's laws, and the bug that each one catches; EXAMPLES=5000 tries more
	@$(PY) -m tests.consent.laws $(if $(EXAMPLES),--examples $(EXAMPLES))

inbound-texts: .venv/test ## how well requests to stop are understood, per language and medium
	@$(PY) -m tests.cmr.inbound_texts

as-of: .venv/test ## as_of against what checks answered; ANSWERS=5000 compares more
	@ANSWERS=$(or $(ANSWERS),1000) $(PY) -m devstack exec --folder var/test --fast -- $(PY) -m pytest -q tests/consent/checks/test_as_of_random_histories.py

screenshots: .venv/test ## every page into docs/screenshots; ARGS= names some
	@$(PY) -m devstack.documentation
	@$(PY) -m tests.browser.chromium
	@$(PY) -m devstack exec --folder var/screenshots --fast -- $(PY) -m tests.browser $(ARGS)

LOCALES := $(patsubst config/locale/%,-l %,$(wildcard config/locale/*))
messages: .venv/test ## the words of the pages, collected and compiled (needs gettext)
	@$(PY) manage.py makemessages $(LOCALES) --no-location --no-obsolete -i var -i .venv -i tests -i docs
	@$(PY) manage.py compilemessages $(LOCALES) -i .venv -v 0

chaos: .venv/test ## parts killed for real, and nothing lost; SEED= repeats, KILLS=300 goes on for longer
	@$(PY) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(KILLS),--kills $(KILLS)) $(ARGS)

docs: .venv/run ## the documentation, built anew into var/docs; fails on a dead link
	@$(PY) -m devstack.documentation --strict

event-catalogue: .venv/run ## make docs/events.md anew
	@mkdir -p var && $(PY) manage.py event_catalogue > var/events.md && mv var/events.md docs/events.md

client-models: .venv/test ## the client's models, generated anew from the OpenAPI document
	@mkdir -p var && $(PY) manage.py spectacular --format openapi-json --fail-on-warn --skip-checks > var/openapi.json
	@$(PY) client/generate_models.py < var/openapi.json > var/schema_models.py
	@mv var/schema_models.py client/src/cmr_client/schema_models.py

contributor-tables: .venv/test ## the tables of docs/contributing/ that are read off the code, written anew
	@$(PY) -m tests.project.contributor_tables

bench-stream: .venv/test ## the memory of the web server while it answers a stream of LINES lines (200000)
	@$(PY) -m devstack exec --folder var/bench -- $(PY) -m tests.bench.streaming $(if $(LINES),--lines $(LINES))

fuzz: .venv/test ## every operation of the API with all spoilt calls and edge cases, in over half an hour
	@FUZZ=all $(PYTEST) tests/project/test_malformed_requests.py tests/project/test_fuzz.py

hostile: .venv/test ## every form against the outbound guard, and the connections made: 0; ARGS=--hunt plants bugs
	@$(PY) -m tests.hostile $(ARGS)

LOCK := uv pip compile pyproject.toml --generate-hashes --no-strip-extras --universal --python-version 3.11 -q \
	--custom-compile-command "make lock"
lock: ## pin what pyproject.toml asks for, with hashes (needs uv)
	$(LOCK) -o requirements/base.txt
	$(LOCK) --extra docs -c requirements/base.txt -o requirements/docs.txt
	$(LOCK) --extra docs --extra run -c requirements/docs.txt -o requirements/run.txt
	$(LOCK) --extra docs --extra run --extra test -c requirements/run.txt -o requirements/test.txt

.venv/run: requirements/run.txt
.venv/test: requirements/test.txt
.venv/%: requirements/%.txt
	@test -x $(PY) || python3 -m venv .venv
	@echo "Installing $< …" && $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.PHONY: help run test coverage screenshots messages lint bench bench-pairs bench-stream bench-troubles bench-portal bench-addresses bench-mailbox bench-limits bench-misbehaving chaos docs event-catalogue client-models contributor-tables fuzz hostile inbound-texts laws as-of lock
