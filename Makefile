# Everything a developer does, one command each. `make` lists them.
.DEFAULT_GOAL := help
# Set-up also reads CUDA=1 (build the worker for NVIDIA GPUs), CMAKE_ARGS= and PYTHON= (the interpreter to use).
PORT ?= 8080
BIN := .venv/bin

.PHONY: help setup run test check fmt gen bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install everything into .venv/ and web/node_modules/ (CUDA=1: for NVIDIA GPUs)
	@python="$$(scripts/find_python)" && "$$python" -m scripts.setup
	@[ -z "$(filter setup,$(MAKECMDGOALS))" ] || echo 'Set up. Next: `source $(BIN)/activate`, then `assistant up` (or `make run` for the demo)'

run: setup ## Start the whole product with demo data (PORT=8080, CUDA=1)
	@$(BIN)/assistant up --demo --port $(PORT)

test: setup ## Run all tests; ARGS="tests/unit -k name" narrows those in Python
	@$(BIN)/python -m tests.browser
	@status=0; scripts/npm --prefix web test || status=1; $(BIN)/python -m pytest $(ARGS) || status=1; exit $$status

check: setup ## Run every check that needs no test: format, lint, types, imports, contract, migrations
	@$(BIN)/python -m scripts.check

fmt: setup ## Format Python, the contract and the web sources
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format . && $(BIN)/buf format --write proto && scripts/npm --prefix web run format

gen: setup ## Generate gen/, the web's types and docs/API.md from proto/
	@$(BIN)/python scripts/gen && $(BIN)/python -m scripts.api_docs && scripts/npm --prefix web run gen

bench: setup ## Run the benchmarks and print their table
	@$(BIN)/python -m bench

clean: ## Remove what set-up and the tools made in this checkout (built wheels stay in ~/.cache)
	@rm -rf .venv web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
