"""The interface font: the platform's, or Inter if there is none."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

from .tokens import NORMAL_WEIGHT, TEXT_PX

BUNDLED = "Inter"
_PREFERRED = ("Segoe UI Variable Text", "Segoe UI")
_LINUX = ("Cantarell", "Noto Sans", "Open Sans", "Ubuntu")
"""Without DejaVu Sans, the default, because it is a fifth wider than an interface font."""


def choose_family(*, bundled: bool) -> str:
    """The font family; ``bundled`` forces Inter, so that pictures are identical everywhere."""
    if not bundled:
        if sys.platform == "darwin":
            return QFont().family()
        have = set(QFontDatabase.families())
        found = next((f for f in (*_PREFERRED, *_LINUX) if f in have), None)
        if found is not None:
            return found
    return _load_bundled() or QFont().family()


def _load_bundled() -> str | None:
    spec = find_spec("fontpkg_inter")
    if spec is None or not spec.submodule_search_locations:
        return None
    files = Path(next(iter(spec.submodule_search_locations))) / "files"
    upright = [path for path in sorted(files.glob("*.ttf")) if "Italic" not in path.name]
    if not upright:
        return None
    number = QFontDatabase.addApplicationFont(str(upright[0]))
    return next(iter(QFontDatabase.applicationFontFamilies(number)), None)


def font(family: str, px: int = TEXT_PX, weight: int = NORMAL_WEIGHT, scale: float = 1.0) -> QFont:
    """A font by pixel size and weight (300, 400 or 600).

    The weight axis is set as well, because Qt ignores weights of variable fonts such as Inter.
    """
    made = QFont(family)
    made.setPixelSize(round(px * scale))
    made.setWeight(QFont.Weight(weight))
    if family == BUNDLED:
        made.setVariableAxis(QFont.Tag("wght"), float(weight))
        made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made
