# The chores of Muster. `make` alone lists them. Needed: a shell, make, and Python >= 3.11 with venv.
#   ARGS    passed on:       make serve ARGS="--port 9000"     make test ARGS="tests/core -n0 -k ban"
#   PYTHON  which Python:    make serve PYTHON=python3.13      (default: the first that is 3.11 or newer)
#   VENV    where to install: make serve VENV=/var/tmp/muster  (for a checkout that cannot be written)

VENV ?= .venv
BIN = "$(VENV)"/bin
BOOTSTRAP = @PYTHON="$(PYTHON)" sh scripts/bootstrap "$(VENV)"
LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --cache-dir .cache/uv

.PHONY: help serve test fuzz check format docs coverage-report bench lock clean runtime dev

help: ## list these chores
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

serve: runtime ## run Muster from this checkout (ARGS for its options)
	@$(BIN)/python -m muster serve $(ARGS)

test: dev ## run every test, on SQLite and PostgreSQL (ARGS for pytest)
	@$(BIN)/python -m tests.programs provide
	@$(BIN)/python -m pytest $(ARGS)

fuzz: dev ## ask every dialect at random for 20 minutes, on both engines (ARGS="--minutes 5")
	@$(BIN)/python -m tests.programs provide
	@$(BIN)/python -m tests.fuzz $(ARGS)

check: dev ## lint, format, types, import contracts, house rules and the tables of what works
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo --cache-dir .cache/imports
	$(BIN)/python -m pytest -n0 -q tests/architecture
	$(BIN)/python scripts/tables.py --check
	$(BIN)/python -m scripts.one_truth --check
	$(BIN)/python -m scripts.openid_modules --check
	$(BIN)/python -m scripts.events --check

format: dev ## put the code into the house's format
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

docs: dev ## write the tables of what works into README.md and docs/
	@$(BIN)/python scripts/tables.py
	@$(BIN)/python -m scripts.one_truth
	@$(BIN)/python -m scripts.openid_modules
	@$(BIN)/python -m scripts.events

coverage-report: dev ## say how much of each API works, what is missing, and write the tables
	@$(BIN)/python scripts/tables.py --report

bench: dev ## measure this machine (ARGS for bench/)
	@$(BIN)/python -m bench $(ARGS)

lock: dev ## resolve pyproject.toml into lock/ (ARGS=--upgrade for the newest of everything)
	$(LOCK) pyproject.toml --output-file lock/runtime.txt $(ARGS)
	$(LOCK) --group pyproject.toml:build --constraint lock/runtime.txt --output-file lock/build.txt $(ARGS)
	$(LOCK) pyproject.toml --group pyproject.toml:build --group pyproject.toml:dev \
		--constraint lock/runtime.txt --constraint lock/build.txt --output-file lock/dev.txt $(ARGS)

clean: ## remove what these chores made (never muster-data)
	rm -rf "$(VENV)" .cache .hypothesis dist
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	$(BOOTSTRAP) runtime

dev:
	$(BOOTSTRAP) dev
