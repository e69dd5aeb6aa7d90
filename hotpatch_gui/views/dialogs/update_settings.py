"""Update settings: hotpatch, orchestration, periodic assessment; impossible changes are explained."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.arc import Licence
from hotpatch_gui.domain.hotpatch import can_be_enrolled
from hotpatch_gui.domain.machines import AssessmentMode
from hotpatch_gui.domain.releases import day_name, release_day
from hotpatch_gui.domain.settings import Orchestration, SettingsChange, refusal
from hotpatch_gui.store import machines
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX, TITLE_PX
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label, line
from hotpatch_gui.views.widgets.typed_number import TypedNumber

INDENT_PX = 26


class UpdateSettingsDialog(QDialog):
    """One set of settings for the chosen machines; starts from the first one's."""

    def __init__(self, services: Services, rows: Sequence[sqlite3.Row], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("updateSettingsDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Update settings")
        self.setModal(True)
        self._s = services
        self._ids = [r["id"] for r in rows]
        self._machines = [machines.machine_of(r) for r in rows]
        self._is_arc = self._machines[0].arc is not None
        self._make_parts()
        self._lay_out()
        self._load()
        self._loaded = self.change() if len(self._ids) == 1 else None
        self._connect()
        self.check()

    def _make_parts(self) -> None:
        theme = self._s.theme
        names = ", ".join(m.name for m in self._machines[:5])
        more = f" and {len(self._machines) - 5} more" if len(self._machines) > 5 else ""
        self.title = label(theme, "Update settings", px=TITLE_PX, weight=SEMIBOLD_WEIGHT)
        self.subtitle = label(theme, f"{names}{more}", role="secondary", wrap=True)
        self.hotpatch = QCheckBox("Hotpatch: install security updates in memory, without a restart")
        self.hotpatch.setObjectName("setHotpatch")
        self.enrol = QCheckBox(
            "Enrol: receive monthly hotpatch updates (a licence, free of charge since May 2026)"
        )
        self.enrol.setObjectName("setEnrol")
        self.enrol.setVisible(self._is_arc)
        self.hotpatch_words = label(theme, role="secondary", wrap=True)
        self.hotpatch_words.setObjectName("hotpatchMeaning")
        self.hotpatch_words.setMinimumHeight(2 * self.hotpatch_words.fontMetrics().lineSpacing())
        self.hotpatch_words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.choices = QButtonGroup(self)
        offered = [
            o for o in Orchestration if not (self._is_arc and o is Orchestration.SAFE_DEPLOYMENT)
        ]
        self.orchestrations = {o: QRadioButton(o.value) for o in offered}
        for choice, button in self.orchestrations.items():
            button.setObjectName(f"orchestration-{choice.name}")
            self.choices.addButton(button)
        self.periodic = QCheckBox("Periodic assessment: look for updates every 24 hours")
        self.periodic.setObjectName("setPeriodic")
        self.typed = TypedNumber(theme, len(self._ids))
        self.problem = label(theme, role="error", wrap=True)
        self.problem.setObjectName("settingsProblem")
        self.problem.setMinimumHeight(2 * self.problem.fontMetrics().lineSpacing())
        self.save = QPushButton(
            f"Save for {len(self._ids)} machine{'' if len(self._ids) == 1 else 's'}"
        )
        self.save.setObjectName("settingsSave")
        self.save.setProperty("primary", True)
        self.save.setAutoDefault(False)
        self.cancel = QPushButton("Cancel")
        self.cancel.setDefault(True)

    def _lay_out(self) -> None:
        theme = self._s.theme
        surface = QFrame()
        surface.setObjectName("surface")
        column = QVBoxLayout(surface)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.subtitle)
        column.addWidget(line())
        if self._is_arc:
            column.addWidget(self.enrol)
        column.addWidget(self.hotpatch)
        column.addLayout(self._indented(self.hotpatch_words))
        column.addSpacing(8)
        column.addWidget(
            label(theme, "Patch orchestration", px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        )
        for choice, button in self.orchestrations.items():
            column.addWidget(button)
            column.addLayout(
                self._indented(
                    label(theme, choice.meaning(is_arc=self._is_arc), role="secondary", wrap=True)
                )
            )
        column.addSpacing(8)
        column.addWidget(self.periodic)
        column.addStretch(1)
        column.addWidget(self.typed)
        column.addWidget(self.problem)
        column.addWidget(line())
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.save)
        buttons.addWidget(self.cancel)
        column.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(surface)
        self.resize(round(660 * theme.scale), round(620 * theme.scale))

    def _indented(self, widget: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(INDENT_PX, 0, 0, 0)
        row.addWidget(widget)
        return row

    def _load(self) -> None:
        settings = self._machines[0].settings
        self.hotpatch.setChecked(bool(settings.hotpatch_enabled))
        self.hotpatch.setEnabled(any(map(can_be_enrolled, self._machines)))
        arc = self._machines[0].arc
        self.enrol.setEnabled(self.hotpatch.isEnabled())
        self.enrol.setChecked(arc is not None and arc.is_enrolled)
        current = Orchestration.of(settings)
        if current in self.orchestrations:
            self.orchestrations[current].setChecked(True)
        self.periodic.setChecked(settings.assessment_mode is AssessmentMode.AUTOMATIC_BY_PLATFORM)

    def _connect(self) -> None:
        self.hotpatch.toggled.connect(self.check)
        self.enrol.toggled.connect(self._follow_enrolment)
        self.choices.buttonToggled.connect(self.check)
        self.periodic.toggled.connect(self.check)
        self.typed.textChanged.connect(self.check)
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.reject)

    def _follow_enrolment(self, on: bool) -> None:
        """Whoever enrols wants hotpatches, and without a licence there are none."""
        self.hotpatch.setChecked(on)
        self.check()

    @property
    def _enrolment(self) -> bool | None:
        """True to enrol, False to end it, None to leave it as it is."""
        arcs = [m.arc for m in self._machines if m.arc is not None]
        wanted = self.enrol.isChecked()
        return wanted if any(a.is_enrolled != wanted for a in arcs) else None

    def change(self) -> SettingsChange | None:
        """What is chosen; None while no orchestration is."""
        chosen = next((o for o, b in self.orchestrations.items() if b.isChecked()), None)
        if chosen is None:
            return None
        return SettingsChange(chosen, self.hotpatch.isChecked(), self.periodic.isChecked())

    def check(self) -> None:
        """Say what the choice means and, where Azure would refuse it, why and for which machine."""
        change = self.change()
        self.hotpatch_words.setText(self._meaning())
        problem = "Choose a patch orchestration." if change is None else self._refusal(change)
        if len({m.arc is None for m in self._machines}) > 1:
            problem = "Choose Azure virtual machines or Arc-enabled servers: their settings differ."
        is_same = change == self._loaded and self._enrolment is None
        problem = problem or ("" if is_same else self.typed.problem)
        self.problem.setText(problem)
        self.save.setEnabled(not problem and not is_same)
        self.save.setToolTip("Nothing is changed." if is_same else "")

    def _refusal(self, change: SettingsChange) -> str:
        for machine in self._machines:
            arc = machine.arc
            if arc is not None and self.enrol.isChecked():
                arc = arc._replace(licence=Licence.ENABLED)
            why = refusal(machine.image, machine.settings, change, arc)
            if why is not None:
                return f"{machine.name}: {why}"
        return ""

    def _meaning(self) -> str:
        if not self.hotpatch.isEnabled():
            what = (
                "is a system that Azure can enrol"
                if self._is_arc
                else "has an image that supports hotpatching"
            )
            return f"Not available: no chosen machine {what}."
        was_on = bool(self._machines[0].settings.hotpatch_enabled)
        product = self._machines[0].product
        now = release_day(self._s.clock())
        next_baseline = self._s.calendar().next_restart(product, now) if product else None
        when = f", planned for {day_name(next_baseline.day)}" if next_baseline else ""
        if self.hotpatch.isChecked() and not was_on:
            return f"Takes effect with the next baseline{when}. Until then ordinary updates restart the machine."
        if not self.hotpatch.isChecked() and was_on:
            return (
                "The machine goes back to ordinary updates, which restart it every month. "
                f"Turned on again, hotpatch waits for the next baseline{when}."
            )
        if was_on:
            return f"On. The next baseline restarts the machine{when}."
        return "Off. Every month's cumulative update restarts the machine."

    def _save(self) -> None:
        change = self.change()
        if change is not None:
            self.save.setEnabled(False)
            if self._enrolment is not None:
                self._s.requests.enrol(self._ids, on=self._enrolment)
            if change != self._loaded and self._differs_beside_enrolment(change):
                self._s.requests.change_settings(self._ids, change)
            self.accept()

    def _differs_beside_enrolment(self, change: SettingsChange) -> bool:
        """A licence brings and takes hotpatching itself; then only what else was changed is asked for."""
        if self._enrolment is None or self._loaded is None:
            return True
        follows = change.hotpatch == self._enrolment
        return not follows or replace(self._loaded, hotpatch=change.hotpatch) != change
