# `make demo` (first look), `make test` (everything that must hold), `make bench` (edges against rembg). All make .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test bench install clean

install: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "loraset needs Python 3.11 or newer; say which: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/loraset demo --output demo

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q

bench: $(READY)  # reads $$LORASET_DATA; rembg's slowest way takes minutes and 6 GB
	$(BIN)/python tests/benchmarks/bench.py tests/benchmarks/BENCH.md

clean:
	rm -rf $(VENV) build dist demo .mypy_cache .ruff_cache .pytest_cache
