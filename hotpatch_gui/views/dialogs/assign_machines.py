"""The dialog that assigns machines to a schedule, and prepares them if the user agrees."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QWidget

from hotpatch_gui.domain.phrases import join, some_names
from hotpatch_gui.models import schedule_targets
from hotpatch_gui.models.checked import CheckedModel, CheckedRow
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.schedule_targets import AssignableMachines
from hotpatch_gui.models.schedules import ScheduleEntry
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.tokens import ROW_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.typed_number import TypedNumber

from .install.parts import fit_names, list_of
from .surface import SurfaceDialog

tr = translator("AssignMachinesDialog")

MAX_NAMES = 3
SIZE_PX = (800, 560)
NOTHING = AssignableMachines((), frozenset(), frozenset())


class AssignMachinesDialog(SurfaceDialog):
    """Lists the connection's machines."""

    def __init__(self, services: Services, parent: QWidget, entry: ScheduleEntry) -> None:
        title = tr("Assign machines to {name}", name=entry.name)
        super().__init__(services.theme, "assignMachinesDialog", title, parent)
        self._s, self._entry = services, entry
        self._found, self._ticked = NOTHING, set[int]()
        theme = services.theme
        self.search = QLineEdit()
        self.search.setObjectName("assignSearch")
        self.search.setPlaceholderText(tr("Filter by machine or resource group"))
        self.search.setAccessibleName(tr("Filter by machine or resource group"))
        self.search.setClearButtonEnabled(True)
        heads = (tr("Machine"), tr("Resource group"), tr("Hotpatch"), tr("Update settings"))
        self.model = CheckedModel(heads, round(ROW_PX * theme.scale), self, ticks=True)
        self.view = list_of(
            theme, self.model, "assignMachines", tr("Machines to assign"), (170, 140, 156, 230)
        )
        self.counted = label(theme, wrap=True)
        self.counted.setObjectName("assignCounted")
        self.prepare = QCheckBox()
        self.prepare.setObjectName("assignPrepare")
        self.prepare.toggled.connect(self._show)
        self.consequence = label(theme, role="secondary", wrap=True)
        self.consequence.setObjectName("assignConsequence")
        self.typed = TypedNumber(theme)
        self.all = QPushButton(tr("Select all shown"))
        self.all.setObjectName("assignAll")
        self.all.setAutoDefault(False)
        self.all.clicked.connect(self._tick_all)
        top = QHBoxLayout()
        top.setSpacing(px(8))
        top.addWidget(self.search, 1)
        top.addWidget(self.all)
        self.column.addLayout(top)
        for widget in (self.view, self.counted, self.prepare, self.consequence, self.typed):
            self.column.addWidget(widget)
        self.column.setStretchFactor(self.view, 1)
        self.assign = QPushButton()
        self.assign.setObjectName("assignSave")
        self.assign.setProperty("primary", True)
        self.assign.clicked.connect(self._assign)
        self.finish(SIZE_PX, self.assign, self.closer(tr("Cancel")))
        self.search.textChanged.connect(self._filter)
        self.model.ticked.connect(self._on_ticked)
        self.typed.textChanged.connect(self._show)
        self._channel = QueryChannel(services.source, self._show_found, self.counted.setText, self)
        row = entry.row
        self._channel.query(
            partial(
                schedule_targets.read_candidates,
                connection_id=row.connection_id,
                schedule_id=row.resource_id,
            )
        )
        self._show()

    def _show_found(self, found: AssignableMachines) -> None:
        self._found = found
        self._filter()
        fit_names(self.view)

    def _filter(self) -> None:
        """Show the rows that fit the search; ticks of others stay."""
        words = self.search.text().casefold().split()
        rows = [
            row
            for row in self._found.rows
            if all(word in f"{row.cells[0]}\n{row.cells[1]}".casefold() for word in words)
        ]
        self.model.show_ticked(rows, self._ticked)
        self._show()

    def _tick_all(self) -> None:
        """Tick what the search shows; if all of that is ticked, untick it."""
        shown = {row.id for row in self.model.rows if row.can_check}
        self._ticked = self._ticked - shown if shown <= self._ticked else self._ticked | shown
        self._filter()

    def _on_ticked(self) -> None:
        self._ticked -= {row.id for row in self.model.rows}
        self._ticked |= set(self.model.ids)
        self._show()

    @property
    def _selected_rows(self) -> list[CheckedRow]:
        return [row for row in self._found.rows if row.id in self._ticked]

    def _names_of(self, machine_ids: Sequence[int]) -> str:
        named = [row.cells[0] for row in self._selected_rows if row.id in machine_ids]
        return some_names(named, MAX_NAMES)

    def _show(self) -> None:
        ids = [row.id for row in self._selected_rows]
        waiting = [i for i in ids if i in self._found.unprepared]
        hotpatched = [i for i in ids if i in self._found.hotpatched]
        unprepared = self._names_of(waiting)
        self.counted.setText(
            join(
                tr("%n machine(s) selected.", len(ids)),
                tr(
                    "Azure runs the schedule only on machines set to Customer Managed Schedules. %n machine(s) "
                    "aren't: {names}.",
                    len(waiting),
                    names=unprepared,
                )
                if waiting
                else "",
            )
        )
        self.prepare.setVisible(bool(waiting))
        self.prepare.setText(
            tr("Also set %n machine(s) to Customer Managed Schedules", len(waiting))
        )
        self.consequence.setVisible(bool(waiting) and self.prepare.isChecked())
        self.consequence.setText(
            join(
                tr("Automatic guest patching stops where it is on."),
                tr(
                    "Hotpatch is turned off on %n machine(s): {names}.",
                    len(hotpatched),
                    names=self._names_of(hotpatched),
                )
                if hotpatched
                else "",
            )
        )
        self.typed.set_count(len(ids))
        self.assign.setText(tr("Assign %n machine(s)", len(ids)))
        self.assign.setEnabled(bool(ids) and not self.typed.problem)
        self.assign.setToolTip(self.typed.problem)

    def _assign(self) -> None:
        self.assign.setEnabled(False)
        row, actions = self._entry.row, self._s.actions
        ids = [one.id for one in self._selected_rows]
        if self.prepare.isChecked():
            for machine_ids, change in schedule_targets.preparation(self._found, ids):
                actions.change_settings(machine_ids, change)
        known = row.schedule.azure_id or row.resource_id
        actions.assign_machines(row.connection_id, known, row.schedule.name, ids)
        self.accept()
