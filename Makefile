# A fresh machine needs Python 3.11 or newer (with venv) and make; everything else is installed
# into .venv by the first target that wants it.

PYTHON ?= python3
# More arguments for the tool behind a target: make test ARGS="-k resume"
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

PROJECTS := $(wildcard galion_core/pyproject.toml plugins/*/pyproject.toml galion_web/pyproject.toml)
DISTRIBUTIONS := $(patsubst %/pyproject.toml,./%,$(PROJECTS)) .

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install demo serve test lint types imports check bench docs wheels constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv with every distribution, editable, with every extra
	@echo "Galion is installed: $(BIN)/galion"

demo: $(INSTALLED) ## download real files from a local sample site; needs no network
	@$(BIN)/python -m galion_core.testing.demo $(ARGS)

serve: $(INSTALLED) ## serve the sample site on loopback, to try galion against by hand
	@$(BIN)/python -m galion_core.testing.samples $(ARGS)

test: $(INSTALLED) ## run every test
	@$(BIN)/pytest -n auto --dist loadgroup $(ARGS)

lint: $(INSTALLED) ## check style and formatting
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(INSTALLED) ## check the types
	@$(BIN)/mypy

imports: $(INSTALLED) ## check who imports whom
	@$(BIN)/lint-imports --no-logo --cache-dir .import_linter_cache

check: lint types imports test ## lint, types, imports and test

bench: $(INSTALLED) ## print how fast it is, next to the targets
	@set -e; for bench in tests/bench/bench_*.py; do echo "== $$bench"; $(BIN)/python $$bench; done

# Zensical builds only below its config's folder, hence the move.
docs: $(INSTALLED) ## build the documentation into site/
	@$(BIN)/zensical build --clean --strict --config-file docs/zensical.toml
	@rm -rf site && mv docs/site site

wheels: $(INSTALLED) ## build a wheel of every distribution into dist/
	@rm -rf dist
	@$(BIN)/pip wheel -q --no-deps --no-build-isolation --wheel-dir dist $(DISTRIBUTIONS)
	@ls dist

constraints: $(INSTALLED) ## write the installed versions down as the pins of everyone
	@$(BIN)/pip freeze --exclude-editable > .ci/constraints.txt

clean: ## remove what was built, and the caches (.venv stays)
	@rm -rf dist build site demo docs/site docs/.cache
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml $(PROJECTS) .ci/constraints.txt | $(BIN)/pip
	@echo "Installing Galion into $(VENV) (a minute or two, the first time)"
	@$(BIN)/pip install -q --upgrade 'pip>=25.1'
	@$(BIN)/pip install -q -c .ci/constraints.txt --group dev --group docs
	@$(BIN)/pip install -q -c .ci/constraints.txt --no-build-isolation \
		$$($(BIN)/python .ci/editable.py $(DISTRIBUTIONS))
	@touch $@

$(BIN)/pip:
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is not installed:" \
		"install Python 3.11 or newer, or name it: make install PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) .ci/check_python.py
	@$(PYTHON) -m venv --clear $(VENV)
