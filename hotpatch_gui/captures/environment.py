"""An environment in which pictures are identical everywhere. Call it before Qt is imported."""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from hotpatch_gui.system import translations

SCREEN = '{"screens": [{"name": "capture", "x": 0, "y": 0, "width": 1920, "height": 1080, "logicalDpi": 96, "dpr": 1}]}'
_FONT_CONFIG = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir>
<match target="font"><edit name="hinting" mode="assign"><bool>false</bool></edit>
<edit name="antialias" mode="assign"><bool>true</bool></edit>
<edit name="rgba" mode="assign"><const>none</const></edit></match></fontconfig>
"""


def prepare(folder: Path | None = None) -> None:
    """Set platform, screen, fonts, locale, language, time zone and user, and remove other Qt variables.

    Raises:
        RuntimeError: Qt is already imported.
    """
    if "PySide6.QtGui" in sys.modules:
        raise RuntimeError("the environment has to be set before Qt is imported")
    for name in [n for n in os.environ if n.startswith("QT_")]:
        del os.environ[name]
    root = folder or Path(tempfile.mkdtemp(prefix="hotpatch-capture-"))
    screen, fonts = root / "screen.json", root / "fonts.conf"
    screen.write_text(SCREEN, encoding="utf-8")
    fonts.write_text(
        _FONT_CONFIG.format(fonts=_font_folder(), cache=root / "cache"), encoding="utf-8"
    )
    os.environ |= {
        "QT_QPA_PLATFORM": f"offscreen:configfile={screen}",
        "QT_API": "pyside6",
        "QT_STYLE_OVERRIDE": "fusion",
        "FONTCONFIG_FILE": str(fonts),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "LOGNAME": "admin",
    }
    translations.install()


def _font_folder() -> str:
    spec = find_spec("fontpkg_inter")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("pictures need the package fontpkg-inter")
    return str(Path(next(iter(spec.submodule_search_locations))) / "files")
