"""Label/value pairs in two columns, like the portal's Essentials."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translated

from .labels import label

NARROW_PX = 640
"""Below this width there is one column."""


class Essentials(QWidget):
    """``names`` are the labels; ``show_values`` fills values in the same order.

    ``shares`` are the relative widths of both columns.
    """

    def __init__(
        self, theme: Theme, names: Sequence[str], shares: tuple[int, int] = (1, 1)
    ) -> None:
        super().__init__()
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px(16))
        grid.setVerticalSpacing(px(8))
        self._narrow_px = round(NARROW_PX * theme.scale)
        self._shares, self._is_narrow = shares, False
        self._titles: list[QLabel] = []
        self._values: list[QLabel] = []
        for name in names:
            title = label(theme, translated(name), role="secondary")
            value = label(theme, wrap=True)
            value.setObjectName(f"essential-{name}")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            title.setBuddy(value)
            self._titles.append(title)
            self._values.append(value)
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = event.size().width() < self._narrow_px
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._lay_out()

    def _lay_out(self) -> None:
        """Place the pairs in two columns, or below each other where that is too narrow."""
        count = len(self._values)
        half = count if self._is_narrow else -(-count // 2)
        for number, pair in enumerate(zip(self._titles, self._values, strict=True)):
            row, column = number % half, (number // half) * 3
            for offset, widget in enumerate(pair):
                self._grid.addWidget(widget, row, column + offset, Qt.AlignmentFlag.AlignTop)
        first, second = (1, 0) if self._is_narrow else self._shares
        self._grid.setColumnStretch(1, first)
        self._grid.setColumnStretch(4, second)
        self._grid.setColumnMinimumWidth(2, 0 if self._is_narrow else 16)

    def show_values(self, values: Sequence[str]) -> None:
        for widget, value in zip(self._values, values, strict=True):
            widget.setText(value)
