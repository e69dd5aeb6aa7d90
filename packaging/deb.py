"""Builds the Debian package from the bundle: ``dist/hotpatch-gui_<version>_<architecture>.deb``."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import icons
from build_manpages.manpage import Manpage
from layout import BUNDLE, DIST, HERE, ICONS, SUMMARY, TITLE, VERSION, WORK, filled

PACKAGE = "hotpatch-gui"
SOURCES = HERE / "debian"


def build() -> Path:
    """Build the package.

    Raises:
        FileNotFoundError: there is no bundle yet.
    """
    tree = WORK / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    program = tree / "usr" / "lib" / PACKAGE
    shutil.copytree(BUNDLE, program, symlinks=True)
    (tree / "usr" / "bin").mkdir()
    (tree / "usr" / "bin" / PACKAGE).symlink_to(f"../lib/{PACKAGE}/{PACKAGE}")
    _share(tree / "usr" / "share")
    _set_modes(tree)
    _control(tree)
    path = DIST / f"{PACKAGE}_{VERSION}_{_architecture()}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(path)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return path


def _share(share: Path) -> None:
    def put(place: str, text: str) -> None:
        path = share / place
        path.parent.mkdir(parents=True, exist_ok=True)
        content = text.encode()
        path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)

    when = _when()
    day, stamp = f"{when:%Y-%m-%d}", f"{when:%a, %d %b %Y %H:%M:%S +0000}"
    put(f"applications/{PACKAGE}.desktop", filled(SOURCES / f"{PACKAGE}.desktop"))
    put(
        "metainfo/io.github.hotpatch_dashboard.hotpatch_gui.metainfo.xml",
        filled(SOURCES / f"{PACKAGE}.metainfo.xml", date=day),
    )
    put(f"doc/{PACKAGE}/copyright", (SOURCES / "copyright").read_text(encoding="utf-8"))
    put(f"doc/{PACKAGE}/changelog.gz", filled(SOURCES / "changelog", date=stamp))
    put(f"lintian/overrides/{PACKAGE}", (SOURCES / "lintian-overrides").read_text(encoding="utf-8"))
    put(f"man/man1/{PACKAGE}.1.gz", man_page(day))
    for size in icons.SIZES:
        place = share / "icons" / "hicolor" / f"{size}x{size}" / "apps" / f"{PACKAGE}.png"
        place.parent.mkdir(parents=True)
        shutil.copyfile(ICONS / f"{PACKAGE}-{size}.png", place)


def man_page(day: str) -> str:
    """The manual page, generated from ``--help``."""
    from hotpatch_gui.cli import build_parser

    parser = build_parser(with_commands=True)
    parser.man_short_description = SUMMARY[0].lower() + SUMMARY[1:]
    data = {"project_name": TITLE, "version": VERSION, "manual_title": TITLE, "date": day}
    return str(Manpage(parser, _data=data))


def _when() -> datetime:
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), UTC)


def _set_modes(tree: Path) -> None:
    """Set modes independently of the umask: 755 for folders and programs, 644 otherwise."""
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or path == tree / "usr" / "lib" / PACKAGE / PACKAGE
            path.chmod(0o755 if runs else 0o644)


def _control(tree: Path) -> None:
    files = sorted(p for p in tree.rglob("*") if p.is_file() and not p.is_symlink())
    sums = [f"{hashlib.md5(p.read_bytes()).hexdigest()}  {p.relative_to(tree)}" for p in files]
    size = sum(-(-p.stat().st_size // 1024) for p in files)
    glibc = (os.confstr("CS_GNU_LIBC_VERSION") or "glibc 0").split()[1]
    listed = (HERE / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
    depends = [
        f"libc6 (>= {glibc})",
        "libgcc-s1",
        "libstdc++6",
        *sorted(p for p in listed if p and not p.startswith("#")),
    ]
    folder = tree / "DEBIAN"
    folder.mkdir(mode=0o755)
    control = filled(
        SOURCES / "control",
        architecture=_architecture(),
        size_kib=str(size),
        depends=", ".join(depends),
    )
    (folder / "control").write_text(control, encoding="utf-8")
    (folder / "md5sums").write_text("\n".join(sums) + "\n", encoding="utf-8")


def _architecture() -> str:
    asked = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    )
    return asked.stdout.strip()


if __name__ == "__main__":
    sys.stdout.write(f"{build()}\n")
