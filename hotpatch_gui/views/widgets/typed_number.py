"""Typing the number of machines to confirm."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translator

tr = translator("TypedNumber")

TYPED_ABOVE = 20


class TypedNumber(QLineEdit):
    """Visible if more machines are selected than need no confirmation."""

    def __init__(self, theme: Theme, count: int = 0) -> None:
        super().__init__()
        self.setObjectName("typedNumber")
        self.setAccessibleName(tr("Type the number of machines to confirm"))
        self.setFixedWidth(round(240 * theme.scale))
        self._count = 0
        self.set_count(count)

    def set_count(self, count: int) -> None:
        self._count = count
        self.setVisible(count > TYPED_ABOVE)
        self.setPlaceholderText(tr("Type {count} to confirm", count=count))

    @property
    def problem(self) -> str:
        """The remaining requirement as a sentence; empty if none."""
        if self._count <= TYPED_ABOVE or self.text().strip() == str(self._count):
            return ""
        return tr("Type {count}, the number of machines, to confirm.", count=self._count)
