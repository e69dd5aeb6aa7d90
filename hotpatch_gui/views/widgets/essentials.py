"""Label/value pairs in two columns, like the portal's Essentials."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translated

from .labels import ElidedLabel, label


class Essentials(QWidget):
    """``names`` are the labels; ``show_values`` fills values in the same order.

    ``shares`` are the relative widths of both columns.
    """

    def __init__(
        self, theme: Theme, names: Sequence[str], shares: tuple[int, int] = (1, 1)
    ) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        self._values: list[ElidedLabel] = []
        half = -(-len(names) // 2)
        for number, name in enumerate(names):
            row, column = number % half, (number // half) * 3
            title = label(theme, translated(name), role="secondary")
            value = ElidedLabel(theme)
            value.setObjectName(f"essential-{name}")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            title.setBuddy(value)
            grid.addWidget(title, row, column)
            grid.addWidget(value, row, column + 1)
            self._values.append(value)
        grid.setColumnStretch(1, shares[0])
        grid.setColumnStretch(4, shares[1])
        grid.setColumnMinimumWidth(2, 16)

    def show_values(self, values: Sequence[str]) -> None:
        for widget, value in zip(self._values, values, strict=True):
            widget.set_full_text(value)
