"""Margins and gaps of the window grow with the size of text and controls."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

import hotpatch_gui.views
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme

VIEWS = Path(hotpatch_gui.views.__file__).parent
CALLS = {
    *("setContentsMargins", "setSpacing", "addSpacing"),
    *("setHorizontalSpacing", "setVerticalSpacing"),
}


def fixed_lengths(source: str) -> list[int]:
    """Line numbers of calls that give a layout a length that doesn't scale; a hairline of 1 px may be fixed."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CALLS
        and any(isinstance(a, ast.Constant) and int(a.value) > 1 for a in node.args)
    ]


def test_no_layout_has_a_fixed_length() -> None:
    found = {
        str(path.relative_to(VIEWS)): lines
        for path in VIEWS.rglob("*.py")
        if (lines := fixed_lengths(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_a_fixed_length_is_found() -> None:
    assert fixed_lengths("row.setSpacing(8)\nrow.setContentsMargins(0, 0, 1, 0)") == [1]


@pytest.mark.parametrize(("scale", "length"), [(1.0, 16), (2.0, 32)])
def test_lengths_follow_the_size_of_text(qapp: QApplication, scale: float, length: int) -> None:
    theme = Theme(qapp, "light", bundled_font=True, scale=scale)
    try:
        assert px(16) == length
        assert insets(16, 0, 1, 16).bottom() == length
    finally:
        qapp.setFont(theme.font(round(13 / scale)))
        theme.deleteLater()
