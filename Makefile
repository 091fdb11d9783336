# Everything a person types. `make run` and `make test` set up whatever is missing and ask nothing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet --quiet
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2

.PHONY: help run test bench lint fix lock clean setup setup-test

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup ## set up, load the demonstration, start the server on http://127.0.0.1:8000
	@$(VENV)/bin/campus demo
	@$(VENV)/bin/campus serve --host $(HOST) --port $(PORT)

test: setup-test lint ## set up and run the whole test suite: both databases, the browser
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --doctest-modules

bench: setup-test ## the benchmarks, peers side by side
	@$(PY) -m bench

lint: $(VENV)/.test ## style, types, and the direction of imports
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy --no-error-summary
	@$(VENV)/bin/lint-imports --no-logo >/dev/null || $(VENV)/bin/lint-imports --no-logo

fix: $(VENV)/.test ## mend style
	@$(VENV)/bin/ruff format --quiet .
	@$(VENV)/bin/ruff check --fix --quiet .

setup: $(VENV)/.run $(VENV)/.browser-libraries
	@bash .ci/system-packages run

setup-test: $(VENV)/.test $(VENV)/.browser-libraries
	@bash .ci/system-packages test

$(PY):
	@bash .ci/make-venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(PY)
	@echo "installing the Python packages (once) …"
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements-test.txt $(VENV)/.run
	@echo "installing the packages for tests (once) …"
	@$(PIP) install --require-hashes -r requirements-test.txt
	@touch $@

$(VENV)/.browser-libraries: web/package-lock.json web/vendor.json web/vendor.py $(VENV)/.run
	@bash .ci/node $(VENV)
	@$(PY) -m web.vendor
	@touch $@

lock: ## pin the packages anew, for Python 3.11 to 3.13
	@$(PIP) install uv
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate pyproject.toml -o requirements.txt
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --extra test pyproject.toml -o requirements-test.txt

clean: ## take away what was set up (not the data)
	@rm -rf $(VENV) web/node_modules web/static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis
