# Everything a newcomer needs: `make run` and `make test`. Each target sets up what it needs, once.

PYTHON ?= python3
PROMPT ?= a picture of a cat
BIN := .venv/bin
READY := .venv/.ready

WEB := src/safelight/web/index.html
WEB_SOURCES := $(shell find web/src web/public docs/concepts -type f ! -name schema.d.ts) $(addprefix web/,index.html vite.config.ts tsconfig.json openapi.json)
NODE := command -v npm >/dev/null

.PHONY: run image web test unit browser lint format bench parity reliability nodes guide wheel clean

run: $(READY)  ## set up, then serve the web interface and the API at http://127.0.0.1:8188
	@if $(NODE); then $(MAKE) --no-print-directory web; else \
		echo "Node.js 20 or newer builds the web interface; without it only the API is served."; fi
	@$(BIN)/safelight serve

image: $(READY)  ## PROMPT="…": make a picture and print its path
	@$(BIN)/safelight generate "$(PROMPT)"

web: $(WEB)  ## build the web interface

test: unit browser  ## set up, then run every test
	$(BIN)/pytest -n auto --dist worksteal

unit: $(WEB)  ## tests of the web interface's own modules
	cd web && npm test

browser: $(READY) $(WEB)  ## a real browser uses a real server
	cd web && npm run browser

lint: $(READY) web/node_modules/.ready  ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd web && npm run lint

format: $(READY) web/node_modules/.ready  ## bring the code into the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd web && npm run format

bench: $(READY)  ## figures against named peers, as a table
	$(BIN)/python -m benchmarks

parity: $(READY)  ## the recorded workflows on full-size random weights (2 GB, some minutes)
	$(BIN)/pytest -m parity tests/parity

reliability: $(READY)  ## kill, fill and hold things, and write the figures of docs/reliability.md anew
	$(BIN)/python -m tests.faults.report

nodes: $(READY)  ## write the tables of docs/nodes.md anew
	$(BIN)/python -m tests.test_nodes_page

guide: $(READY) $(WEB)  ## take the pictures of docs/guide anew
	cd web && npm run guide

wheel: $(READY) $(WEB)  ## the package, with the web interface in it
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## forget the set-up
	rm -rf .venv build dist web/node_modules src/safelight/web

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Safelight needs Python 3.11 or newer; $$($(PYTHON) --version) was found. Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { \
		echo "Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@# the extra `upscale`, without the torchvision that it brings and that upscalers do not need; and, for tests,
	@# another program's LoRA modules
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		spandrel einops lycoris-lora toml
	@touch $(READY)

$(WEB): web/node_modules/.ready $(WEB_SOURCES)
	cd web && npm run build

web/node_modules/.ready: web/package.json web/package-lock.json
	@$(NODE) || { echo "The web interface is built with Node.js 20 or newer, with npm; neither was found."; exit 1; }
	@# not `npm ci`, which refuses a lock that names no files of some other systems
	cd web && npm install --no-save --no-fund --no-audit
	@touch $@
