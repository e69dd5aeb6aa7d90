# Installs Debian packages if permitted (root, or sudo without a password); otherwise prints the command and exits with 1.
# Sourced by the other scripts.

say() { printf 'hotpatch: %s\n' "$*" >&2; }

# install PACKAGE...
install() {
    if ! command -v apt-get >/dev/null; then
        say "This isn't Debian. Install the equivalents of these packages, then run make again: $*"
        exit 1
    fi
    if [ "$(id -u)" = 0 ]; then as_root=
    elif sudo -n true 2>/dev/null; then as_root=sudo
    else
        say "some system packages are missing. Run this once, then run make again:"
        say "    sudo apt-get install --no-install-recommends $*"
        exit 1
    fi
    say "installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -q
    $as_root apt-get install -q -y --no-install-recommends "$@"
}
