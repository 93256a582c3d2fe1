# `make run` and `make test` set up what is missing; everything comes from the lock files, with hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml

.PHONY: run install test check lock upgrade clean

run: $(VENV)/run.stamp
	@KINGTUI_HOME=.demo $(BIN)/kingtui --demo $(ARGS)

install: $(VENV)/run.stamp

test: $(VENV)/dev.stamp
	$(BIN)/pytest -n 2 --dist loadfile
	$(BIN)/pytest -n 2 --dist loadfile -m slow

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/run.stamp: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up kingtui in $(VENV) …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up kingtui and its tools in $(VENV) …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(VENV)/run.stamp $@

lock: $(VENV)/dev.stamp
	$(COMPILE) --extra build -o requirements.lock
	$(COMPILE) --extra build --extra redis --extra web --extra dev -o requirements-dev.lock

upgrade: $(VENV)/dev.stamp
	$(COMPILE) --upgrade --extra build -o requirements.lock
	$(COMPILE) --upgrade --extra build --extra redis --extra web --extra dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache
