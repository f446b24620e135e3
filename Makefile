# Every habit of this project is one command. Each sets up what it needs; only Python 3.11 and git must be there.
#
#   make lab         JupyterLab with the first lesson; ARGS=--no-browser on a server
#   make dev         the same, and every change of js/ shows up in the open page
#   make js          only the page: js/ into attnwidget/static
#   make test        all tests: JavaScript, Python, the first lesson in a real JupyterLab in a real browser; ARGS="-k matrix" for some
#   make test-long   what make test leaves out: soaks, matrices of families and widths, wheels, trainings, real models; then all tests
#                    without a browser once more, annotations checked
#   make test-matrix only the parity matrix, on the lowest transformers that is supported and on the newest
#   make check       format, lint, types, rooms
#   make bench       writes tests/benchmarks/RESULTS.md
#   make images      the README's pictures, from the running widget
#   make clean       back to a fresh clone
#
# Another interpreter: make PYTHON=python3.12 lab

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
SETUP := $(PYTHON) scripts/setup_environment.py
JAVASCRIPT := $(BIN)/python scripts/javascript.py
LAB_ARGS := --ServerApp.ip=127.0.0.1 --LabApp.default_url=/lab/tree/01_first_look.ipynb $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/01_first_look.ipynb $(ARGS)

# Many processes import the same files: each is compiled once, whatever this machine's own settings are.
unexport PYTHONDONTWRITEBYTECODE

# Nothing here may ask a model hub, in tests least of all.
OFFLINE := HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 TOKENIZERS_PARALLELISM=false

.PHONY: lab dev js test test-long test-matrix check bench images clean

lab:
	@$(SETUP) lab
	@$(JAVASCRIPT) build
	$(BIN)/jupyter lab $(LAB_ARGS)

js:
	@$(SETUP) lab
	@$(JAVASCRIPT) build

dev:
	@$(SETUP) dev
	@$(JAVASCRIPT) build
	$(BIN)/python scripts/develop.py $(LAB_ARGS)

test:
	@$(SETUP) test
	@$(JAVASCRIPT) build
	@$(BIN)/python scripts/find_chromium.py --install
	$(JAVASCRIPT) run test
	$(OFFLINE) $(BIN)/python scripts/run_tests.py $(ARGS)

test-long:
	@$(SETUP) long
	@$(JAVASCRIPT) build
	@$(BIN)/python scripts/find_chromium.py --install
	$(OFFLINE) $(BIN)/python scripts/run_tests.py --long $(ARGS)

test-matrix:
	@$(SETUP) test
	$(BIN)/python scripts/test_matrix.py $(ARGS)

check:
	@$(SETUP) check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(JAVASCRIPT) run check

bench:
	@$(SETUP) bench
	@$(JAVASCRIPT) build
	@$(BIN)/python scripts/find_chromium.py --install
	$(OFFLINE) $(BIN)/python -m tests.benchmarks $(ARGS)

images:
	@$(SETUP) test
	@$(JAVASCRIPT) build
	@$(BIN)/python scripts/find_chromium.py --install
	$(OFFLINE) $(BIN)/python -m pytest tests/browser/test_appearance.py --update-images $(ARGS)

clean:
	rm -rf .venv .venv-lowest js/node_modules attnwidget/static build dist test-results
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
