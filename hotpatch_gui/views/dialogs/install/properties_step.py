"""Restart, duration, and how many machines at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout

from hotpatch_gui.domain.installs import MAX_MINUTES, MIN_MINUTES, RestartSetting
from hotpatch_gui.domain.waves import AT_ONCE, WaveMode, Waves
from hotpatch_gui.models import display_text
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.number_box import MINUTES, NumberBox

from .parts import step

tr = translator("PropertiesStep")

DEFAULT_MINUTES = 120
PARTS = 5
"""The default number of parts for a limited number at a time."""
MACHINES = tr.mark(" machines at a time")
_RESTARTS = {
    RestartSetting.IF_REQUIRED: tr.mark(
        "Azure restarts a machine only if an update requires it, or if a restart is already "
        "pending."
    ),
    RestartSetting.NEVER: tr.mark(
        "Azure restarts nothing. Settings inside a machine may still restart it, and updates "
        "that need a restart stay pending."
    ),
    RestartSetting.ALWAYS: tr.mark(
        "Azure restarts every machine at the end, even if no update requires it."
    ),
}


class PropertiesStep(QObject):
    """The third step.

    Signals:
        edited (): a value changed.
    """

    edited = Signal()

    def __init__(self, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        theme, self._clock = services.theme, services.clock
        self.restart = QComboBox()
        self.restart.setObjectName("restartSetting")
        self.restart.setAccessibleName(tr("Restart"))
        for setting in RestartSetting:
            self.restart.addItem(setting.label, setting.value)
        self.minutes = NumberBox(theme, 1, 999, DEFAULT_MINUTES, suffix=MINUTES)
        self.minutes.setObjectName("maximumMinutes")
        self.minutes.setAccessibleName(tr("Maximum duration in minutes"))
        self.restart_words = label(theme, role="secondary", wrap=True)
        self.window_words = label(theme, role="secondary", wrap=True)
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
        self.wave_words = label(theme, role="secondary", wrap=True)
        for widget in (self.restart, self.minutes, self.order, self.size, self.stop):
            widget.setFixedWidth(round(240 * theme.scale))
        self._machines = self._proposed = 1
        self.page = step(self._form(), None)
        self.set_groups([], 1)
        for box in (self.restart, self.order, self.stop):
            box.currentIndexChanged.connect(self.show_words)
        for number in (self.minutes, self.size):
            number.valueChanged.connect(self.show_words)

    def _form(self) -> QFormLayout:
        self._form_layout = form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(8)
        form.addRow(tr("Restart"), self.restart)
        form.addRow("", self.restart_words)
        form.addRow(tr("Maximum duration"), self.minutes)
        form.addRow("", self.window_words)
        waves = QHBoxLayout()
        waves.setSpacing(12)
        waves.addWidget(self.order)
        waves.addWidget(self.size)
        waves.addStretch(1)
        form.addRow(tr("Order"), waves)
        form.addRow(tr("Failures"), self.stop)
        form.addRow("", self.wave_words)
        return form

    def set_groups(self, tag_names: Sequence[str], machines: int) -> None:
        """Offer orders for several machines; a single one has none."""
        selected = self.order.currentData()
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
        self._propose_size(machines)
        for row in range(4, self._form_layout.rowCount()):
            self._form_layout.setRowVisible(row, machines > 1)
        self.show_words()

    def _propose_size(self, machines: int) -> None:
        """Propose a size that leaves something to stop after a failure."""
        is_own = self.size.value() != self._proposed
        self._machines, self._proposed = machines, max(1, math.ceil(machines / PARTS))
        if not is_own:
            self.size.setValue(self._proposed)

    def leave_restarts_out(self, *, leaves: bool) -> None:
        """Reflect that updates that restart are excluded."""
        if leaves == self.restart.isEnabled():
            self.restart.setEnabled(not leaves)
            setting = RestartSetting.NEVER if leaves else RestartSetting.IF_REQUIRED
            self.restart.setCurrentIndex(self.restart.findData(setting.value))

    @property
    def setting(self) -> RestartSetting:
        return RestartSetting(self.restart.currentData())

    @property
    def grouped_by(self) -> str:
        """``zone``, ``group`` or ``tag:NAME``; empty without groups."""
        by = str(self.order.currentData())
        return "" if by in ("all", "some") else by

    @property
    def waves(self) -> Waves:
        by = self.order.currentData()
        if by == "all":
            return AT_ONCE
        stop_after = int(self.stop.currentData())
        if by == "some":
            return Waves(WaveMode.SOME, self.size.value(), stop_after)
        return Waves(WaveMode.GROUPS, 0, stop_after)

    def window_text(self) -> str:
        now, minutes = self._clock(), self.minutes.value()
        if self.waves.mode is not WaveMode.ALL:
            return tr(
                "Each machine has {minutes} minutes after its request is sent. No update starts in "
                "the last {min_minutes} minutes.",
                minutes=minutes,
                min_minutes=MIN_MINUTES,
            )
        last = now + timedelta(minutes=max(0, minutes - MIN_MINUTES))
        end: datetime = now + timedelta(minutes=minutes)
        return tr(
            "If you start now, the last update begins by {last} and the window ends at {end}, or "
            "later if one is still installing.",
            last=display_text.moment_text(last),
            end=display_text.moment_text(end),
        )

    def order_text(self, machines: int) -> str:
        """How machines are staggered, and by whom."""
        if machines == 1:
            return tr(
                "Azure doesn't stagger this by availability zones and sets. It starts as soon as you "
                "confirm."
            )
        if self.waves.mode is WaveMode.ALL:
            return tr(
                "Azure doesn't stagger this by availability zones and sets. All machines start at "
                "once."
            )
        if self.waves.mode is WaveMode.SOME and self.waves.size >= machines:
            return tr(
                "Installations on all %n machine(s) start at the same time, so a failure can't stop the others.",
                machines,
            )
        return tr(
            "{text} This program sends each machine's request while it's running. Azure doesn't "
            "stagger them.",
            text=self.waves.text,
        )

    def show_words(self) -> None:
        self.restart_words.setText(tr(_RESTARTS[self.setting]))
        self.window_words.setText(
            tr(
                "At most {max_minutes} minutes. No update starts with less than {min_minutes} "
                "minutes left, and 10 are kept for the restart. {window_text}",
                max_minutes=MAX_MINUTES,
                min_minutes=MIN_MINUTES,
                window_text=self.window_text(),
            )
        )
        is_all = self.waves.mode is WaveMode.ALL
        self.size.setVisible(self.waves.mode is WaveMode.SOME)
        self.stop.setEnabled(not is_all)
        self.wave_words.setText(self.order_text(max(2, self._machines)))
        self.edited.emit()
