# Everything a newcomer needs: `make run` and `make test`. Each target sets up what it needs, once.

PYTHON ?= python3
PROMPT ?= a picture of a cat
BIN := .venv/bin
READY := .venv/.ready

.PHONY: run image test lint format bench parity reliability nodes clean

run: $(READY)  ## set up, then serve the API at http://127.0.0.1:8188
	@$(BIN)/safelight serve

image: $(READY)  ## PROMPT="…": make a picture and print its path
	@$(BIN)/safelight generate "$(PROMPT)"

test: $(READY)  ## set up, then run every test
	$(BIN)/pytest -n auto --dist worksteal

lint: $(READY)  ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)  ## bring the code into the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## figures against named peers, as a table
	$(BIN)/python -m benchmarks

parity: $(READY)  ## the recorded workflows on full-size random weights (2 GB, some minutes)
	$(BIN)/pytest -m parity tests/parity

reliability: $(READY)  ## kill, fill and hold things, and write the figures of docs/reliability.md anew
	$(BIN)/python -m tests.faults.report

nodes: $(READY)  ## write the tables of docs/nodes.md anew
	$(BIN)/python -m tests.test_nodes_page

clean:  ## forget the set-up
	rm -rf .venv build dist

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
