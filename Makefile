# Two commands do all the set-up: `make demo` and `make test`. Others: `make check`, `make docs`, `make clean`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SPECS := dualgap/problems/knapsack/examples/demo.toml dualgap/problems/coin_change/examples/greedy_fails.toml
SOLVERS := -s dynamic-programming -s highs -s dual-ascent -s pgd -s greedy

.PHONY: demo test check docs clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/dualgap compare $(SPECS) $(SOLVERS) -o demo.html
	@echo "The report: demo.html"

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt '.[docs]'
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) build dist site demo.html *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
