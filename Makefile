# Everything that is done with this repository, one target each. `make help` lists them.
# ARGS is passed on: make test ARGS="tests/unit -k score", make demo ARGS="--keep".

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
AUDIT_VENV ?= .audit-venv
FUZZ_VENV ?= .fuzz-venv
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help audit fuzz mutation setup demo test check lint types schemas bench chaos soak servers kafka redis clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## make the virtual environment with all that running, testing and checking need

demo: $(VENV)/.run ## see the engine run: a broker inside the process, one worker, real events (about a minute)
	$(BIN)/engage demo $(ARGS)

test: $(VENV)/.dev servers ## run the tests, with Apache Kafka and Redis where this machine can have them
	$(BIN)/pytest -rs $(ARGS)

check: lint types test ## all that CI runs

lint: $(VENV)/.dev ## style, format, and imports that go one way
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev ## static types, strict
	$(BIN)/mypy

schemas: $(VENV)/.dev ## generate the JSON Schemas and the AsyncAPI document anew
	$(BIN)/python -m schemas.generate $(ARGS)

bench: $(VENV)/.dev ## measure one worker beside a plain loop, and what all rules and figures cost
	$(BIN)/python -m tests.bench $(ARGS)
	$(BIN)/python -m tests.bench.compare

soak: $(VENV)/.dev kafka ## accelerated months through a worker: memory and changelog stay flat, and nothing is lost
	$(BIN)/python -m tests.soak $(ARGS)

chaos: $(VENV)/.dev kafka ## seeded runs that kill, pause and cut workers and brokers, compared with a replay
	$(BIN)/python -m tests.chaos $(ARGS)

chaos-outage: $(VENV)/.dev kafka ## the broker away for a minute under load: how the lag is worked off, and that all is exact
	$(BIN)/python -m tests.chaos.outage $(ARGS)

chaos-rolling: $(VENV)/.dev kafka ## restart three workers one after another under load: how late outputs come
	$(BIN)/python -m tests.chaos.rolling $(ARGS)

audit: $(AUDIT_VENV)/.ready ## look for known vulnerabilities in what constraints.txt names; says so when nobody can be asked
	@if [ -s $(AUDIT_VENV)/.ready ]; then $(AUDIT_VENV)/bin/python deploy/scripts/audit.py; \
		else echo "SKIPPED: pip-audit cannot be installed here, so NOTHING WAS CHECKED."; fi

fuzz: $(VENV)/.dev $(FUZZ_VENV)/.ready ## throw damaged events at the decoder and the core: make fuzz ARGS="--seconds 300 --seed 1"
	@if [ -s $(FUZZ_VENV)/.ready ]; then $(FUZZ_VENV)/bin/python -m tests.fuzz $(ARGS); \
		else echo "atheris cannot be installed here: without guidance"; $(BIN)/python -m tests.fuzz --plain $(ARGS); fi

mutation: $(VENV)/.dev ## how many mutants of the core its tests kill, and which survive (about an hour)
	$(BIN)/python -m tests.mutation $(ARGS)

servers:
	@deploy/kafka/fetch || echo "Skipped: the tests on Apache Kafka, for the reason above. All others run."
	@deploy/redis/install || echo "Skipped: the tests on Redis, for the reason above. All others run."

kafka: ## fetch Apache Kafka from Maven Central into the cache (needs java and mvn)
	deploy/kafka/fetch

redis: ## install redis-server (Debian and its kin, as root)
	deploy/redis/install

clean: ## remove the virtual environment, caches and what was built
	rm -rf $(VENV) $(AUDIT_VENV) $(FUZZ_VENV) build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .mutation
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment: ensurepip is missing (Debian, as root: apt-get install python3-venv)"; exit 1; }

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what the engine needs into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what the engine, its tests and its checks need into $(VENV)"
	@$(PIP) --editable '.[rocksdb,dev]'
	@touch $(VENV)/.run $@

$(AUDIT_VENV)/.ready:
	@$(PYTHON) -m venv $(AUDIT_VENV)
	@if $(AUDIT_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit==2.10.1'; \
		then echo yes > $@; else : > $@; fi

$(FUZZ_VENV)/.ready: constraints.txt
	@$(PYTHON) -m venv $(FUZZ_VENV)
	@if $(FUZZ_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		'atheris==3.0.0' msgspec orjson PyYAML; then echo yes > $@; else : > $@; fi
