# Everything here works on a bare machine with Python 3.11 or newer; no cloud account and no Pulumi CLI.
PYTHON ?= python3
STACK ?= dev
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Installs what is missing; where it may not, a rehearsal says itself what is needed, unless messages are not wanted.
MOSQUITTO := $(BIN)/python -m rehearsal.mqtt.install
# Modules that make pages of docs/, and take --write and --check.
PAGES := automation.reference tests.engine.describe

.DEFAULT_GOAL := help
.PHONY: help setup mosquitto rehearse rehearse-clean test check lint types shellcheck docs docs-check smoke sweep browser screenshots golden bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Create the virtual environment with everything pinned, and install Mosquitto where that may be done
	@$(MOSQUITTO) || true

# pip compiles byte-code while installing: without it every import of azure-native costs seconds.
$(READY): requirements.txt requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "edge-stamps needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -r requirements-dev.txt
	@touch $@

mosquitto: $(READY) ## Install Mosquitto, which the message proof needs, or say how
	@$(MOSQUITTO)

rehearse: $(READY) ## Rehearse a deployment (STACK=prod for the other environment)
	@$(MOSQUITTO) || true
	@$(BIN)/python -m automation rehearse --stack $(STACK) --report report-$(STACK).html

rehearse-clean: $(READY) ## Destroy what earlier rehearsals have deployed
	@$(BIN)/python -m automation rehearse --stack $(STACK) --destroy

test: $(READY) ## Run the tests
	@$(MOSQUITTO) || true
	$(BIN)/python -m pytest

check: lint types shellcheck docs-check ## Linter, formatter, types, shell scripts, generated pages

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

shellcheck: $(READY)
	$(BIN)/shellcheck nodes/*.sh .ci/run

docs: $(READY) ## Write the generated pages of docs/ anew
	@set -e; for page in $(PAGES); do $(BIN)/python -m $$page --write; done

docs-check: $(READY)
	@set -e; for page in $(PAGES); do $(BIN)/python -m $$page --check; done

smoke: $(READY) ## Deploy STACK to Azure, look at it and delete it again: costs money, asks first (docs/proven.md)
	@$(BIN)/python -m automation smoke --stack $(STACK)

sweep: $(READY) ## Let the create of every resource type fail in every way (minutes)
	@$(BIN)/python -m automation sweep --stack $(STACK)

browser: $(READY) ## Install what the tests in a browser need, beside Chromium
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -r requirements-browser.txt

screenshots: browser ## Shoot the pictures of docs/images/, with Chromium
	$(BIN)/python -m automation.report.screenshots

golden: $(READY) ## Write the golden graphs anew, after a change that was meant
	$(BIN)/python -m pytest tests/golden --write-golden

bench: $(READY) ## Time and memory of one evaluation, by number of clusters
	$(BIN)/python benchmarks/evaluation.py

clean: ## Remove what the targets above have made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .rehearsal .runs report*.html
