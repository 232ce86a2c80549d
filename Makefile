# Everything a person or a workflow does with the platform. Needs Python 3.11+ and a package index; `make help` lists it.

# The stacks are the files at the top: nothing else names one.
STACKS := $(patsubst Pulumi.%.yaml,%,$(sort $(wildcard Pulumi.*.yaml)))
# A stack of development, if there is one: nothing is done to production by forgetting to name a stack.
DEVELOPMENT := $(shell grep -ls '^ *environment: development' $(STACKS:%=Pulumi.%.yaml))
STACK ?= $(firstword $(DEVELOPMENT:Pulumi.%.yaml=%) $(STACKS))
# Where the project of the stack is; PROJECT=examples/stacks shows and rehearses an example.
PROJECT ?= .
FORMAT ?= text
# What `make review` compares the work tree with: a branch, a tag or a commit.
BASE ?= origin/main
# Arguments handed through, e.g. `make test ARGS='-k network'` or `make plan ARGS='--json'`.
ARGS ?=

# How many tests run at once.
WORKERS ?= auto
# A file's tests share what they bring up; the files are in the order of tests/conftest.py, the longest first.
SHARES := --dist loadfile --no-loadscope-reorder

VENV := .venv
PY := $(VENV)/bin/python
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
AUDIT := $(VENV)/.audit
JUDGES := .venv-judges
# What is pinned: each is compiled from the file of the same name that ends in .in, after those that it follows.
PINS := requirements requirements-dev requirements-audit requirements-judges

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DEFAULT_GOAL := help

# Without its bytecode each start compiles the SDKs and the program again: seconds instead of tenths.
unexport PYTHONDONTWRITEBYTECODE

## The stack, without an account

.PHONY: preview
preview: $(RUNTIME) ## Show what STACK would create (FORMAT=text or json, UNKNOWN=1 as a first `pulumi preview` sees it)
	@$(PY) -m rehearsal.preview --project $(PROJECT) --stack $(STACK) --format $(FORMAT) $(if $(UNKNOWN),--unknown) $(ARGS)

.PHONY: pulumi
pulumi: $(RUNTIME) ## Find the Pulumi CLI, or build it with Go into a cache outside the tree
	@$(PY) -m rehearsal.engine.cli

.PHONY: tools
tools: $(RUNTIME) ## Build Helm, etcd, Kubernetes and kwok with Go into a cache outside the tree
	@$(PY) -m tools.build

.PHONY: upstream
upstream: $(RUNTIME) ## Pull the pinned charts, definitions and policies from their publishers, for `make conformance`
	@$(PY) -m tools.upstream $(ARGS)

.PHONY: rehearse
rehearse: $(RUNTIME) ## `pulumi up` of STACK on the real Pulumi engine and a fake cloud (about a minute)
	@$(PY) -m rehearsal.engine.rehearse --project $(PROJECT) --stack $(STACK) $(ARGS)

.PHONY: rehearse-destroy
rehearse-destroy: $(RUNTIME) ## `pulumi destroy` of the rehearsed STACK, and proof that the fake cloud is empty
	@$(PY) -m rehearsal.engine.rehearse --project $(PROJECT) --stack $(STACK) --destroy $(ARGS)

.PHONY: timeline
timeline: $(RUNTIME) ## Show how long each part of `up` takes for STACK: Gantt chart, critical path, lower bound
	@$(PY) -m rehearsal.engine.timeline --project $(PROJECT) --stack $(STACK) $(ARGS)

.PHONY: picture
picture: $(RUNTIME) ## Draw the architecture of STACK from its plan as SVG: layers, zones, what faces the internet
	@$(PY) -m tools.picture --project $(PROJECT) --stack $(STACK) $(ARGS)

.PHONY: cost
cost: $(RUNTIME) ## Estimate what STACK costs in a month, by resource (FORMAT=text, json or markdown)
	@$(PY) -m review.estimate --project $(PROJECT) --stack $(STACK) --format $(FORMAT) $(ARGS)

.PHONY: review
review: $(RUNTIME) ## Review what changed since BASE=origin/main: resources, what it means, cost, time, rules (STACK= one stack)
	@$(PY) -m review.compare --project $(PROJECT) $(if $(BASE),--base $(BASE)) $(if $(filter command line,$(origin STACK)),--stack $(STACK)) --format $(FORMAT) $(ARGS)

.PHONY: prices
prices: $(RUNTIME) ## Renew the prices of `make cost` from AWS's public price list, for the regions of the stack files
	@$(PY) -m review.renew $(ARGS)

.PHONY: explain
explain: $(RUNTIME) ## Why a resource of STACK exists (NAME=its name or URN): component, settings, what waits for it, what replaces it
	@$(PY) -m review.explain --project $(PROJECT) --stack $(STACK) --format $(FORMAT) '$(NAME)'

.PHONY: stacks
stacks: $(RUNTIME) ## List the stacks and their environments in the order in which they are deployed (ARGS=--json)
	@$(PY) -m tools.stacks $(ARGS)

.PHONY: new
new: $(RUNTIME) ## Write a minimal file for a new STACK; prompts for what ARGS='--region us-east-1 --account ...' leave out
	@$(PY) -m tools.new_stack $(STACK) $(ARGS)

.PHONY: rename
rename: $(RUNTIME) ## Give the project another NAME, in Pulumi.yaml, in the stack files and in their schema
	@$(PY) -m tools.rename '$(NAME)'
	@$(PY) -m tools.generate

## The stack, on AWS

.PHONY: plan
plan: $(RUNTIME) | pulumi-cli ## `pulumi preview` of STACK under the policies, with the difference of every property
	@pulumi preview --stack $(STACK) --policy-pack policy --diff $(ARGS)

.PHONY: up
up: $(RUNTIME) | pulumi-cli ## `pulumi up` of STACK under the policies (YES=1 does not ask first)
	@pulumi up --stack $(STACK) --policy-pack policy $(if $(YES),--yes --non-interactive) $(ARGS)

.PHONY: drift
drift: $(RUNTIME) | pulumi-cli ## Fail if the cloud differs from the state of STACK; changes nothing
	@pulumi refresh --cwd $(PROJECT) --stack $(STACK) --preview-only --expect-no-changes --diff --non-interactive $(ARGS)

.PHONY: refresh
refresh: $(RUNTIME) | pulumi-cli ## Update the state of STACK from the cloud (YES=1 does not ask first)
	@pulumi refresh --cwd $(PROJECT) --stack $(STACK) $(if $(YES),--yes --non-interactive) $(ARGS)

.PHONY: destroy
destroy: $(RUNTIME) | pulumi-cli ## `pulumi destroy` of STACK, if nothing protects or uses it; always asks first
	@$(PY) -m tools.destroy --project $(PROJECT) --stack $(STACK)
	@pulumi destroy --cwd $(PROJECT) --stack $(STACK) $(ARGS)

.PHONY: recover
recover: $(RUNTIME) | pulumi-cli ## Repair STACK after the CLI was killed: shows what it found and asks first (YES=1 does not ask)
	@$(PY) -m tools.recover --project $(PROJECT) --stack $(STACK) $(if $(YES),--yes) $(ARGS)

.PHONY: import-ids
import-ids: $(RUNTIME) ## List which resources of STACK can be imported, or write import.json (ARGS='Vpc::NAME=ID ...')
	@$(PY) -m tools.import_ids --project $(PROJECT) --stack $(STACK) $(ARGS)

.PHONY: pulumi-cli
pulumi-cli: $(RUNTIME)
	@command -v pulumi >/dev/null || { echo 'The Pulumi CLI is not on the PATH. Install it: https://www.pulumi.com/docs/install/' >&2; exit 1; }
	@$(PY) -m tools.readable --project $(PROJECT) --stack $(STACK)

## The code

.PHONY: check-stacks
check-stacks: $(DEV) ## Check the stack files at the top: plans, policies, AWS's schemas, dependencies, what runs in the cluster
	@$(PY) -m tools.stacks --check
	@$(PY) -m pytest -n $(WORKERS) $(SHARES) -m own $(ARGS)

.PHONY: test
test: $(DEV) ## Run the tests that a pull request needs, one worker a core
	@$(PY) -m pytest -n $(WORKERS) $(SHARES) --quick $(ARGS)

.PHONY: test-all
test-all: $(DEV) ## Run every test, one worker a core
	@$(PY) -m pytest -n $(WORKERS) $(SHARES) $(ARGS)

.PHONY: conformance
conformance: $(DEV) ## Render the charts with Helm and create every object on a real Kubernetes API server
	@$(PY) -m pytest tests/conformance $(ARGS)

.PHONY: simulate
simulate: $(DEV) ## Run the platform's pods with Kubernetes' own controllers; with STACK=, the life of that stack by Pulumi's own provider, or a SCENARIO
	@$(if $(filter file,$(origin STACK)),$(PY) -m pytest tests/simulate,$(PY) -m rehearsal.simulation --project $(PROJECT) --stack $(STACK)$(if $(SCENARIO), --scenario $(SCENARIO))$(if $(PICTURE), --picture $(PICTURE))) $(ARGS)

.PHONY: check
check: lint types ## Lint and types

.PHONY: lint
lint: $(DEV) ## Check style and format, shell scripts and workflows
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m tools.lint

.PHONY: types
types: $(DEV) ## Check types strictly (about a minute with a cold cache: the SDKs; then seconds)
	@$(PY) -m mypy
	@cd examples/app-team && $(CURDIR)/$(PY) -m mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache .

.PHONY: fix
fix: $(DEV) ## Format, and fix what the linter can fix
	@$(PY) -m ruff format --quiet .
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

.PHONY: docs
docs: $(RUNTIME) ## Generate the settings schema and the tables of docs/ from the code
	@$(PY) -m tools.generate

.PHONY: bench
bench: $(RUNTIME) ## Compare the time of `make preview` with that of importing its SDK modules
	@$(PY) benchmarks/preview.py --stack $(STACK) $(ARGS)

.PHONY: requirements
requirements: $(RUNTIME) ## Pin requirements*.in with hashes (ARGS=--upgrade for the newest versions that they allow)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@for name in $(PINS); do \
		$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--custom-compile-command 'make requirements' $(ARGS) $$name.in --output-file $$name.txt || exit 1; \
	done

.PHONY: audit
audit: $(AUDIT) ## Search all pinned software for known vulnerabilities
	@$(PY) -m tools.osv
	@$(PY) -m pip_audit --require-hashes --disable-pip --progress-spinner off $(PINS:%=-r %.txt) $(ARGS)

.PHONY: judges
judges: $(DEV) $(JUDGES)/.ready ## Compare checkov's findings for every stack with a baseline that has reasons
	@$(PY) -m tools.judges $(JUDGES)/bin/checkov $(ARGS)

.PHONY: clean
clean: ## Remove the virtual environment and all caches of the tree
	@rm -rf $(VENV) $(JUDGES) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this
	@awk -F ':.*## ' '/^## / { printf "%s%s\n", (n++ ? "\n" : ""), substr($$0, 4) } \
		/^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nSTACK is one of: %s (now %s).\n' '$(STACKS)' '$(STACK)'

# The environment. A stamp is written last, so a set-up that was interrupted starts again; its output goes to stderr.

PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

# The environment's Python is absent in a fresh clone, and when the Python that it was made from is gone.
ABSENT := $(shell test -x $(PY) || echo absent)

$(RUNTIME): requirements.txt $(if $(ABSENT),FORCE)
	@echo 'Setting up $(VENV), once (about two minutes):' >&2
	@$(PY) -m pip --version >/dev/null 2>&1 || { $(make-environment) }
	@$(install)

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo 'Adding the tools for tests and checks to $(VENV), once (about two minutes):' >&2
	@$(install)

$(AUDIT): requirements-audit.txt $(RUNTIME)
	@echo 'Adding the tools for the audit to $(VENV), once:' >&2
	@$(install)

# The judges' own environment: what they pin does not go with the program's. Its Python is the program's.
$(JUDGES)/.ready: requirements-judges.txt $(RUNTIME)
	@echo 'Setting up $(JUDGES), once:' >&2
	@$(PY) -m venv --clear $(JUDGES) >&2
	@$(JUDGES)/bin/python tools/install.py $< >&2
	@touch $@

.PHONY: FORCE
FORCE:

# Debian's python3 has no ensurepip until its venv package is installed; a pyenv shim exists for versions that do not run.
define make-environment
	for python in $(PYTHON); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		$$python -c 'import ensurepip, venv' 2>/dev/null && exec $$python -m venv --clear $(VENV) >&2; \
		bare="$$bare $$python"; \
	done; \
	if [ -n "$$bare" ]; then \
		echo "No venv module in$$bare. On Debian and Ubuntu: apt-get install python3-venv (or python3.N-venv)"; \
	else \
		echo "Python 3.11 or newer is needed, none of these is: $(PYTHON). Install one, or name it: make PYTHON=/path/to/python3"; \
	fi >&2; \
	exit 1;
endef

# It says which package of how many it is at. A stamp is written last, so a set-up that was interrupted starts again.
define install
	{ $(PY) tools/install.py $< && touch $@; } >&2
endef
