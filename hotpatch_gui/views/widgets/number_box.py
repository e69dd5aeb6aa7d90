"""A box for a number."""

from __future__ import annotations

from PySide6.QtWidgets import QSpinBox

from hotpatch_gui.theme.theme import Theme

MARGIN_PX = 7
MINUTES = " minutes"


class NumberBox(QSpinBox):
    """A spin box with the theme's margin, which a style sheet's padding doesn't provide."""

    def __init__(
        self, theme: Theme, least: int, most: int, value: int, *, suffix: str = ""
    ) -> None:
        super().__init__()
        self.setRange(least, most)
        self.setValue(value)
        self.setSuffix(suffix)
        margin = round(MARGIN_PX * theme.scale)
        self.lineEdit().setTextMargins(
            margin, 0, 0, 0
        )  # a style sheet's padding doesn't apply to it
