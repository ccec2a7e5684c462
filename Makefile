# make run   install what is missing and open the app
# make test  check and test everything
# make soak  what takes longer: faults, fuzzing, load and a network that is cut off; under 20 minutes
# make audit look for known holes in the libraries
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: run test soak audit check format clean

run: .venv/run.stamp
	@# emotion/memory.py says why.
	MALLOC_ARENA_MAX=2 $(BIN)/streamlit run app.py

test: check
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m tests.browser.coturn
	@# Cameras and clocks in the browser want the machine to themselves; all else runs on two cores.
	failed=0; \
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not alone and not soak" || failed=1; \
	$(BIN)/python -m pytest -m "alone and not soak" tests/browser || failed=1; \
	exit $$failed

soak: .venv/test.stamp
	$(BIN)/python -m tests.browser.chromium
	@# An interrupt lets the tests end what they have started.
	timeout --signal INT --kill-after 60 1200 sh -c 'failed=0; \
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "soak and not alone" tests/hostile || failed=1; \
	$(BIN)/python -m pytest -m "soak and alone" tests/hostile tests/browser || failed=1; \
	exit $$failed'

audit: .venv/run.stamp
	-$(BIN)/python -m pip install --quiet "pip-audit>=2.10,<3"
	$(BIN)/python -m tests.hostile.audit

check: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Emotion Lab needs Python 3.11, 3.12 or 3.13 (TensorFlow has no build for others). Install one and run make again." >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt | .venv/bin/python
	@echo "Installing the libraries: TensorFlow is a big one, so this takes some minutes …"
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

.venv/test.stamp: pyproject.toml .venv/run.stamp
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

clean:
	rm -rf .venv test-artifacts .pytest_cache .mypy_cache .ruff_cache
