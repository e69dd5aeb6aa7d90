"""Rows that wrap: nothing is cut, overlaps or leaves the row, at any width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from PySide6.QtWidgets import QApplication, QLayout, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.views.widgets.wrap_layout import EvenLayout, WrapLayout

GAP, LEAST = 8, 120
TEXTS = ("All", "Security updates", "Definitions", "May restart", "No restart at all", "–")


def shown(layout: QLayout, widgets: Sequence[QWidget], width: int) -> QWidget:
    """A window of this width with the layout at the top."""
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addLayout(layout)
    column.addStretch(1)
    window.resize(width, 600)
    window.show()
    QApplication.processEvents()
    assert all(w.geometry().right() < width for w in widgets if w.isVisible())
    assert not any(
        a.geometry().intersects(b.geometry())
        for a, b in combinations([w for w in widgets if w.isVisible()], 2)
    )
    return window


@pytest.mark.parametrize("width", [180, 260, 420, 1000])
def test_each_widget_has_its_own_width_and_lines_follow_each_other(
    qapp: QApplication, width: int
) -> None:
    buttons = [QPushButton(text) for text in TEXTS]
    layout = WrapLayout(buttons, GAP)
    window = shown(layout, buttons, width)
    assert all(b.width() == b.sizeHint().width() for b in buttons)
    assert all(b.geometry().right() < width for b in buttons)
    rows: dict[int, list[QPushButton]] = {}
    for button in buttons:
        rows.setdefault(button.y(), []).append(button)
    for row, following in zip(rows.values(), list(rows.values())[1:], strict=False):
        assert row[-1].geometry().right() + GAP + following[0].width() >= width, "a line is full"
    bottom = max(b.geometry().bottom() for b in buttons) + 1
    assert layout.heightForWidth(width) == bottom
    window.close()


@pytest.mark.parametrize(
    ("width", "lines"),
    [(1000, [5]), (600, [3, 2]), (380, [3, 2]), (300, [2, 2, 1]), (100, [1] * 5)],
)
def test_even_widgets_share_the_width_and_hidden_ones_take_none(
    qapp: QApplication, width: int, lines: list[int]
) -> None:
    buttons = [QPushButton(str(n)) for n in range(6)]
    buttons[2].hide()
    window = shown(EvenLayout(buttons, GAP, LEAST), buttons, width)
    visible = [b for b in buttons if b.isVisible()]
    tops = sorted({b.y() for b in visible})
    assert [sum(b.y() == top for b in visible) for top in tops] == lines
    widths = {b.width() for b in visible}
    assert max(widths) - min(widths) <= 1
    first = [b for b in visible if b.y() == tops[0]]
    assert first[-1].geometry().right() + 1 == width
    window.close()
