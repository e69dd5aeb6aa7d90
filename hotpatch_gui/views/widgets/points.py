"""A list of points, each with glyph, title and explanation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from hotpatch_gui.domain.prerequisites import Prerequisite, Verdict
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.theme import Theme

from .labels import GlyphLabel, breakable, label


class Point(NamedTuple):
    """One point; ``spoken`` is the glyph's meaning."""

    glyph: Glyph
    spoken: str
    title: str
    detail: str


_VERDICT_GLYPHS = {
    Verdict.PASS: Glyph.OK,
    Verdict.FAIL: Glyph.ERROR,
    Verdict.NOT_KNOWABLE: Glyph.UNKNOWN,
}


def prerequisite_point(found: Prerequisite) -> Point:
    """A prerequisite with its fix."""
    fix = f" {found.fix}" if found.fix else ""
    glyph = _VERDICT_GLYPHS[found.verdict]
    return Point(glyph, found.verdict.label, found.check, f"{found.detail}{fix}")


class Points(QWidget):
    """The list. ``stacked``: the details are below the titles, for a narrow place."""

    def __init__(self, theme: Theme, *, stacked: bool = False) -> None:
        super().__init__()
        self._theme, self._stacked = theme, stacked
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(8))
        self._grid.setColumnStretch(2, 1)
        self._rows: list[tuple[GlyphLabel, QLabel, QLabel]] = []

    def show_points(self, points: Sequence[Point]) -> None:
        while len(self._rows) < len(points):
            self._add_row()
        has_states = any(point.glyph is not Glyph.NONE for point in points)
        for number, (glyph, title, detail) in enumerate(self._rows):
            for widget in (title, detail):
                widget.setVisible(number < len(points))
            glyph.setVisible(has_states and number < len(points))
            if number < len(points):
                point = points[number]
                glyph.set_glyph(point.glyph)
                glyph.setAccessibleName(point.spoken)
                title.setText(point.title)
                detail.setText(breakable(point.detail))

    def _add_row(self) -> None:
        number = 2 * len(self._rows)
        glyph = GlyphLabel(self._theme)
        title = label(self._theme, wrap=self._stacked)
        detail = label(self._theme, role="secondary", wrap=True)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(glyph, number, 0, top)
        if self._stacked:
            self._grid.addWidget(title, number, 1, 1, 2)
            self._grid.addWidget(detail, number + 1, 1, 1, 2)
        else:
            self._grid.addWidget(title, number, 1, top)
            self._grid.addWidget(detail, number, 2, top)
        self._rows.append((glyph, title, detail))
