"""Update settings: hotpatch, orchestration, periodic assessment, and their effect on each machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.hotpatch import can_be_enrolled
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.releases import release_day
from hotpatch_gui.domain.settings import Orchestration, SettingsChange
from hotpatch_gui.domain.waves import WaveMode
from hotpatch_gui.models.install_plan import wave_name
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.models.settings_plan import (
    Selected,
    SettingsPlan,
    plan_settings,
    read_selected,
    shared,
)
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import ROW_PX, SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.focus_ring import FocusRing
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.screen_room import room_of
from hotpatch_gui.views.widgets.scroll_area import ScrollArea
from hotpatch_gui.views.widgets.typed_number import TypedNumber
from hotpatch_gui.views.widgets.wave_choice import WaveChoice
from hotpatch_gui.views.widgets.wrap_layout import WrapLayout

from .surface import SurfaceDialog

tr = translator("UpdateSettingsDialog")

INDENT_PX = 26
KINDS_DIFFER = tr.mark(
    "Azure virtual machines and Arc-enabled servers have different settings: choose "
    "which to change."
)
LISTED = 500
"""How many machines the list of changes shows; more are counted."""
MAX_LISTED = 3
"""How many changes the list shows without a scroll bar."""
LOW_PX = 720
"""On a lower screen, the changes scroll with the settings."""
"""The least height of the list of changes; the form scrolls on a low screen."""
SIZE_PX, SIZE_OF_SEVERAL_PX = (660, 620), (720, 804)


class _Choice(NamedTuple):
    """The choices for one kind of machine; ``touched`` names the changed settings."""

    change: SettingsChange = SettingsChange()
    enroll: bool | None = None
    touched: frozenset[str] = frozenset()


class UpdateSettingsDialog(SurfaceDialog):
    """Changes settings of the selected machines.

    Choices for virtual machines and Arc-enabled servers are kept side by side and saved together. Only touched settings
    are sent, differing values show as Mixed, and each machine's change is listed before saving.
    """

    def __init__(self, services: Services, machine_ids: Sequence[int], parent: QWidget) -> None:
        super().__init__(services.theme, "updateSettingsDialog", tr("Update settings"), parent)
        self._s = services
        found = read_selected(services.source, machine_ids)
        self._of_kind = {
            is_arc: [one for one in found if (one.machine.arc is not None) is is_arc]
            for is_arc in (False, True)
        }
        self._is_arc = not self._of_kind[False]
        self._touched: set[str] = set()
        self._choices = {False: _Choice(), True: _Choice()}
        self._is_loading = False
        self.plan = SettingsPlan(())
        self._make_parts()
        self._lay_out()
        self._load()
        self._connect()

    @property
    def _own(self) -> list[Selected]:
        """Machines of the form's kind."""
        return self._of_kind[self._is_arc]

    @property
    def _is_several(self) -> bool:
        return sum(map(len, self._of_kind.values())) > 1

    @property
    def _machines(self) -> list[Machine]:
        return [one.machine for one in self._own]

    def _make_parts(self) -> None:
        theme = self._s.theme
        self.subtitle = label(theme, role="secondary", wrap=True)
        self.kinds = {
            False: QRadioButton(tr("%n Azure virtual machines", len(self._of_kind[False]))),
            True: QRadioButton(tr("%n Arc-enabled servers", len(self._of_kind[True]))),
        }
        self._kind_group = QButtonGroup(self)
        for is_arc, button in self.kinds.items():
            button.setObjectName(f"settingsKind-{'arc' if is_arc else 'vm'}")
            button.setChecked(is_arc is self._is_arc)
            FocusRing(button)
            self._kind_group.addButton(button)
        self.hotpatch = self._box(
            "setHotpatch", tr("Hotpatch: install security updates in memory, without a restart")
        )
        self.enroll = self._box(
            "setEnroll",
            tr("Enroll: receive monthly hotpatch updates (license free of charge since May 2026)"),
        )
        self.periodic = self._box(
            "setPeriodic", tr("Periodic assessment: look for updates every 24 hours")
        )
        self.mixed = {
            name: label(theme, role="secondary", wrap=True)
            for name in ("hotpatch", "enroll", "periodic_assessment", "orchestration")
        }
        self.hotpatch_hint = label(theme, role="secondary", wrap=True)
        self.hotpatch_hint.setObjectName("hotpatchMeaning")
        self.choices = QButtonGroup(self)
        self.orchestrations = {o: QRadioButton(o.label) for o in Orchestration}
        self._meanings = {o: label(theme, role="secondary", wrap=True) for o in Orchestration}
        for choice, button in self.orchestrations.items():
            button.setObjectName(f"orchestration-{choice.name}")
            FocusRing(button)
            self.choices.addButton(button)
        self.list = QTreeWidget()
        FocusRing(self.list)
        self.list.setObjectName("settingsChanges")
        self.list.setAccessibleName(tr("Changes by machine"))
        self.list.setRootIsDecorated(False)
        self.list.setHeaderLabels((tr("Machine"), tr("Before → after")))
        self.list.setColumnWidth(0, round(180 * theme.scale))
        self.choice = WaveChoice(theme, self)
        self.wave_hint = label(theme, role="secondary", wrap=True)
        self.sum = label(theme, wrap=True)
        self.sum.setObjectName("settingsSum")
        self.typed = TypedNumber(theme, 0)
        self.problem = label(theme, role="error", wrap=True)
        self.problem.setObjectName("settingsProblem")
        self.remedy = QPushButton()
        self.remedy.setObjectName("settingsRemedy")
        self.remedy.setAutoDefault(False)
        self.remedy.hide()
        self.remedy.clicked.connect(self._take_remedy)
        self.save = QPushButton()
        self.save.setObjectName("settingsSave")
        self.save.setProperty("primary", True)

    def _box(self, name: str, text: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setObjectName(name)
        return box

    def _lay_out(self) -> None:
        theme = self._s.theme
        form = QWidget()
        form.setObjectName("surface")
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(4))
        column.addWidget(self.subtitle)
        kinds = QWidget()
        choice_row = QVBoxLayout(kinds)
        choice_row.setContentsMargins(insets(0, 0, 0, 6))
        choice_row.addWidget(label(theme, tr(KINDS_DIFFER), role="secondary", wrap=True))
        for button in self.kinds.values():
            choice_row.addWidget(button)
        kinds.setVisible(all(self._of_kind.values()))
        column.addWidget(kinds)
        column.addWidget(label(theme, tr("Hotpatch"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        for box, name in ((self.enroll, "enroll"), (self.hotpatch, "hotpatch")):
            column.addWidget(box)
            column.addLayout(self._indented(self.mixed[name]))
        column.addLayout(self._indented(self.hotpatch_hint))
        column.addSpacing(px(6))
        column.addWidget(
            label(theme, tr("Patch orchestration"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        )
        column.addWidget(self.mixed["orchestration"])
        for choice, button in self.orchestrations.items():
            column.addWidget(button)
            column.addLayout(self._indented(self._meanings[choice]))
        column.addSpacing(px(6))
        column.addWidget(label(theme, tr("Assessment"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        column.addWidget(self.periodic)
        column.addLayout(self._indented(self.mixed["periodic_assessment"]))
        several = self._is_several
        column.addWidget(self._order(shown=several))
        self.list.setVisible(several)
        is_low = room_of(self).height() < px(LOW_PX)
        if is_low:
            column.addWidget(self.list)
        column.addStretch(1)
        area = ScrollArea(tr("Settings"), form)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.column.setSpacing(px(6))
        self.column.addWidget(area, 1)
        self.column.addWidget(self.sum)
        if not is_low:
            self.column.addWidget(self.list)
        self.column.addWidget(self.typed)
        self.column.addWidget(self.problem)
        self.column.addWidget(self.remedy, 0, Qt.AlignmentFlag.AlignLeft)
        self.cancel = self.closer(tr("Cancel"))
        self.finish(SIZE_OF_SEVERAL_PX if several else SIZE_PX, self.save, self.cancel)

    def _order(self, *, shown: bool) -> QWidget:
        """The order of the machines; a single one has none."""
        made = QWidget()
        rows = QVBoxLayout(made)
        rows.setContentsMargins(insets(0, 6, 0, 6))
        rows.setSpacing(px(6))
        rows.addWidget(label(self._s.theme, tr("Order"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        fields = (self.choice.order, self.choice.size, self.choice.stop)
        rows.addLayout(WrapLayout(fields, px(12)))
        rows.addWidget(self.wave_hint)
        made.setVisible(shown)
        return made

    def _indented(self, widget: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(round(INDENT_PX * self._theme.scale), 0, 0, 0)
        row.addWidget(widget)
        return row

    def _load(self) -> None:
        """Show the machines' settings without touching any."""
        self._is_loading = True
        self._touched.clear()
        names = ", ".join(one.name for one in self._own[:5])
        more = tr(" and %n more", len(self._own) - 5) if len(self._own) > 5 else ""
        self.subtitle.setText(f"{names}{more}")
        possible = any(map(can_be_enrolled, self._machines))
        for box, name in (
            (self.hotpatch, "hotpatch"),
            (self.enroll, "enroll"),
            (self.periodic, "periodic_assessment"),
        ):
            found = shared(self._machines, name)
            box.setTristate(bool(found.mixed))
            state = Qt.CheckState.Checked if found.value else Qt.CheckState.Unchecked
            box.setCheckState(Qt.CheckState.PartiallyChecked if found.mixed else state)
            self._show_mixed(name, found.mixed)
        self.hotpatch.setEnabled(possible)
        self.enroll.setEnabled(possible)
        self.enroll.setVisible(self._is_arc)
        self._load_orchestration()
        self._is_loading = False
        self.check()

    def _load_orchestration(self) -> None:
        found = shared(self._machines, "orchestration")
        self.choices.setExclusive(False)
        for choice, button in self.orchestrations.items():
            button.setChecked(choice.value == found.value)
            is_offered = not (self._is_arc and choice is Orchestration.SAFE_DEPLOYMENT)
            button.setVisible(is_offered)
            self._meanings[choice].setVisible(is_offered)
            self._meanings[choice].setText(choice.meaning(is_arc=self._is_arc))
        self.choices.setExclusive(True)
        self._show_mixed("orchestration", found.mixed)

    def _show_mixed(self, name: str, text: str) -> None:
        self.mixed[name].setText(text)
        self.mixed[name].setVisible(bool(text))

    def _connect(self) -> None:
        self.hotpatch.checkStateChanged.connect(lambda: self._touch("hotpatch", self.hotpatch))
        self.enroll.checkStateChanged.connect(self._follow_enrollment)
        self.periodic.checkStateChanged.connect(
            lambda: self._touch("periodic_assessment", self.periodic)
        )
        self.choices.buttonToggled.connect(self._on_choice)
        self.typed.textChanged.connect(self.check)
        self.choice.edited.connect(self._show_order)
        everyone = [one for own in self._of_kind.values() for one in own]
        names = sorted({name for one in everyone for name, _ in one.machine.tags})
        self.choice.set_groups(names, len(everyone))
        self._kind_group.buttonToggled.connect(self._change_kind)
        self.save.clicked.connect(self._save)

    def _change_kind(self) -> None:
        is_arc = self.kinds[True].isChecked()
        if is_arc is not self._is_arc:
            self._is_arc = is_arc
            choice = self._choices[is_arc]
            self._load()
            self._show_choice(choice)

    def _show_choice(self, choice: _Choice) -> None:
        """Show the earlier selection for this kind of machine."""
        self._is_loading = True
        change, touched = choice.change, choice.touched
        for name, box, value in (
            ("enroll", self.enroll, choice.enroll),
            ("hotpatch", self.hotpatch, change.hotpatch),
            ("periodic_assessment", self.periodic, change.periodic_assessment),
        ):
            if name in touched:
                box.setTristate(False)
                box.setChecked(bool(value))
        if choice.enroll is not None and "hotpatch" not in touched:
            self.hotpatch.setTristate(False)
            self.hotpatch.setChecked(choice.enroll)
            self._show_mixed("hotpatch", "")
        if change.orchestration is not None:
            self.orchestrations[change.orchestration].setChecked(True)
        for name in touched:
            self._show_mixed(name, "")
        self._touched = set(touched)
        self._is_loading = False
        self.check()

    def _on_choice(self, _: object, is_on: bool) -> None:
        if is_on:
            self._touch("orchestration")

    def _touch(self, name: str, box: QCheckBox | None = None) -> None:
        """Mark a setting as changed by the user; others are never sent."""
        if self._is_loading or (box and box.checkState() is Qt.CheckState.PartiallyChecked):
            return
        if box is not None:
            box.setTristate(False)
        self._touched.add(name)
        self._show_mixed(name, "")
        self.check()

    def _follow_enrollment(self) -> None:
        """Turn hotpatch on with the enrollment, and off without a license."""
        if self._is_loading or self.enroll.checkState() is Qt.CheckState.PartiallyChecked:
            return
        self._is_loading = True
        self.hotpatch.setTristate(False)
        self.hotpatch.setChecked(self.enroll.isChecked())
        self._show_mixed("hotpatch", "")
        if self.enroll.isChecked():
            self._touched.add("hotpatch")
        else:
            self._touched.discard("hotpatch")
        self._is_loading = False
        self._touch("enroll", self.enroll)

    @property
    def _enrollment(self) -> bool | None:
        """True to enroll, False to end it, None to leave it."""
        return self.enroll.isChecked() if "enroll" in self._touched else None

    def change(self) -> SettingsChange:
        """Touched settings."""
        touched = self._touched
        selected = next((o for o, b in self.orchestrations.items() if b.isChecked()), None)
        return SettingsChange(
            selected if "orchestration" in touched else None,
            self.hotpatch.isChecked() if "hotpatch" in touched else None,
            self.periodic.isChecked() if "periodic_assessment" in touched else None,
        )

    def check(self) -> None:
        """Show the effect on each machine, and why Azure would reject it."""
        self._choices[self._is_arc] = _Choice(
            self.change(), self._enrollment, frozenset(self._touched)
        )
        shown = [kind for kind in self._of_kind if self._choices[kind].touched]
        self.plan = SettingsPlan(
            tuple(m for kind in shown or [self._is_arc] for m in self._plan_of(kind).machines)
        )
        affected = len(self.plan.affected)
        self.hotpatch_hint.setText(self._meaning())
        self.sum.setText(
            tr("No changes yet.")
            if not shown
            else self.plan.text
            if self._is_several
            else self.plan.handover_text
        )
        self.sum.setVisible(self._is_several or bool(self.plan.handover_text))
        self._show_list()
        refused = self.plan.skipped[0] if self.plan.skipped and not affected else None
        self.typed.set_count(affected)
        problem = f"{refused.name}: {refused.skip_reason}" if refused else self.typed.problem
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.save.setText(tr("Save for %n machine(s)", affected) if affected else tr("Save"))
        self.save.setEnabled(bool(affected) and not problem)
        self.save.setToolTip("" if affected else problem or tr("Nothing is changed."))

        self._show_remedy()

    def _plan_of(self, is_arc: bool) -> SettingsPlan:
        """The effect on the machines of one kind."""
        choice = self._choices[is_arc]
        return plan_settings(self._of_kind[is_arc], choice.change, choice.enroll)

    def _safe_deployment_helps(self) -> int:
        """On how many more machines hotpatch can be turned on with the orchestration that it needs."""
        change = self.change()
        if not change.hotpatch or change.orchestration is not None or self._is_arc:
            return 0
        changed = change._replace(orchestration=Orchestration.SAFE_DEPLOYMENT)
        affected = len(self._plan_of(self._is_arc).affected)
        return len(plan_settings(self._own, changed, self._enrollment).affected) - affected

    def _show_remedy(self) -> None:
        """Offer the orchestration that hotpatch needs, if it makes the change possible on more machines."""
        more, safe = self._safe_deployment_helps(), Orchestration.SAFE_DEPLOYMENT
        self.remedy.setVisible(more > 0)
        self.remedy.setText(tr("Also choose {safe} on %n of these machines", more, safe=safe.label))

    def _take_remedy(self) -> None:
        self.choose(Orchestration.SAFE_DEPLOYMENT)

    def choose(self, orchestration: Orchestration) -> None:
        """Choose a patch orchestration as the user would."""
        self.orchestrations[orchestration].setChecked(True)

    def choose_hotpatch(self) -> None:
        """Turn hotpatch on as the user would, with the license and orchestration that it needs, for machines of each kind."""
        for is_arc in (kind for kind in (True, False) if self._of_kind[kind]):
            self.kinds[is_arc].setChecked(True)
            needs_license = is_arc and not all(m.arc and m.arc.is_enrolled for m in self._machines)
            (self.enroll if needs_license else self.hotpatch).setChecked(True)
            if self._safe_deployment_helps() > 0:
                self.choose(Orchestration.SAFE_DEPLOYMENT)

    def _show_list(self) -> None:
        self.list.clear()
        self._fill_list()
        rows = min(MAX_LISTED, max(1, self.list.topLevelItemCount()))
        height = round(rows * ROW_PX * self._theme.scale)
        self.list.setFixedHeight(height + self.list.header().sizeHint().height() + 2)

    def _fill_list(self) -> None:
        if not any(choice.touched for choice in self._choices.values()):
            return
        ordered = sorted(self.plan.machines, key=lambda m: (not m.skip_reason, not m.changes))
        for one in ordered[:LISTED]:
            item = QTreeWidgetItem([one.name, one.text])
            item.setToolTip(1, plain_tip(one.text))
            item.setSizeHint(0, QSize(0, round(ROW_PX * self._theme.scale)))
            self.list.addTopLevelItem(item)
        if len(ordered) > LISTED:
            self.list.addTopLevelItem(
                QTreeWidgetItem([tr("and %n more", len(ordered) - LISTED), ""])
            )

    def _meaning(self) -> str:
        if not self.hotpatch.isEnabled():
            what = (
                tr("runs an operating system that Azure can enroll")
                if self._is_arc
                else tr("has an image that supports hotpatching")
            )
            return tr("Not available: no selected machine {what}.", what=what)
        if self.hotpatch.checkState() is Qt.CheckState.PartiallyChecked:
            return tr("Unchanged on each machine.")
        states = [bool(m.settings.hotpatch_enabled) for m in self._machines]
        product = self._machines[0].product
        today = release_day(self._s.clock())
        next_baseline = self._s.calendar().next_restart(product, today) if product else None
        when = tr(", planned for {day}", day=day_name(next_baseline.day)) if next_baseline else ""
        if self.hotpatch.isChecked() and not all(states):
            return tr(
                "Takes effect with the next baseline{when}. Until then, regular updates restart the "
                "machine.",
                when=when,
            )
        if not self.hotpatch.isChecked() and any(states):
            return tr(
                "The machine returns to regular updates, which restart it every month. Turned on "
                "again, hotpatch waits for the next baseline{when}.",
                when=when,
            )
        if all(states):
            return tr("On. The next baseline restarts the machine{when}.", when=when)
        return tr("Off. Every month's cumulative update restarts the machine.")

    def _show_order(self) -> None:
        is_all = self.choice.waves.mode is WaveMode.ALL
        self.wave_hint.setText(
            tr("All requests are sent at once.")
            if is_all
            else tr(
                "{text} This program sends each machine's request while it's running. If a "
                "license must be assigned first, enrollment and settings are sent as two "
                "actions, each in this order.",
                text=self.choice.waves.text,
            )
        )

    def _in_order(self, machine_ids: Sequence[int]) -> tuple[list[int], list[str]]:
        """The machines in the order of their waves, and the waves' names if they are groups."""
        by, wanted = self.choice.grouped_by, set(machine_ids)
        if not by:
            return list(machine_ids), []
        own = [o for of in self._of_kind.values() for o in of if o.machine_id in wanted]
        pairs = sorted((wave_name(o.machine, by), o.machine_id) for o in own)
        return [i for _, i in pairs], [name for name, _ in pairs]

    def _save(self) -> None:
        self.save.setEnabled(False)
        for is_arc, choice in self._choices.items():
            plan = self._plan_of(is_arc)
            if plan.license_changed and choice.enroll is not None:
                ids, names = self._in_order(plan.license_changed)
                self._s.actions.enroll(ids, on=choice.enroll, waves=self.choice.waves, groups=names)
            if plan.configured:
                ids, names = self._in_order(plan.configured)
                self._s.actions.change_settings(ids, choice.change, self.choice.waves, names)
        self.accept()
