"""The Machines page: the list on the left, the blade on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.compliance_group import ComplianceGroup
from hotpatch_gui.domain.health import Situation
from hotpatch_gui.domain.machine_filter import EVERY_MACHINE, MachineFilter
from hotpatch_gui.domain.problems import ProblemKind
from hotpatch_gui.domain.sync_state import SyncState
from hotpatch_gui.models.machine_list import MachinesModel, everyone, name_of
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.empty import EmptyState
from hotpatch_gui.views.widgets.labels import label, line
from hotpatch_gui.views.widgets.lazy_widget import LazyWidget
from hotpatch_gui.views.widgets.machine_list import MachineList

if TYPE_CHECKING:
    from hotpatch_gui.views.blade import Blade

tr = translator("MachinesPage")

LIST_WIDTH_PX = 320
SCOPE_PX = 240
"""At most, the width of the filter's name."""

SORTS = (
    (tr.mark("Needs attention"), "attention", True),
    (tr.mark("Name"), "name", False),
    (tr.mark("Most updates"), "updates", True),
    (tr.mark("Oldest assessment"), "assessed", False),
)


class MachinesPage(QSplitter):
    """Filters, sorts and selects; the blade shows the selection.

    Signals:
        connect_requested (): the user chose to connect.
    """

    connect_requested = Signal()

    def __init__(self, services: Services, sync: SyncState) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._s = services
        self._wanted = EVERY_MACHINE
        self._follows_filter = False
        """The selection follows a search."""
        theme = services.theme
        self.model = MachinesModel(services.source, services.clock, self)
        self.list = MachineList(theme, services.settings, self.model, services.clock)
        self.count_label = label(theme, role="secondary", px=SUBTITLE_PX)
        self.count_label.setObjectName("machineCount")
        self.state = QComboBox()
        self.state.setObjectName("machineState")
        self.state.setAccessibleName(tr("Show machines by state"))
        self.state.addItem(tr("All machines"), ())
        for group in ComplianceGroup:
            self.state.addItem(group.label, group.stored)
        self.state.insertSeparator(self.state.count())
        for situation in Situation:
            self.state.addItem(situation.label, (situation.value,))
        self.scope = QPushButton()
        self.scope.setObjectName("machineScope")
        self.scope.setProperty("chip", True)
        self.sort = QComboBox()
        self.sort.setObjectName("machineSort")
        self.sort.setAccessibleName(tr("Sort machines by"))
        for text, key, descending in SORTS:
            self.sort.addItem(tr(text), (key, descending))
        self._sync, self._syncing, self._is_connected = sync, False, True
        self._blade = LazyWidget(self._make_blade)
        self.nothing = EmptyState(theme)
        self._lay_out()
        self.state.currentIndexChanged.connect(self._filter)
        self.scope.clicked.connect(self._leave_scope)
        self.sort.currentIndexChanged.connect(self._sort)
        self._blade.built.connect(self._update_blade)
        self._blade.built.connect(self._on_selected)
        self.model.rows_changed.connect(self._on_rows)
        self.model.failed.connect(self._show_failure)
        self.list.selectionModel().selectionChanged.connect(self._on_selected)
        self.model.load_first_screen()

    def _lay_out(self) -> None:
        theme = self._s.theme
        panel = QFrame()
        panel.setObjectName("listPanel")
        head = QHBoxLayout()
        head.setContentsMargins(12, 12, 12, 4)
        head.addWidget(label(theme, tr("Machines"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        head.addStretch(1)
        head.addWidget(self.count_label)
        filters = QHBoxLayout()
        filters.setContentsMargins(12, 4, 12, 12)
        filters.setSpacing(8)
        filters.addWidget(self.state, 1)
        filters.addWidget(self.sort, 1)
        for box in (self.state, self.sort):
            box.setMinimumContentsLength(8)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self._scope_row = QWidget()
        scope = QHBoxLayout(self._scope_row)
        scope.setContentsMargins(12, 0, 12, 12)
        scope.addWidget(self.scope)
        scope.addStretch(1)
        self._scope_row.hide()
        self._lists = QStackedWidget()
        self._lists.addWidget(self.list)
        self._lists.addWidget(self.nothing)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(filters)
        column.addWidget(self._scope_row)
        column.addWidget(line())
        column.addWidget(self._lists, 1)
        self.addWidget(panel)
        self.addWidget(self._blade)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        panel.setMinimumWidth(round(284 * theme.scale))
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        width = round(LIST_WIDTH_PX * theme.scale)
        self.setSizes([width, 3 * width])

    @property
    def blade(self) -> Blade:
        return self._blade.content

    def _make_blade(self) -> Blade:
        from hotpatch_gui.views.blade import Blade  # noqa: PLC0415 - after the first paint

        blade = Blade(self._s)
        blade.empty.button.clicked.connect(self.connect_requested)
        blade.empty.other.clicked.connect(self._s.actions.show_demo)
        return blade

    def search(self, text: str) -> None:
        self._wanted = self._wanted._replace(text=text)
        self._filter()

    def show_only(self, wanted: MachineFilter) -> None:
        """Show the machines that fit ``wanted``."""
        self._wanted = wanted
        choices = [self.state.itemData(n) for n in range(self.state.count())]
        self.state.blockSignals(True)
        self.state.setCurrentIndex(choices.index(wanted.situations))
        self.state.blockSignals(False)
        self._filter()

    def _leave_scope(self) -> None:
        """Show the machines outside the group or condition as well."""
        self.show_only(MachineFilter(self._wanted.text, self._wanted.situations))

    def go_to_first(self) -> None:
        """Move the focus from the search to the first match."""
        if self.model.rowCount():
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            flags = QItemSelectionModel.SelectionFlag
            first = self.model.index(0, 0)
            self.list.selectionModel().setCurrentIndex(first, flags.ClearAndSelect | flags.Rows)
            self.list.scrollTo(first)

    def forget(self) -> None:
        """Clear the selection."""
        self.list.clearSelection()
        if self._blade.is_built:
            self.blade.show_machines(())

    def choose(self, machine_id: int) -> None:
        """Select one machine by row ID."""
        self.list.select_id(machine_id)
        self.list.scrollTo(self.list.currentIndex())

    def selection(self) -> tuple[tuple[int, ...], str]:
        """Row IDs and a name of the machines shown; all machines without a selection."""
        ids = self.blade.machine_ids if self._blade.is_built else ()
        if not ids:
            return everyone(self._s.source), tr("All machines")
        if len(ids) > 1:
            return tuple(ids), tr("The %n selected machines", len(ids))
        return tuple(ids), name_of(self._s.source, ids[0])

    def show_sync(self, state: SyncState, *, syncing: bool, is_connected: bool) -> None:
        """Show the data's state, and why there are no machines."""
        self._sync, self._syncing, self._is_connected = state, syncing, is_connected
        if self._blade.is_built:
            self._update_blade()

    @property
    def _is_first_reading(self) -> bool:
        """Whether no sync has finished, so that the first row is arbitrary."""
        return self._is_connected and self._sync.finished is None and not self._sync.problem

    def _update_blade(self) -> None:
        state, syncing = self._sync, self._syncing
        self.blade.set_online(online=state.problem_kind != ProblemKind.OFFLINE)
        if self._s.source.refusal:
            self.blade.show_empty_state(
                Glyph.ERROR, tr("The data file could not be opened"), self._s.source.refusal
            )
        elif not self._is_connected:
            self.blade.show_empty_state(
                Glyph.INFO,
                tr("No connection yet"),
                tr("Connect to Azure with your own account, or explore a simulated Azure first."),
                tr("Connect…"),
                tr("Explore the demo"),
            )
        elif state.problem and not syncing:
            self.blade.show_empty_state(
                Glyph.ERROR, tr("Azure could not be read"), f"{state.problem} {state.next_step}"
            )
        elif self._is_first_reading or (syncing and self.model.rowCount() == 0):
            self.blade.show_empty_state(
                Glyph.RUNNING,
                tr("Reading your machines"),
                tr("The first sync reads every machine from Azure."),
            )
        elif self.model.rowCount() == 0 and self._is_filtered:
            self.blade.show_empty_state(
                Glyph.INFO,
                tr("No machine matches"),
                tr("Clear the search or the filter to see the others."),
            )
        elif self.model.rowCount() == 0:
            self.blade.show_empty_state(
                Glyph.INFO,
                tr("No machines found"),
                tr(
                    "Your account can't see any Windows virtual machines or Arc-enabled servers in the "
                    "selected subscriptions."
                ),
            )
        else:
            self.blade.show_empty_state(
                Glyph.INFO,
                tr("No machine selected"),
                tr("Select one or more machines in the list."),
            )

    def _filter(self) -> None:
        self._wanted = self._wanted._replace(situations=self.state.currentData())
        name = " ".join(self._wanted.name.split())
        shown = self.scope.fontMetrics().elidedText(
            name, Qt.TextElideMode.ElideRight, round(SCOPE_PX * self._s.theme.scale)
        )
        self.scope.setText(f"{shown.replace('&', '&&')} ✕")
        self.scope.setToolTip(plain_tip(f"{name}\n{tr('Show all machines again')}"))
        self.scope.setAccessibleName(tr("Remove the filter {name}", name=name))
        self._scope_row.setVisible(bool(self._wanted.name))
        self.model.filter(self._wanted)

    def _sort(self) -> None:
        key, descending = self.sort.currentData()
        if (key, descending) != (self.model.sort_key, self.model.sort_descending):
            self.model.sort_key, self.model.sort_descending = key, descending
            self.model.refresh()

    def _show_failure(self, why: str) -> None:
        self.nothing.show_text(Glyph.ERROR, tr("The list can't be shown"), why)
        self._lists.setCurrentWidget(self.nothing)

    def _on_rows(self) -> None:
        count = self.model.rowCount()
        self.count_label.setText(f"{count:,}")
        filtered = self._is_filtered
        self._lists.setCurrentWidget(self.nothing if count == 0 and filtered else self.list)
        if count == 0 and filtered:
            self.nothing.show_text(Glyph.INFO, tr("No match"), "")
            self._update_blade()
        if count and not self.list.selectionModel().hasSelection() and not self._is_first_reading:
            self._choose_again()
        self._on_selected()

    @property
    def _is_filtered(self) -> bool:
        return self._wanted != EVERY_MACHINE

    def _choose_again(self) -> None:
        """Keep the selection if listed, else select the first row.

        No command may reach a machine that the list doesn't show as selected.
        """
        shown = self.blade.machine_ids if self._blade.is_built else ()
        here = [n for n in map(self.model.number_of, shown) if n is not None]
        flags = QItemSelectionModel.SelectionFlag
        selection = self.list.selectionModel()
        self._follows_filter = bool(self._wanted.text)
        selection.setCurrentIndex(
            self.model.index(here[0] if here else 0, 0), flags.ClearAndSelect | flags.Rows
        )
        self._follows_filter = False
        for number in here[1:]:
            selection.select(self.model.index(number, 0), flags.Select | flags.Rows)

    def _on_selected(self) -> None:
        if not self._blade.is_built:
            return
        ids = self.list.selected_ids
        if ids != list(self.blade.machine_ids):
            self.blade.show_machines(ids, is_passing=self._follows_filter)
