"""A box for a number."""

from __future__ import annotations

from PySide6.QtWidgets import QSpinBox

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translated, translator

tr = translator("NumberBox")

MARGIN_PX = 9
MINUTES = tr.mark(" minutes")


class NumberBox(QSpinBox):
    """A spin box with the theme's margin, which a style sheet's padding doesn't provide."""

    def __init__(
        self, theme: Theme, least: int, most: int, value: int, *, suffix: str = ""
    ) -> None:
        super().__init__()
        self.setRange(least, most)
        self.setValue(value)
        self.setSuffix(translated(suffix))
        margin = round(MARGIN_PX * theme.scale)
        self.lineEdit().setTextMargins(
            margin, 0, 0, 0
        )  # a style sheet's padding doesn't apply to it
