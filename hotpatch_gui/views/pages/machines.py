"""The Machines page: the list on the left, the blade on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
)

from hotpatch_gui.domain.kb import normalize_kb
from hotpatch_gui.domain.machine_filter import (
    EVERY_MACHINE,
    Condition,
    MachineFilter,
)
from hotpatch_gui.domain.problems import ProblemKind
from hotpatch_gui.domain.sync_state import SyncState
from hotpatch_gui.models import display_text
from hotpatch_gui.models.connection_state import problem_level
from hotpatch_gui.models.machine_list import MachinesModel, everyone, name_of, read_links
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX, TITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.empty import EmptyState
from hotpatch_gui.views.widgets.filter_bar import FilterBar
from hotpatch_gui.views.widgets.labels import label, line
from hotpatch_gui.views.widgets.lazy_widget import LazyWidget
from hotpatch_gui.views.widgets.machine_choices import MachineChoices
from hotpatch_gui.views.widgets.machine_list import MachineList
from hotpatch_gui.views.widgets.table import Table

if TYPE_CHECKING:
    from hotpatch_gui.models.machine_grid import MachineGridModel
    from hotpatch_gui.views.blade import Blade

tr = translator("MachinesPage")

LIST_WIDTH_PX = 336
PANEL_PX, PAGE_PX = 12, 16
"""Margins of a panel and of a page."""
COMMANDS = ("assess", "install", "configure", "restart", "start")
"""The commands of the context menu and above the grid."""
MAX_KEPT = 500
"""How many selected machines are kept for the next start."""


class MachinesPage(QSplitter):
    """Filters, sorts and selects; the blade shows the selection.

    Signals:
        connect_requested (): the user chose to connect.
        update_requested (str): show this KB across the fleet.
        search_restored (str): a saved filter searches for this text.
    """

    connect_requested = Signal()
    update_requested = Signal(str)
    search_restored = Signal(str)

    def __init__(self, services: Services, sync: SyncState) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._s = services
        self._grid_model: MachineGridModel
        self._follows_filter = False
        """The selection was made by a search, not by the user."""
        self._carried: tuple[int, ...] = ()
        """The list's selection, until the grid has rows."""
        self._restored: tuple[int, ...] = ()
        """The last session's selection, until the rows are loaded."""
        theme = services.theme
        self.model = MachinesModel(services.source, services.clock, self)
        self.list = MachineList(theme, services.preferences, self.model, services.clock)
        self.count_label = label(theme, role="secondary", px=SUBTITLE_PX)
        self.count_label.setObjectName("machineCount")
        self.choices = MachineChoices(services)
        self._make_kb_chip()
        self.filters = FilterBar(services)
        self._sync, self._syncing, self._is_connected = sync, False, True
        self._blade = LazyWidget(self._make_blade)
        self._grid = LazyWidget(self._make_grid)
        self.as_grid = QToolButton()
        self.as_grid.setObjectName("machinesAsGrid")
        self.as_grid.setCheckable(True)
        self.as_grid.setIconSize(QSize(16, 16) * theme.scale)
        self.as_grid.setToolTip(tr("Show as a grid"))
        self.as_grid.setAccessibleName(tr("Show as a grid"))
        services.icons.give("columns", self.as_grid.setIcon)
        self.nothing = EmptyState(theme)
        self.nothing.button.clicked.connect(self._clear_filter)
        self._lay_out()
        self.list.fill_menu = self._fill_menu
        self.as_grid.toggled.connect(self._show_view)
        self.choices.groups_chosen.connect(self._show_in_grid)
        self.choices.state_chosen.connect(self._filter)
        self.filters.filtered.connect(self._show_filtered)
        self.choices.order_chosen.connect(self._sort)
        self._blade.built.connect(self._update_blade)
        self._blade.built.connect(self._on_selected)
        self.model.rows_changed.connect(self._on_rows)
        self.model.failed.connect(self._show_failure)
        self.list.selectionModel().selectionChanged.connect(self._on_selected)
        self.model.load_first_screen()
        self._s.source.minute_passed.connect(self._reapply_filter)

    def _make_kb_chip(self) -> None:
        self.kb = QPushButton()
        self.kb.setObjectName("machinesKb")
        self.kb.setProperty("chip", True)
        self.kb.setToolTip(
            tr("Show the machines on which this update is missing, installed or failed")
        )
        self.kb.clicked.connect(lambda: self.update_requested.emit(self._current_filter.text))
        self.kb.hide()

    def _lay_out(self) -> None:
        theme = self._s.theme
        panel = QFrame()
        panel.setObjectName("listPanel")
        self._head = head = QHBoxLayout()
        self._title = label(theme, tr("Machines"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        head.addWidget(self._title)
        head.addSpacing(px(8))
        head.addWidget(self.count_label)
        head.addStretch(1)
        head.addWidget(self.filters.button)
        head.addWidget(self.as_grid)
        self._lists = QStackedWidget()
        self._lists.addWidget(self.list)
        self._lists.addWidget(self.nothing)
        self._lists.addWidget(self._grid)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.choices)
        column.addWidget(self.filters)
        self._found = found = QHBoxLayout()
        found.addWidget(self.kb)
        found.addStretch(1)
        column.addLayout(found)
        column.addWidget(line())
        self._make_bar()
        column.addWidget(self._bar)
        column.addWidget(self._lists, 1)
        self.addWidget(panel)
        self.addWidget(self._blade)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        panel.setMinimumWidth(round(308 * theme.scale))
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        self._fit_head(as_grid=False)
        width = round(LIST_WIDTH_PX * theme.scale)
        self.setSizes([width, 3 * width])

    def _fit_head(self, *, as_grid: bool) -> None:
        """The head of a page above the grid, and of a panel above the list."""
        side = PAGE_PX if as_grid else PANEL_PX
        self._head.setContentsMargins(insets(side, 12, side, 4))
        self.choices.set_side_margin(side)
        self.filters.set_side_margin(side)
        self._found.setContentsMargins(insets(side, 0, side, 0))
        size = TITLE_PX if as_grid else SUBTITLE_PX
        self._title.setFont(self._s.theme.font(size, SEMIBOLD_WEIGHT))

    def _make_bar(self) -> None:
        """The commands above the grid, filled with it."""
        self._bar = QToolBar()
        self._bar.setObjectName("gridCommands")
        self._bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._bar.setIconSize(QSize(18, 18) * self._s.theme.scale)
        self._bar.hide()
        self.selected = label(self._s.theme, role="secondary")
        self.selected.setObjectName("gridSelected")
        self.selected.setContentsMargins(insets(12, 0, 0, 0))
        self._bar_end = self._bar.addWidget(self.selected)

    @property
    def blade(self) -> Blade:
        return self._blade.content

    def _make_blade(self) -> Blade:
        from hotpatch_gui.views.blade import Blade  # noqa: PLC0415 - after the first paint

        blade = Blade(self._s)
        blade.empty.button.clicked.connect(self.connect_requested)
        blade.empty.other.clicked.connect(self._s.actions.show_demo)
        return blade

    @property
    def _current_filter(self) -> MachineFilter:
        return self.filters.machine_filter

    @property
    def grid(self) -> Table:
        """The machines as a grid, built when it is first shown."""
        return self._grid.content

    def _make_grid(self) -> Table:
        from hotpatch_gui.models.machine_grid import MachineGridModel  # noqa: PLC0415 - after the first paint
        from hotpatch_gui.views.widgets.export import (  # noqa: PLC0415 - after the first paint
            ExportButton,
            table_report,
        )

        self._grid_model = MachineGridModel(self._s.source, self._s.clock, self)
        grid = Table(
            self._s.theme, self._s.preferences, self._grid_model, "machinesGrid", tr("Machines")
        )
        grid.fill_menu = self._fill_menu
        for key in COMMANDS:
            self._bar.insertAction(self._bar_end, self.blade.commands[key])
        grid.opened.connect(self.choose)
        grid.selectionModel().selectionChanged.connect(self._on_selected)
        self._grid_model.rows_changed.connect(self._on_grid_rows)
        export = ExportButton(
            self._s, tr("Machines"), lambda: table_report(grid, tr("Machines"), self._s)
        )
        export.setProperty("flat", True)
        export.setIconSize(self._bar.iconSize())
        self._s.icons.give("export", export.setIcon)
        self._bar.insertWidget(self._bar_end, export)
        return grid

    def _show_view(self, as_grid: bool) -> None:
        """Show the list with the blade, or the grid over the whole page."""
        selected = (self.list if as_grid else self.grid).selected_ids
        self._fit_head(as_grid=as_grid)
        self.choices.show_for(as_grid=as_grid)
        self._bar.setVisible(as_grid)
        self._blade.setVisible(not as_grid)
        if as_grid:
            self._show_in_grid()
        self._show_rows()
        self._carried = tuple(selected) if as_grid else ()
        if as_grid:
            self._on_grid_rows()
        else:
            self._select(self.list, selected)
            self._on_selected()

    def _on_grid_rows(self) -> None:
        """Select what the list had selected, once the grid has rows."""
        if self._carried and self._grid_model.rowCount():
            carried, self._carried = self._carried, ()
            self._select(self.grid, carried)
        self._on_selected()

    def _show_in_grid(self) -> None:
        if self.as_grid.isChecked():
            _ = self.blade.commands, self.grid  # the grid shows the blade's commands
            self._grid_model.show(self._current_filter, self.choices.grouping)

    def _fill_menu(self, menu: QMenu) -> None:
        """Commands for the selected machines."""
        for key in COMMANDS:
            menu.addAction(self.blade.commands[key])
        menu.addSeparator()
        rows = read_links(self._s.source, self._selected_ids)
        copy = QGuiApplication.clipboard().setText
        menu.addAction(tr("Copy name"), lambda: copy("\n".join(r.name for r in rows)))
        menu.addAction(tr("Copy resource ID"), lambda: copy("\n".join(r.azure_id for r in rows)))
        page = rows[0].page if len(rows) == 1 else ""
        portal = menu.addAction(tr("Open in the Azure portal"))
        portal.setEnabled(bool(page))
        portal.triggered.connect(lambda: QDesktopServices.openUrl(QUrl(page)))
        menu.addAction(tr("Get support…"), self.open_support)

    def open_support(self) -> None:
        """Write a support request about the selected machines."""
        from hotpatch_gui.views.dialogs.support import SupportDialog  # noqa: PLC0415 - only when it opens

        ids = tuple(self._selected_ids)
        open_once(self, lambda: SupportDialog(self._s, ids, self.window()))

    @property
    def _selected_ids(self) -> list[int]:
        """The machines that the list or the grid shows as selected."""
        table = self.grid if self.as_grid.isChecked() and self._grid.is_built else self.list
        return table.selected_ids

    def search(self, text: str) -> None:
        self.show_only(self._current_filter._replace(text=text))

    def _show_filtered(self, machine_filter: MachineFilter) -> None:
        """Show what the user chose; a saved filter may have a search of its own."""
        is_other = machine_filter.text != self._current_filter.text
        self.show_only(machine_filter)
        if is_other:
            self.search_restored.emit(machine_filter.text)

    def show_only(self, machine_filter: MachineFilter) -> None:
        """Show the machines that match the filter."""
        if not self.choices.show_situations(machine_filter.situations):
            machine_filter = machine_filter._replace(situations=())
        if (
            machine_filter.condition is Condition.UPDATE_MISSING
            and self._current_filter != machine_filter
        ):
            self.choices.sort_by_longest_behind()
        self.filters.show_filter(machine_filter)
        kb = normalize_kb(machine_filter.text)
        self.kb.setVisible(kb is not None)
        self.kb.setText(tr("Show {kb} in Updates", kb=kb or ""))
        self.model.filter(machine_filter)
        self._show_in_grid()

    def show_machines_behind(self, machine_filter: MachineFilter) -> None:
        """Show the machines behind a figure of another page. A selection of several machines is cleared."""
        if len(self._selected_ids) > 1:
            self._drop_selection()
        self.show_only(machine_filter)

    def _drop_selection(self) -> None:
        for table in (self.list, self.grid) if self.as_grid.isChecked() else (self.list,):
            table.clearSelection()
            table.setCurrentIndex(QModelIndex())

    def restore(self, stored_filter: str, selected: Sequence[int]) -> None:
        """Show the last session's filter, view and selection."""
        if stored_filter:
            from hotpatch_gui.models.filters import from_text  # noqa: PLC0415 - only with a stored filter

            self.show_only(from_text(stored_filter) or EVERY_MACHINE)
        self._restored = tuple(selected)
        self._select_restored()
        self._restore_view(self._s.preferences.machine_view)

    def _restore_view(self, stored: Mapping[str, str]) -> None:
        """Show the last session's order, grouping and view."""
        self.choices.restore(stored)
        self.as_grid.setChecked(stored.get("view") == "grid")

    def _select_restored(self) -> None:
        """Select the last session's machines once they are listed."""
        if any(self.model.number_of(i) is not None for i in self._restored):
            self._select(self.list, self._restored)
            self._restored = ()

    def _select(self, table: Table, machine_ids: Sequence[int]) -> None:
        """Select the machines that the table lists; the first one is the current one."""
        numbers = [n for n in map(table.rows.number_of, machine_ids) if n is not None]
        flags = QItemSelectionModel.SelectionFlag
        selection = table.selectionModel()
        for place, number in enumerate(numbers):
            index = table.rows.index(number, 0)
            if place:
                selection.select(index, flags.Select | flags.Rows)
            else:
                selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def save(self) -> None:
        """Keep the filter, the view and the selection for the next session; a search isn't kept."""
        from hotpatch_gui.models.filters import to_text  # noqa: PLC0415 - after the first paint

        machine_filter = self._current_filter._replace(text="")
        self._s.preferences.machine_filter = (
            to_text(machine_filter) if machine_filter != EVERY_MACHINE else ""
        )
        self._s.preferences.machine_view = {
            "view": "grid" if self.as_grid.isChecked() else "list",
            **self.choices.stored,
        }
        self._s.preferences.selected = self.list.selected_ids[:MAX_KEPT]

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
        """Show one machine by row ID; a search or filter that hides it is cleared."""
        self.as_grid.setChecked(False)
        self._restored = ()
        if self.list.select_id(machine_id):
            self.list.scrollTo(self.list.currentIndex())
            return
        self._restored = (machine_id,)
        self.show_only(EVERY_MACHINE)

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
        if self._s.source.open_error:
            self.blade.show_empty_state(
                Glyph.ERROR, tr("The data file couldn't be opened"), self._s.source.open_error
            )
        elif not self._is_connected:
            self.blade.show_empty_state(
                Glyph.INFO,
                tr("No connection yet"),
                tr("Connect to Azure with your own account, or explore the demo first."),
                tr("Connect…"),
                tr("Explore the demo"),
            )
        elif state.problem and not syncing:
            self.blade.show_empty_state(
                display_text.LEVEL_GLYPHS[problem_level(state)],
                tr("Azure couldn't be read"),
                f"{state.problem} {state.next_step}",
            )
        elif self.model.rowCount() == 0 and self._is_filtered and not self._is_first_reading:
            self.blade.show_empty_state(
                Glyph.INFO,
                tr("No machine matches"),
                tr("Clear the search or the filter to see the others."),
            )
        elif self._is_first_reading or (syncing and self.model.rowCount() == 0):
            self.blade.show_empty_state(
                Glyph.RUNNING,
                tr("Reading your machines"),
                tr("The first sync reads every machine from Azure.")
                if self._is_first_reading
                else "",
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

    def _reapply_filter(self) -> None:
        """Apply the filter again, because filters by age depend on the time."""
        self.model.filter(self._current_filter)
        self._show_in_grid()

    def _filter(self) -> None:
        self.show_only(self._current_filter._replace(situations=self.choices.situations))

    def _sort(self) -> None:
        key, descending = self.choices.order
        if (key, descending) != (self.model.sort_key, self.model.sort_descending):
            self.model.sort_key, self.model.sort_descending = key, descending
            self.model.query_again()

    def _show_failure(self, why: str) -> None:
        self.nothing.show_text(Glyph.ERROR, tr("The list can't be shown"), why)
        self._lists.setCurrentWidget(self.nothing)

    def _on_rows(self) -> None:
        count = self.model.rowCount()
        filtered = self._is_filtered
        total = self.model.total() if filtered else count
        self.count_label.setText(_count_text(count, total, filtered=filtered))
        self._show_rows()
        if count == 0 and filtered:
            self._show_no_match()
            if self._blade.is_built:
                self._update_blade()
        if self._restored:
            self._select_restored()
        if count and not self.list.selectionModel().hasSelection() and not self._is_first_reading:
            self._choose_again()
        self._on_selected()

    def _show_no_match(self) -> None:
        """Say what hides the machines, with a button that ends it."""
        others = self._current_filter._replace(text="") != EVERY_MACHINE
        if self._current_filter.text and others:
            explanation = tr("Only the filtered machines were searched.")
        else:
            explanation = tr("No machines match the filter.") if others else ""
        button = tr("Clear the filter") if others else ""
        self.nothing.show_text(Glyph.INFO, tr("No match"), explanation, button)

    def _clear_filter(self) -> None:
        self.show_only(EVERY_MACHINE._replace(text=self._current_filter.text))

    def _show_rows(self) -> None:
        is_empty = self.model.rowCount() == 0 and self._is_filtered
        table = self._grid if self.as_grid.isChecked() else self.list
        self._lists.setCurrentWidget(self.nothing if is_empty else table)

    @property
    def _is_filtered(self) -> bool:
        return self._current_filter != EVERY_MACHINE

    def _choose_again(self) -> None:
        """Keep the selection if listed, else select the first row.

        No command may reach a machine that the list doesn't show as selected.
        """
        shown = self.blade.machine_ids if self._blade.is_built else ()
        here = [i for i in shown if self.model.number_of(i) is not None]
        first = self.model.id_at(0)
        self._follows_filter = bool(self._current_filter.text)
        self._select(self.list, here or [i for i in (first,) if i is not None])
        self._follows_filter = False

    def _on_selected(self) -> None:
        if not self._blade.is_built:
            return
        ids = self._selected_ids
        self.selected.setText(tr("%n selected", len(ids)))
        if ids != list(self.blade.machine_ids):
            self.blade.show_machines(ids, is_passing=self._follows_filter)


def _count_text(count: int, total: int, *, filtered: bool) -> str:
    """How many machines are shown; nothing while none is known, because the page says why."""
    if not total:
        return ""
    return tr("{count:,} of {total:,}", count=count, total=total) if filtered else f"{count:,}"
