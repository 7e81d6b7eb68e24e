# Works on a bare machine with Python 3.11 to 3.13; no cloud account and no Pulumi CLI. `make pulumi` and
# `make kubernetes` alone need Go.
PYTHON ?= python3
STACK ?= dev
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Installs what is missing; where it may not, a rehearsal says itself what is needed, unless messages are not wanted.
MOSQUITTO := $(BIN)/python -m rehearsal.mqtt.install
# Modules that make pages of docs/, and take --write and --check.
PAGES := automation.reference tests.engine.describe tests.kubernetes.describe
# Where it is set, each of the hundreds of processes that tests start compiles the project anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup mosquitto sshd pulumi kubernetes rehearse rehearse-clean test check lint types shellcheck docs docs-check lock lock-check sbom lines smoke sweep sweep-all compare kills mutations browser screenshots golden bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Create the virtual environment with everything pinned, and install Mosquitto where that may be done
	@$(MOSQUITTO) || true

# Byte-code is compiled while installing: without it every import of azure-native costs seconds. Only what a lock names
# by version and hash is installed; without uv by pip, from the same lock.
UV_INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --compile

$(READY): requirements.lock requirements-dev.lock tools/uv.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(not (3, 11) <= v[:2] <= (3, 13) and \
	  f"edge-stamps needs Python 3.11 to 3.13, and this is {v.major}.{v.minor}. Next: make setup PYTHON=python3.13")'
	@echo "Installing into $(VENV) what requirements-dev.lock names ..."
	@$(PYTHON) -m venv $(VENV)
	@if $(PIP_INSTALL) -r tools/uv.lock; then $(UV_INSTALL) -r requirements-dev.lock; \
	else echo "uv cannot be had here: pip installs the same, more slowly."; $(PIP_INSTALL) -r requirements-dev.lock; fi
	@touch $@

lock: $(READY) ## Write the locks anew, after a change of a requirements file
	@$(BIN)/python -m tools.lock

mosquitto: $(READY) ## Install Mosquitto, which the message proof needs, or say how
	@$(MOSQUITTO)

sshd: $(READY) ## Install OpenSSH's server, to which tests connect, or say how
	@$(BIN)/python -m tests.ssh.server

pulumi: $(READY) ## Build the Pulumi CLI for the tests, where none is on PATH: needs Go, minutes once (cached)
	@$(BIN)/python -m tools.build pulumi

kubernetes: $(READY) ## Build kube-apiserver, etcd, kubectl and trust-manager for the tests: needs Go, minutes once (cached)
	@$(BIN)/python -m tools.build etcd kube-apiserver kubectl trust-manager

rehearse: $(READY) ## Rehearse a deployment (STACK=prod for the other environment, all for every stack and example)
	@$(MOSQUITTO) || true
	@$(BIN)/python -m automation rehearse --stack $(STACK) --report report-$(STACK).html

rehearse-clean: $(READY) ## Destroy what earlier rehearsals have deployed
	@$(BIN)/python -m automation rehearse --stack $(STACK) --destroy

test: $(READY) ## Run the tests
	@$(MOSQUITTO) || true
	$(BIN)/python -m pytest

check: lint types shellcheck docs-check lock-check ## Linter, formatter, types, shell scripts, generated pages, locks

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

shellcheck: $(READY)
	$(BIN)/shellcheck nodes/*.sh examples/*.sh .ci/run

docs: $(READY) ## Write the generated pages of docs/ anew
	@set -e; for page in $(PAGES); do $(BIN)/python -m $$page --write; done

docs-check: $(READY)
	@set -e; for page in $(PAGES); do $(BIN)/python -m $$page --check; done

lock-check: $(READY)
	@$(BIN)/python -m tools.lock --check

sbom: $(READY) ## List every installed package in sbom.json (CycloneDX)
	@test -x $(VENV)-sbom/bin/cyclonedx-py || { $(PYTHON) -m venv $(VENV)-sbom && \
	  $(BIN)/uv pip install --quiet --python $(VENV)-sbom/bin/python --require-hashes -r tools/sbom.lock; }
	@$(VENV)-sbom/bin/cyclonedx-py environment --output-reproducible --of JSON -o sbom.json $(BIN)/python
	@echo "sbom.json: $$($(BIN)/python -c 'import json; print(len(json.load(open("sbom.json"))["components"]))') packages"

smoke: $(READY) ## Deploy STACK to Azure, look at it and delete it again: costs money, asks first (docs/proven.md)
	@$(BIN)/python -m automation smoke --stack $(STACK)

sweep: $(READY) ## Let a sample of all operations fail in the modelled Azure (about 5 minutes)
	@$(BIN)/python -m automation sweep --stack $(STACK) --sample 240

sweep-all: $(READY) ## Let every operation on every type fail in every way, and two at once (about 75 minutes)
	@$(BIN)/python -m automation sweep --stack $(STACK)

compare: $(READY) ## Ask Mosquitto and the policy oracle 10,000 random questions (about a minute)
	$(BIN)/python -m pytest tests/rehearsal/mqtt/test_oracle.py -k whatever_the_rules --questions 10000 --dist load

mutations: $(READY) ## Make mistakes in the program one at a time, and see which a rehearsal catches (minutes)
	@$(BIN)/python -m tests.mutations.run

browser: $(READY) ## Install what the tests in a browser need, beside Chromium
	@$(UV_INSTALL) -r requirements-browser.lock

screenshots: browser ## Shoot the pictures of docs/images/, with Chromium
	$(BIN)/python -m automation.report.screenshots

golden: $(READY) ## Write anew, after a change that was meant: the golden graphs, and which scripts have passed their drills
	$(BIN)/python -m pytest tests/golden tests/rehearsal/node/test_drills.py --write-golden

kills: $(READY) ## Kill the engine after every step of each renewal while messages flow, and go on (hours; it can be taken up again)
	@$(BIN)/python -m tests.rehearsal.rotation.kills

bench: $(READY) ## Time and memory of an evaluation, a rehearsal, a verification and a rotation, by number of clusters
	@$(BIN)/python benchmarks/evaluation.py
	@$(BIN)/python benchmarks/rehearsal.py
	@$(BIN)/python benchmarks/verification.py
	@$(BIN)/python benchmarks/rotation.py

lines: $(READY) ## Count the lines of Python, by room
	@$(BIN)/python benchmarks/lines.py

clean: ## Remove what the targets above have made
	rm -rf $(VENV) $(VENV)-sbom sbom.json .pytest_cache .mypy_cache .ruff_cache .rehearsal .runs report*.html
