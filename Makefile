# The commands the README names. Everything lives in .venv and var/; nothing outside this folder is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock"

.PHONY: run test quick check bench screenshots messages venv lock format clean

# Keeps what Python compiles of the tests, so that the next run starts sooner.
test quick: export PYTHONDONTWRITEBYTECODE =

run: venv
	@exec $(BIN)/python -m meigen_site.devserver

test: venv
	$(BIN)/python -m pytest $(ARGS)

# Without browsers, killed processes, thousands of random answers, huge files and what is marked slow.
quick: venv
	$(BIN)/python -m pytest tests -m "not slow" --ignore tests/browser --ignore tests/faults --ignore tests/limits $(ARGS)

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.production check --deploy --fail-level WARNING
	$(BIN)/python -m tests.production makemigrations --check --dry-run
	! test -x $(BIN)/hadolint || $(BIN)/hadolint Dockerfile

bench: venv
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: venv
	$(BIN)/python -m docs.screenshots

# Collects the words of all pages into locale/ and compiles what is translated there. It needs Debian's gettext; a bare
# machine has no msgfmt, so the compiled django.mo are committed beside the django.po.
# Another language: name it in LANGUAGES of the settings, then make messages ARGS="--locale fr"
messages: venv
	$(BIN)/python -m tests.production makemessages $(or $(ARGS),--all) --no-location --no-obsolete --no-wrap --ignore $(VENV) --ignore var --ignore staticfiles --ignore tests
	$(BIN)/python -m tests.production compilemessages --ignore $(VENV) --ignore var

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

venv: $(VENV)/.installed

$(VENV)/.installed: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; choose one with PYTHON=python3.12 make $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Newer releases: make lock ARGS=--upgrade
lock: venv
	$(LOCK) $(ARGS) -o requirements.lock
	$(LOCK) $(ARGS) --all-extras -o requirements-s3.lock
	$(LOCK) $(ARGS) --all-extras --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache
