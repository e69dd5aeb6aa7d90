"""Paths, the program's name, and its version, which only ``hotpatch_gui/__init__.py`` defines."""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
HERE = TOP / "packaging"
DIST, WORK = TOP / "dist", TOP / "build"
BUNDLE, ICONS = DIST / "hotpatch-gui", WORK / "icons"
TITLE = "Hotpatch Dashboard"
SUMMARY = "Hotpatch status and updates of Windows servers in Azure"

sys.path.insert(0, str(TOP))
import hotpatch_gui

VERSION = hotpatch_gui.__version__


def filled(template: Path, **values: str) -> str:
    """A template's text with each ``@NAME@`` replaced by its value; a remaining name is an error."""
    text = template.read_text(encoding="utf-8")
    for name, value in {"version": VERSION, "title": TITLE, "summary": SUMMARY, **values}.items():
        text = text.replace(f"@{name.upper()}@", value)
    left = [
        word
        for word in text.split()
        if word.startswith("@") and word.rstrip(".,;\"'").endswith("@")
    ]
    if left:
        raise ValueError(f"{template.name}: no value for {', '.join(left)}")
    return text
