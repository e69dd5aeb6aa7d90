"""The Windows installer of a bundle: ``dist/hotpatch-gui-<version>-setup.exe``. Needs makensis (NSIS 3).

python packaging/windows/installer.py [--bundle FOLDER] [--sign COMMAND]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import icons
from layout import BUNDLE, DIST, HERE, ICONS, TOP, VERSION

ICON = ICONS / "hotpatch-gui.ico"


def build(bundle: Path, sign: str = "", out: Path | None = None) -> Path:
    """``sign`` is a command that signs the file named after it.

    Raises:
        FileNotFoundError: there is no makensis, or the bundle has no program.
    """
    makensis = shutil.which("makensis")
    if makensis is None or not (bundle / "hotpatch-gui.exe").exists():
        raise FileNotFoundError(
            "makensis (NSIS 3)" if makensis is None else f"{bundle}/hotpatch-gui.exe"
        )
    if not ICON.exists():
        icons.make(TOP / "resources" / "icons" / "hotpatch.svg", ICONS)
    path = out or DIST / f"hotpatch-gui-{VERSION}-setup.exe"
    path.parent.mkdir(parents=True, exist_ok=True)
    defines = {"VERSION": VERSION, "BUNDLE": str(bundle), "ICON": str(ICON), "OUT": str(path)}
    if sign:
        defines["SIGN"] = sign
    switches = [f"-D{name}={value}" for name, value in defines.items()]
    subprocess.run(
        [makensis, "-V2", "-WX", *switches, str(HERE / "windows" / "installer.nsi")], check=True
    )
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--sign", default="", help="a command that signs the file named after it")
    given = parser.parse_args()
    print(build(given.bundle, given.sign))
