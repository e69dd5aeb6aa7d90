#!/bin/sh
# Sets up everything that `make` needs, in a virtual environment.
#   prepare.sh PYTHON FOLDER
set -eu
python=$1 folder=$2
here=$(dirname "$0")

. "$here/system.sh"

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "Python 3.11 or newer is needed; $python is not. Name another: make PYTHON=/path/to/python3"
    exit 1
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || install python3-venv

[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
say "installing the locked packages into $folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements.lock"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable "$here/.."

# The wheel contains Qt but not the libraries it links against. The linker reports missing ones on any system.
qt=$("$folder/bin/python" -c 'import PySide6, pathlib; print(pathlib.Path(PySide6.__file__).parent)')
platforms=$qt/Qt/plugins/platforms
missing=$(ldd "$platforms/libqoffscreen.so" "$platforms/libqxcb.so" "$platforms/libqwayland.so" | awk '/not found/ { print $1 }' | sort -u)
if [ -n "$missing" ]; then
    say "Qt needs these missing libraries:" $missing
    # shellcheck disable=SC2046 # one word for each package is meant
    install $(sed '/^#/d' "$here/debian-packages.txt")
fi
