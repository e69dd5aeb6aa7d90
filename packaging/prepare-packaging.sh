#!/bin/sh
# Installs the Debian packages for `make package` and `make package-test`, in addition to prepare.sh.
set -eu
. "$(dirname "$0")/system.sh"
missing=
for package in appstream binutils debootstrap desktop-file-utils libpython3.11 lintian nsis; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
# shellcheck disable=SC2086 # one word for each package is meant
[ -z "$missing" ] || install $missing
