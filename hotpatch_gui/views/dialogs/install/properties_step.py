"""Restart, duration, and how many machines at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout

from hotpatch_gui.domain.installs import MAX_MINUTES, MIN_MINUTES, RestartSetting
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.models import display_text
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.form import Form
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.number_box import MINUTES, NumberBox
from hotpatch_gui.views.widgets.wave_choice import FIELD_PX, WaveChoice

from .parts import step

tr = translator("PropertiesStep")

DEFAULT_MINUTES = 120
AT_ONCE_UP_TO = 20
ORDER_ROW = 2
"""The form's row for several machines."""
"""For more machines, waves are proposed."""
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
        self.restart_hint = label(theme, role="secondary", wrap=True)
        self.window_hint = label(theme, role="secondary", wrap=True)
        self.choice = WaveChoice(theme, self, proposes_above=AT_ONCE_UP_TO)
        self.order = self.choice.order
        self.wave_hint = label(theme, role="secondary", wrap=True)
        for widget in (self.restart, self.minutes):
            widget.setFixedWidth(round(FIELD_PX * theme.scale))
        self._machines = 1
        self.page = step(self._form(), None)
        self.set_groups([], 1)
        self.restart.currentIndexChanged.connect(self.show_summary)
        self.minutes.valueChanged.connect(self.show_summary)
        self.choice.edited.connect(self.show_summary)

    def _form(self) -> Form:
        self._form_layout = form = Form()
        form.add(tr("Restart"), self.restart, self.restart_hint)
        form.add(tr("Maximum duration"), self.minutes, self.window_hint)
        waves = QHBoxLayout()
        waves.setSpacing(px(12))
        waves.addWidget(self.order)
        waves.addWidget(self.choice.size)
        waves.addStretch(1)
        form.add(tr("Order"), waves, self.wave_hint)
        form.add(tr("Failures"), self.choice.stop)
        return form

    def set_groups(self, tag_names: Sequence[str], machines: int) -> None:
        """Offer orders for several machines; a single one has none."""
        self._machines = machines
        self._form_layout.setRowVisible(ORDER_ROW, machines > 1)
        self.choice.set_groups(tag_names, machines)
        self.show_summary()

    def set_excludes_restarts(self, *, leaves: bool) -> None:
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
        return self.choice.grouped_by

    @property
    def waves(self) -> Waves:
        """How machines take turns."""
        return self.choice.waves

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
            last=display_text.zoned_text(last),
            end=display_text.zoned_text(end),
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

    def show_summary(self) -> None:
        self.restart_hint.setText(tr(_RESTARTS[self.setting]))
        self.window_hint.setText(
            tr(
                "At most {max_minutes} minutes. No update starts with less than {min_minutes} "
                "minutes left, and 10 are kept for the restart. {window_text}",
                max_minutes=MAX_MINUTES,
                min_minutes=MIN_MINUTES,
                window_text=self.window_text(),
            )
        )
        self.wave_hint.setText(self.order_text(max(2, self._machines)))
        stops = self._machines > 1 and self.waves.mode is not WaveMode.ALL
        self._form_layout.setRowVisible(self.choice.stop, stops)
        self.edited.emit()
