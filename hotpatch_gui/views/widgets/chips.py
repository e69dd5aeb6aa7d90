"""Filter chips: small toggle buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from hotpatch_gui.theme.lengths import px
from hotpatch_gui.translation import translator

tr = translator("Chips")


class Chips(QWidget):
    """A row of chips; none selected means no filter.

    Signals:
        changed (): the selection changed.
    """

    changed = Signal()

    def __init__(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(8))
        self._chips: dict[str, QPushButton] = {}
        for key, text in choices:
            chip = QPushButton(text)
            chip.setObjectName(f"{name}-{key}")
            chip.setAccessibleName(tr("Filter: {text}", text=text))
            chip.setProperty("chip", True)
            chip.setCheckable(True)
            chip.toggled.connect(self.changed)
            row.addWidget(chip)
            self._chips[key] = chip
        row.addStretch(1)

    @property
    def checked(self) -> list[str]:
        return [key for key, chip in self._chips.items() if chip.isChecked()]

    def clear(self) -> None:
        for chip in self._chips.values():
            chip.setChecked(False)
