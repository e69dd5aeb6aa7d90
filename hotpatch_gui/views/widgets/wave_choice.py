"""The choice of how machines of a bulk action take turns, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox

from hotpatch_gui.domain.waves import AT_ONCE, WaveMode, Waves
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translator

from .number_box import NumberBox

tr = translator("WaveChoice")

PARTS = 5
"""The default number of parts for a limited number at a time."""
FIELD_PX = 240
MACHINES = tr.mark(" machines at a time")


class WaveChoice(QObject):
    """Three fields, which its owner lays out.

    Signals:
        edited (): a field changed.
    """

    edited = Signal()

    def __init__(self, theme: Theme, parent: QObject, *, proposes_above: float = math.inf) -> None:
        """``proposes_above``: for more machines, a limited number at a time is selected until the user chooses."""
        super().__init__(parent)
        self._proposes_above, self._is_chosen = proposes_above, False
        self.order = QComboBox()
        self.order.setObjectName("waveOrder")
        self.order.setAccessibleName(tr("Order of machines"))
        self.size = NumberBox(theme, 1, 9999, 1, suffix=tr(MACHINES))
        self.size.setObjectName("waveSize")
        self.size.setAccessibleName(tr("Machines at a time"))
        self.stop = QComboBox()
        self.stop.setObjectName("waveStop")
        self.stop.setAccessibleName(tr("After failures"))
        for count in (1, 3, 10):
            self.stop.addItem(tr("Stop after %n failure(s)", count), count)
        self.stop.addItem(tr("Continue after failures"), 0)
        self.stop.setToolTip(
            plain_tip(
                tr(
                    "An unknown result, and a machine that Resource Health reports as unhealthy after its installation, "
                    "count as failures. The operations that aren't sent yet are canceled."
                )
            )
        )
        for widget in (self.order, self.size, self.stop):
            widget.setFixedWidth(round(FIELD_PX * theme.scale))
        self._proposed = 1
        self.set_groups([], 1)
        self.order.currentIndexChanged.connect(self._on_chosen)
        for box in (self.order, self.stop):
            box.currentIndexChanged.connect(self._on_edited)
        self.size.valueChanged.connect(self._on_edited)

    def set_groups(self, tag_names: Sequence[str], machines: int) -> None:
        """Offer orders by these tags, too, and propose a size that leaves something to stop after a failure."""
        selected = self.order.currentData()
        if not self._is_chosen:
            selected = "some" if machines > self._proposes_above else "all"
        self.order.blockSignals(True)
        self.order.clear()
        self.order.addItem(tr("All at once"), "all")
        self.order.addItem(tr("A limited number at a time"), "some")
        self.order.addItem(tr("One zone after another"), "zone")
        self.order.addItem(tr("One resource group after another"), "group")
        for name in tag_names:
            self.order.addItem(tr("By tag {name}", name=name), f"tag:{name}")
        self.order.setCurrentIndex(max(0, self.order.findData(selected)))
        self.order.blockSignals(False)
        is_own = self.size.value() != self._proposed
        self._proposed = max(1, math.ceil(machines / PARTS))
        if not is_own:
            self.size.setValue(self._proposed)
        self._on_edited()

    @property
    def grouped_by(self) -> str:
        """``zone``, ``group`` or ``tag:NAME``; empty without groups."""
        by = str(self.order.currentData())
        return "" if by in ("all", "some") else by

    @property
    def waves(self) -> Waves:
        """The choice."""
        by = self.order.currentData()
        if by == "all":
            return AT_ONCE
        stop_after = int(self.stop.currentData())
        if by == "some":
            return Waves(WaveMode.SOME, self.size.value(), stop_after)
        return Waves(WaveMode.GROUPS, 0, stop_after)

    def _on_chosen(self) -> None:
        self._is_chosen = True

    def _on_edited(self) -> None:
        self.size.setVisible(self.waves.mode is WaveMode.SOME)
        self.stop.setVisible(self.waves.mode is not WaveMode.ALL)
        self.edited.emit()
