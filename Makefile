PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
RUN := .venv/bin/python -m
SAY := @printf '\n== %s\n'

help: ## show this list; the two that matter are lab and test
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile
lab: .venv/lab ## install if needed, and open the course in JupyterLab
	$(RUN) interp_course lab -- $(ARGS)
build: .venv/dev ## make the notebooks from their sources in solutions/
	$(RUN) interp_course build
lint: .venv/dev ## check style, types and spelling
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) pyright --pythonpath .venv/bin/python
	$(RUN) codespell_lib *.md docs interp_course solutions website
test: export OMP_NUM_THREADS := 1
test: lint ## run everything that CI runs
	$(SAY) "notebooks are what their sources say"
	$(RUN) interp_course build --check
	$(SAY) "tests, with the shapes in annotations checked"
	$(RUN) pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not browser" --jaxtyping-packages=interp_course,beartype.beartype
	$(SAY) "the stored outputs of the notebooks are what the code gives"
	$(RUN) pytest -q -n 2 --dist loadfile -p no:cacheprovider -o filterwarnings=default --nbval-current-env --nbval-sanitize-with tests/notebooks/nbval.cfg --nbval solutions
	$(SAY) "reference full marks, blank zero, wrong answers rejected by name, right ones accepted"
	$(RUN) interp_course verify
	$(SAY) "the course in a browser"
	$(RUN) pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m browser -rs
sandbox: export OMP_NUM_THREADS := 1
sandbox: .venv/dev ## run the tests that put up sandboxes; where they cannot be had, it says why
	$(RUN) pytest -q -n 2 --dist loadfile -rs tests/grading/test_sandbox_kernels.py tests/grading/test_sandbox_limits.py tests/grading/test_sandbox_running.py tests/grading/test_sandbox_walls.py tests/grading/test_submissions.py
site: .venv/dev ## make the students' pages in site/, to be opened in a browser or put on a server
	$(RUN) website site
clean: ## remove the environment and caches (grades stay)
	rm -rf .venv build dist site .pytest_cache .ruff_cache

.venv/lab: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(RUN) pip install -q -c constraints.txt -e .
	touch $@
.venv/dev: .venv/lab
	$(RUN) pip install -q -c constraints.txt -e ".[dev]"
	.venv/bin/pyright --version
	touch $@
.PHONY: help lab build lint test sandbox site clean
