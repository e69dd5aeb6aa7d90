#!/bin/sh
# Sets up everything that `make` needs, in a virtual environment of its own.
#   prepare.sh PYTHON FOLDER
# Debian's packages are installed when we may (root, or sudo that asks for nothing); otherwise the one command
# that does it is printed, and the exit code is 1.
set -eu
python=$1 folder=$2
here=$(dirname "$0")

say() { printf 'hotpatch: %s\n' "$*" >&2; }

# install PACKAGE...: Debian's packages, or how to get them
install() {
    if ! command -v apt-get >/dev/null; then
        say "this is no Debian: install what these Debian packages hold, then run make again: $*"
        exit 1
    fi
    if [ "$(id -u)" = 0 ]; then as_root=
    elif sudo -n true 2>/dev/null; then as_root=sudo
    else
        say "some system libraries are missing. Run this once, then run make again:"
        say "    sudo apt-get install --no-install-recommends $*"
        exit 1
    fi
    say "installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -q
    $as_root apt-get install -q -y --no-install-recommends "$@"
}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "Python 3.11 or newer is needed; $python is not. Name another: make PYTHON=/path/to/python3"
    exit 1
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || install python3-venv

[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
say "installing the locked packages into $folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements.lock"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable "$here/.."

# Qt comes in the wheel; what it links against does not. The linker knows what is missing, whatever the system.
qt=$("$folder/bin/python" -c 'import PySide6, pathlib; print(pathlib.Path(PySide6.__file__).parent)')
platforms=$qt/Qt/plugins/platforms
missing=$(ldd "$platforms/libqoffscreen.so" "$platforms/libqxcb.so" "$platforms/libqwayland.so" | awk '/not found/ { print $1 }' | sort -u)
if [ -n "$missing" ]; then
    say "Qt misses:" $missing
    # shellcheck disable=SC2046 # one word for each package is meant
    install $(sed '/^#/d' "$here/debian-packages.txt")
fi
