# Lambda Lab. `make` alone lists the targets.
# The first of these that is there and can make an environment; else python3, and check-python says what it lacks.
ifndef PYTHON
PYTHON := $(shell for version in 3.13 3.12 3.11 3.14; do \
	python$$version -c 'import venv, ensurepip' >/dev/null 2>&1 && echo python$$version && exit; done; echo python3)
endif
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope -q
NBVAL := --nbval-current-env --nbval-sanitize-with tests/lessons/sanitize.cfg \
	--nbval-cell-timeout=120 --nbval-kernel-startup-timeout=60 -p no:cacheprovider

.DEFAULT_GOAL := help
.PHONY: help lab test lint build check-python test-static test-python test-notebooks test-browser bench bench-peers clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: $(VENV)/lab.stamp ## install what is missing, check the lab, open JupyterLab (ARGS=--no-browser for a server)
	@$(BIN)/labsupport doctor
	@$(BIN)/labsupport start $(ARGS)

test: $(VENV)/test.stamp test-static test-python test-notebooks test-browser ## install what is missing, run every test
	@echo "make test: every part passed."

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Lambda Lab needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Install one, or name it: make lab PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@test "$$(df -Pk . | awk 'NR==2 {print $$4}')" -gt 1500000 || { \
		echo "Less than 1.5 GB is free on this disk, and the installation needs about 1 GB. Make room and run make again."; exit 1; }

$(VENV)/lab.stamp: pyproject.toml constraints.txt | check-python
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the lab into $(VENV) (once; a few minutes on a slow line) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt $(VENV)/lab.stamp
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[test]'
	@touch $@

test-static: $(VENV)/test.stamp ## ruff, mypy, import arrows, generated notebooks, course linter
	$(BIN)/ruff check labsupport tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/labsupport build --check
	$(BIN)/labsupport lint

test-python: $(VENV)/test.stamp ## unit, fidelity and lesson tests
	$(PYTEST) -m 'not browser' tests

test-notebooks: $(VENV)/test.stamp ## nbval over solutions/ (outputs compared) and notebooks/ (must run; they store none)
	$(PYTEST) --nbval $(NBVAL) solutions notebooks

test-browser: $(VENV)/test.stamp ## a learner's first minutes in a real JupyterLab
	$(PYTEST) -n 0 -m browser tests/browser tests/lessons

bench: $(VENV)/test.stamp ## measure the cloud's speed beside a floor and the installed peers (ARGS=--quick)
	@$(BIN)/python -m tests.bench $(ARGS)

bench-peers: $(VENV)/test.stamp ## install the emulators that make bench compares with into .bench-peers
	@$(BIN)/python -m tests.bench.peers

build: $(VENV)/lab.stamp ## make the notebooks from solutions/NN_name.md
	@$(BIN)/labsupport build

lint: $(VENV)/test.stamp ## format the code, then the static checks
	$(BIN)/ruff format labsupport tests
	$(MAKE) test-static

clean: ## remove the environment and what the tools left
	rm -rf $(VENV) .bench-peers build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
