# Works with GNU make 3.81. scripts/setup.sh installs everything into .venv.
PYTHON_ENV := .venv/bin
LOCKED := -q --universal --generate-hashes --no-header --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help setup run app product test check types audit bench format schema lock release clean

help:     ## list the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: *[a-z ]*## /	/' | expand -t 10

setup:    ## create .venv from requirements.lock
	@sh scripts/setup.sh

run: setup ## set up, migrate and serve on http://127.0.0.1:8000
	@$(PYTHON_ENV)/python -m app serve

app: setup ## build the web app (Node.js 20) and serve it at /, beside the API
	@sh scripts/build_app.sh
	@$(PYTHON_ENV)/python -m app serve

product: setup ## serve examples/upload beside the service, and the web app if Node.js 20 is there
	@sh scripts/product.sh

# Four processes on two cores: some tests wait.
test: setup ## set up and run the tests
	@$(PYTHON_ENV)/python -m pytest -q -n 4 --dist worksteal

check: setup ## check format, lint, types, imports, drift and SDL, and run the tests
	@$(PYTHON_ENV)/ruff format --check .
	@$(PYTHON_ENV)/ruff check .
	@$(PYTHON_ENV)/lint-imports --no-cache
	@$(MAKE) --no-print-directory -j 2 types test

# Runs beside the tests: without its cache, mypy keeps one core busy for ten seconds.
types: setup
	@$(PYTHON_ENV)/mypy

# Four processes on two cores, since many audits wait. Those of a file share what takes long to make.
audit: setup ## run the slow checks, some of them in Node.js and Chromium
	@sh scripts/setup.sh requirements-audit.lock
	@$(PYTHON_ENV)/python -m pytest -q -n 4 --dist loadfile --no-loadscope-reorder audits

# Needs wrk, Node.js 20 and PostgreSQL (BENCH_DATABASE_URL or TEST_DATABASE_URL), and says so.
bench: setup ## compare `me`, login and the start with their limits and with peers
	@$(PYTHON_ENV)/python -m benchmarks

format: setup ## format and sort the code
	@$(PYTHON_ENV)/ruff format .
	@$(PYTHON_ENV)/ruff check --fix .

schema: setup ## export graphql/schema.graphql and possible-types.json
	@$(PYTHON_ENV)/python -m app export-schema > .schema.new && mv .schema.new graphql/schema.graphql
	@$(PYTHON_ENV)/python -m app export-schema --possible-types > .schema.new && mv .schema.new graphql/possible-types.json

lock: setup ## resolve the locks again (installs uv)
	@$(PYTHON_ENV)/python -m pip install -q uv
	@$(PYTHON_ENV)/uv pip compile $(LOCKED) --extra tracing --group dev pyproject.toml -o requirements.lock
	@$(PYTHON_ENV)/uv pip compile $(LOCKED) -c requirements.lock pyproject.toml -o requirements-run.lock
	@$(PYTHON_ENV)/uv pip compile $(LOCKED) --extra tracing -c requirements.lock pyproject.toml -o requirements-tracing.lock
	@$(PYTHON_ENV)/uv pip compile $(LOCKED) --group audit -c requirements.lock -o requirements-audit.lock
	@$(PYTHON_ENV)/uv pip compile $(LOCKED) examples/python/requirements.txt -o examples/python/requirements.lock
	@$(PYTHON_ENV)/uv pip compile $(LOCKED) examples/upload/requirements.txt -o examples/upload/requirements.lock
	@cd benchmarks/peers/python && ../../../$(PYTHON_ENV)/uv pip compile $(LOCKED) requirements.txt -o requirements.lock

release: setup ## build the files of a release from the commit HEAD in dist/
	@sh scripts/setup.sh requirements-audit.lock
	@PYTHON=$(PYTHON_ENV)/python sh scripts/release.sh

clean:    ## remove what the targets created, except data/
	@rm -rf .venv benchmarks/.venv dist audits/node/node_modules benchmarks/peers/node/node_modules benchmarks/peers/python/.venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@cd clients/typescript && rm -rf node_modules dist src/generated
	@rm -rf examples/python/accounts_client examples/upload/.venv examples/web/node_modules examples/web/dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
