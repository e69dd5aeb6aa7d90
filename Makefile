# make run     set everything up and start the program (the demo, until there is a connection to Azure)
# make test    set everything up and pass every test
# make lint    format, lint, types and import contracts
# make bench   measure: ratios to a floor in the same run, counts and times
# make torture  mutated responses and files, faults on the socket, and kills after which the file is compared with what Azure received
# make captures  every scene in both themes, as pictures in captures/
# make package  build the bundle and the Debian package into dist/
# make package-test  install, start and remove the Debian package in a bare Debian 12; compile the Windows installer
# make translations  collect the program's texts and compile the translation files
# make lock    resolve the packages again

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
bin = $(VENV)/bin
ready = $(VENV)/ready

.PHONY: run test lint bench torture captures package package-test translations lock clean

run: $(ready)
	$(bin)/hotpatch-gui $(ARGS)

test: $(ready)
	$(bin)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

lint: $(ready)
	$(bin)/ruff format --check
	$(bin)/ruff check
	$(bin)/mypy
	$(bin)/lint-imports --no-cache

bench: $(ready)
	$(bin)/python -m tests.benchmarks $(ARGS)

torture: $(ready)
	$(bin)/python -m tests.torture $(ARGS)

captures: $(ready)
	$(bin)/hotpatch-gui capture --out captures $(ARGS)

package: $(ready)
	packaging/prepare-packaging.sh
	$(bin)/python packaging/bundle.py
	$(bin)/python packaging/deb.py

package-test: package
	$(bin)/python -m pytest -p no:cacheprovider packaging/tests $(ARGS)

translations: $(ready)
	$(bin)/python packaging/translations.py

lock: $(ready)
	$(bin)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --extra dev --upgrade --output-file packaging/requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) captures dist build

$(ready): packaging/requirements.lock packaging/prepare.sh packaging/system.sh packaging/debian-packages.txt pyproject.toml
	packaging/prepare.sh $(PYTHON) $(VENV)
	touch $@
