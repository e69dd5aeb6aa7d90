"""Builds the bundle, ``dist/hotpatch-gui``, and reports its size."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import icons
from layout import BUNDLE, DIST, HERE, ICONS, TOP, WORK

LARGEST = 10


def build() -> Path:
    """Rebuild it, and return its folder."""
    icons.make(TOP / "resources" / "icons" / "hotpatch.svg", ICONS)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "PyInstaller",
            "--noconfirm",
            "--clean",
            "--log-level",
            "ERROR",
            "--distpath",
            str(DIST),
            "--workpath",
            str(WORK / "pyinstaller"),
            str(HERE / "hotpatch-gui.spec"),
        ],
        check=True,
        env=os.environ | {"HOTPATCH_ICONS": str(ICONS)},
    )
    _strip_python(BUNDLE / "_internal")
    return BUNDLE


def _strip_python(inside: Path) -> None:
    """Strip debug symbols from a Python built from source. Stripping anything else breaks numpy's library."""
    strip = shutil.which("strip")
    if sys.platform == "linux" and strip is not None:
        libraries = [*inside.glob("libpython3*.so*"), *inside.glob("python3*/lib-dynload/*.so")]
        subprocess.run([strip, "--strip-unneeded", *map(str, libraries)], check=True)


def report(folder: Path) -> str:
    """Print the size and the largest parts."""
    parts: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            inside = path.relative_to(folder).parts
            name = inside[1:3] if inside[0] == "_internal" else inside[:1]
            parts["/".join(name)] += path.stat().st_size
    lines = [f"{sum(parts.values()) / 1e6:.0f} MB in {folder.name}; the largest parts:"]
    lines += [f"{size / 1e6:8.1f} MB  {name}" for name, size in parts.most_common(LARGEST)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(build()))
