"""The Schedules page: maintenance configurations, their machines, dynamic scopes and runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.phrases import listed
from hotpatch_gui.domain.schedule_changes import ChangeKind
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.models import schedule_columns, schedules
from hotpatch_gui.models.exports import Make
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.resource_groups import read_resource_groups
from hotpatch_gui.models.schedule_form import first_start
from hotpatch_gui.models.schedules import ScheduleEntry, ScheduleMachinesData, SchedulesData
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.dialogs.confirm import ConfirmDialog
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.banner import Banner
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points
from hotpatch_gui.views.widgets.scroll_area import ScrollArea
from hotpatch_gui.views.widgets.table import Table, TablePanel

from .table_page import PageFrame

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

tr = translator("SchedulesPage")

SEARCH_PX, STRIP_PX = 420, 176
MAX_NAMES = 5
"""Machines that a question names."""
_TABLES = frozenset(
    {"machines", "installations", "releases", "connections", "schedules", "schedule_changes"}
)


class SchedulesPage(PageFrame):
    """Maintenance configurations, and the selected one in detail.

    Signals:
        machine_opened (int): a machine's row ID.
        run_opened (str): a maintenance run ID.
    """

    machine_opened = Signal(int)
    run_opened = Signal(str)

    def __init__(self, services: Services) -> None:
        super().__init__(
            services.theme,
            tr("Schedules"),
            tr("Maintenance configurations that Azure Update Manager uses to patch machines."),
        )
        self._s = services
        theme = services.theme
        self._shown: ScheduleEntry | None = None
        self._shown_machines = ScheduleMachinesData([], [])
        self._has_unknown = self._is_unread = False
        self._id_to_select = 0
        """The row ID of a schedule that was just requested."""
        self.banner = Banner(theme)
        self.banner.hide()
        self.banner.button.clicked.connect(self._dismiss_or_cancel_changes)
        self.banner.button.hide()
        self.model = ListedModel(services.source, schedule_columns.SCHEDULES, services.clock, self)
        self.machines = ListedModel(
            services.source, schedule_columns.MACHINES, services.clock, self
        )
        self.runs = ListedModel(services.source, schedule_columns.RUNS, services.clock, self)
        self.panel = self._panel(self.model, "schedulesTable", tr("Schedules"))
        self.machines_panel = self._panel(
            self.machines, "scheduleMachinesTable", tr("Machines of the schedule")
        )
        self.runs_panel = self._panel(self.runs, "scheduleRunsTable", tr("Runs of the schedule"))
        self.strip = ChartHost(theme, "windowStrip", STRIP_PX, _make_strip)
        self.points = Points(theme)
        self.points.setObjectName("schedulePoints")
        self.name = label(theme, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)
        self.name.setObjectName("scheduleName")
        self.scopes = ListedModel(services.source, schedule_columns.SCOPES, services.clock, self)
        self.scopes_panel = self._panel(
            self.scopes, "scheduleScopesTable", tr("Dynamic scopes of the schedule")
        )
        self._entries: Sequence[ScheduleEntry] = ()
        self.search = QLineEdit()
        self.search.setObjectName("schedulesSearch")
        self.search.setAccessibleName(tr("Filter by schedule, resource group or connection"))
        self.search.setPlaceholderText(tr("Filter by schedule, resource group or connection"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(round(SEARCH_PX * theme.scale))
        self.search.textChanged.connect(self._filter)
        self._make_buttons()
        self.tools.addWidget(self.new)
        self.tools.addWidget(self.calendar)
        self.tools.addWidget(self.load)
        self.tools.addWidget(
            ExportButton(
                services,
                tr("Schedules"),
                self._report,
            )
        )
        self._lay_out()
        self._channel = QueryChannel(services.source, self._show_result, self._show_failure, self)
        self._machines_channel = QueryChannel(
            services.source, self._show_machines, self.machines_panel.show_failure, self
        )
        self.panel.table.selectionModel().selectionChanged.connect(self._show_selected)
        self.machines_panel.table.opened.connect(self.machine_opened)
        self.runs_panel.table.opened.connect(self._open_run)
        self.machines_panel.table.selectionModel().selectionChanged.connect(self._show_commands)
        self.scopes_panel.table.selectionModel().selectionChanged.connect(self._show_commands)
        self.tabs.currentChanged.connect(self._show_commands)
        services.source.changed.connect(self._on_changed)
        services.source.minute_passed.connect(self._refresh)

    def _dismiss_or_cancel_changes(self) -> None:
        """Dismiss changes with an unknown result; without any, cancel those that wait."""
        if self._has_unknown:
            self._s.actions.dismiss_changes()
        else:
            self._s.actions.cancel_changes()

    def _report(self) -> Make:
        """The rows of the open tab; on Details, the schedules."""
        tab = self.tabs.currentWidget()
        panels = (self.machines_panel, self.scopes_panel, self.runs_panel)
        panel = next((p for p in panels if p is tab), self.panel)
        title = self.tabs.tabText(self.tabs.currentIndex())
        if panel is self.panel or self._shown is None:
            return table_report(self.panel.table, tr("Schedules"), self._s)
        name = tr("{title} of {name}", title=title, name=self._shown.name)
        return table_report(panel.table, name, self._s)

    def _make_buttons(self) -> None:
        self.prepare = self._button("prepareMachines", "", self._prepare)
        self.prepare.hide()
        self.new = self._button("newSchedule", tr("New schedule…"), self._create)
        self.new.setProperty("primary", True)
        self.edit = self._button("editSchedule", tr("Edit…"), self._edit)
        self.duplicate = self._button("duplicateSchedule", tr("Duplicate…"), self._duplicate)
        self.delete = self._button("deleteSchedule", tr("Delete…"), self._delete)
        self.assign = self._button("assignToSchedule", tr("Assign machines…"), self._assign)
        self.remove = self._button("removeFromSchedule", "", self._remove)
        self.add_scope = self._button("addScope", tr("Add dynamic scope…"), self._add_scope)
        self.delete_scope = self._button("deleteScope", tr("Delete scope…"), self._delete_scope)
        self.calendar = self._button(
            "openScheduleCalendar", tr("All windows…"), self._open_calendar
        )
        self.load = self._button("openSchedule", tr("Open file…"), self._load)
        self.save_as = self._button("saveSchedule", tr("Save as…"), self._save_as)

    def _button(self, name: str, text: str, act: Callable[[], None]) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName(name)
        made.clicked.connect(act)
        return made

    def _panel(self, model: ListedModel, name: str, spoken: str) -> TablePanel:
        theme = self._s.theme
        return TablePanel(theme, Table(theme, self._s.preferences, model, name, spoken))

    def _lay_out(self) -> None:
        body = QWidget()
        body.setObjectName("surface")
        column = QVBoxLayout(body)
        column.setContentsMargins(insets(16, 12, 16, 16))
        column.setSpacing(px(16))
        column.addWidget(self.points)
        column.addWidget(self.strip)
        column.addStretch(1)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("scheduleTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        details = ScrollArea(tr("Details"), body)
        details.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tabs.addTab(details, tr("Details"))
        self.tabs.addTab(self.machines_panel, tr("Machines"))
        self.tabs.addTab(self.scopes_panel, tr("Dynamic scopes"))
        self.tabs.addTab(self.runs_panel, tr("Runs"))
        self.pane = QWidget()
        below = QVBoxLayout(self.pane)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(px(4))
        head = QHBoxLayout()
        head.setContentsMargins(insets(16, 12, 16, 0))
        head.setSpacing(px(8))
        head.addWidget(self.name, 1)
        for button in (
            self.prepare,
            self.remove,
            self.delete_scope,
            self.assign,
            self.add_scope,
            self.edit,
            self.duplicate,
            self.save_as,
            self.delete,
        ):
            head.addWidget(button)
        below.addLayout(head)
        below.addWidget(self.tabs, 1)
        panes = QSplitter(Qt.Orientation.Vertical)
        panes.addWidget(self.panel)
        panes.addWidget(self.pane)
        panes.setChildrenCollapsible(False)
        panes.setHandleWidth(1)
        panes.setStretchFactor(0, 2)
        panes.setStretchFactor(1, 3)
        notice = QVBoxLayout()
        notice.setContentsMargins(insets(16, 0, 16, 8))
        notice.addWidget(self.banner)
        self.column.addLayout(notice)
        filters = QHBoxLayout()
        filters.setContentsMargins(insets(16, 0, 16, 8))
        filters.addWidget(self.search)
        filters.addStretch(1)
        self.column.addLayout(filters)
        self.fill(panes)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._query(is_refresh=False)

    def _on_changed(self, changes: ChangedTables) -> None:
        if self.isVisible() and changes.affects(_TABLES):
            self._query(is_refresh=True)

    def _refresh(self) -> None:
        if self.isVisible():
            self._query(is_refresh=True)

    def _query(self, *, is_refresh: bool) -> None:
        work = partial(schedules.read_schedules, calendar=self._s.calendar(), clock=self._s.clock)
        self._channel.query(work, is_refresh=is_refresh)

    def _show_failure(self, why: str) -> None:
        self._entries = ()
        self.model.set_rows([])
        self.panel.show_failure(why)
        self._show_selected()

    def _show_result(self, read: SchedulesData) -> None:
        self.banner.setVisible(read.notice is not None)
        if read.notice is not None:
            self.banner.show_text(*read.notice)
        self._has_unknown = read.changes.unknown > 0
        self.banner.button.setText(tr("Dismiss") if self._has_unknown else tr("Cancel waiting"))
        self.banner.button.setVisible(self._has_unknown or read.changes.queued > 0)
        self._entries, self._is_unread = read.entries, bool(read.unread_reason)
        self._filter()

    def _filter(self) -> None:
        """Show the schedules that contain every word."""
        words = self.search.text().casefold().split()
        shown = [
            entry
            for entry in self._entries
            if all(
                word in f"{entry.name}\n{entry.group}\n{entry.row.connection}".casefold()
                for word in words
            )
        ]
        self.model.set_rows(shown)
        self.panel.show_table(bool(shown))
        if words and self._entries:
            self.panel.empty.show_text(
                Glyph.INFO, tr("No schedule matches"), tr("Change or clear the filter.")
            )
        else:
            self.panel.empty.show_text(
                Glyph.UNKNOWN if self._is_unread else Glyph.INFO,
                tr("No schedules are known") if self._is_unread else tr("No schedules"),
                tr("The schedules couldn't be read. The message above names the reason.")
                if self._is_unread
                else tr(
                    "Maintenance configurations with the scope Guest appear here once a subscription has any."
                ),
            )
        table = self.panel.table
        if self._id_to_select and table.select_id(self._id_to_select):
            self._id_to_select = 0
        if shown and not table.selected_ids:
            table.select_id(shown[0].id)
        self._show_selected()

    def _show_selected(self) -> None:
        """Show the selected schedule below."""
        ids = self.panel.table.selected_ids
        number = self.model.number_of(ids[0]) if ids else None
        entry = self.model.row(number) if number is not None else None
        self.pane.setVisible(entry is not None)
        is_same = entry is not None and self._shown is not None and entry.id == self._shown.id
        self._shown = entry
        if entry is None:
            return
        now = self._s.clock()
        self.name.setText(f"{entry.name} · {entry.group}")
        self.points.show_points([Point(*p) for p in schedules.details(entry, now)])
        data = schedules.strip(entry, self._s.calendar(), now)
        self.strip.show_data(data, schedules.schedule_strip_description(entry, data))
        self.runs.set_rows(schedule_columns.run_rows(entry.runs))
        self.runs_panel.show_table(bool(entry.runs))
        self.runs_panel.empty.show_text(
            Glyph.INFO,
            tr("No known runs"),
            tr("Azure keeps runs for 30 days; this program keeps what it has read."),
        )
        if not is_same:
            self._shown_machines = ScheduleMachinesData([], [])
            self.machines.set_rows([])
            self.scopes.set_rows([])
        self._show_commands()
        work = partial(
            schedules.read_machines,
            schedule_id=entry.row.resource_id,
            runs=[run.run for run in entry.runs],
        )
        self._machines_channel.query(work, is_refresh=is_same)

    def _show_commands(self) -> None:
        """Show the commands of the current tab, and why those that are disabled can't be used."""
        entry, tab = self._shown, self.tabs.currentWidget()
        if entry is None:
            return
        on_machines, on_scopes = tab is self.machines_panel, tab is self.scopes_panel
        is_first = not on_machines and not on_scopes
        removable, kinds = self._removable, ChangeKind
        has_scope = bool(self.scopes_panel.table.selected_ids)
        commands = (
            (self.edit, is_first, kinds.SAVE),
            (self.duplicate, is_first, kinds.SAVE),
            (self.delete, is_first, kinds.DELETE),
            (self.assign, on_machines, kinds.ASSIGN),
            (self.remove, on_machines and bool(removable), kinds.UNASSIGN),
            (self.add_scope, on_scopes, kinds.SAVE_SCOPE),
            (self.delete_scope, on_scopes and has_scope, kinds.DELETE_SCOPE),
            (self.prepare, not on_scopes and bool(self._unprepared), kinds.ASSIGN),
        )
        for button, is_shown, kind in commands:
            why = schedules.disabled_reason(entry.row, kind)
            button.setVisible(is_shown)
            button.setEnabled(not why)
            button.setToolTip(why)
        self.save_as.setVisible(is_first)
        self.remove.setText(tr("Remove %n machine(s)…", len(removable)))
        self.prepare.setText(tr("Prepare %n machine(s)…", len(self._unprepared)))
        if self.prepare.isEnabled():
            self.prepare.setToolTip(
                tr(
                    "Set these machines to Customer Managed Schedules. Otherwise Azure runs no schedules on "
                    "them."
                )
            )

    def _show_machines(self, read: ScheduleMachinesData) -> None:
        self._shown_machines = read
        self.machines.set_rows(read.rows)
        self.scopes.set_rows(read.scopes)
        self.scopes_panel.show_table(bool(read.scopes))
        self.scopes_panel.empty.show_text(
            Glyph.INFO,
            tr("No dynamic scopes"),
            tr(
                "A dynamic scope includes the machines that a filter finds when the maintenance window starts."
            ),
        )
        self._show_commands()
        self.machines_panel.show_table(bool(read.rows))
        self.machines_panel.empty.show_text(
            Glyph.INFO,
            tr("No machines"),
            tr("No known machine is assigned to this schedule, directly or by a dynamic scope."),
        )

    @property
    def _unprepared(self) -> list[int]:
        """The machines on which Azure runs no schedule because of their settings."""
        return [row.id for row in self.machines.all_rows if row.is_unprepared]

    def _prepare(self) -> None:
        from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog  # noqa: PLC0415 - only when it opens

        owner, ids = self.window(), self._unprepared

        def made() -> UpdateSettingsDialog:
            dialog = UpdateSettingsDialog(self._s, ids, owner)
            dialog.choose(Orchestration.CUSTOMER_SCHEDULES)
            if dialog.hotpatch.isEnabled():  # which that mode excludes
                dialog.hotpatch.setCheckState(Qt.CheckState.Unchecked)
            return dialog

        if ids:
            open_once(owner, made)

    @property
    def _removable(self) -> list[int]:
        """The selected machines that are directly assigned."""
        selected = set(self.machines_panel.table.selected_ids)
        return [i for i in self._shown_machines.removable if i in selected]

    def _create(self) -> None:
        self._open_form(None, None)

    def _edit(self) -> None:
        self._open_form(self._shown, None)

    def _duplicate(self) -> None:
        if self._shown is not None:
            schedule = self._shown.row.schedule
            name = tr("{name}-copy", name=schedule.name)
            start = first_start(self._s.clock(), schedule.time_zone or "UTC")
            draft = schedule._replace(
                name=name, starts=f"{start:%Y-%m-%d} {schedule.starts[11:16]}"
            )
            self._open_form(None, draft._replace(expires=None))

    def _open_form(self, entry: ScheduleEntry | None, draft: Schedule | None) -> None:
        from hotpatch_gui.views.dialogs.schedule import ScheduleDialog  # noqa: PLC0415 - only when it opens

        groups = self._s.source.read_list(read_resource_groups)

        def make() -> ScheduleDialog:
            dialog = ScheduleDialog(self._s, self.window(), groups=groups, entry=entry, draft=draft)
            dialog.saved.connect(self._select_when_listed)
            return dialog

        open_once(self, make)

    def _select_when_listed(self, resource_id: str) -> None:
        """Select a schedule once it is in the list."""
        self.search.clear()
        self._id_to_select = schedules.row_id(resource_id.lower())

    def _load(self) -> None:
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - slow to load

        path, _ = QFileDialog.getOpenFileName(
            self, tr("Open a schedule"), "", tr("Maintenance configuration (*.json)")
        )
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        """Create a schedule like the one in a file."""
        draft, why = self._s.actions.read_schedule_file(path)
        if draft is None:
            self._s.outcomes.add(Glyph.ERROR, tr("The file can't be used"), why)
        else:
            self._open_form(None, draft._replace(azure_id=""))

    def _save_as(self) -> None:
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - slow to load

        if self._shown is not None:
            kinds = tr("Azure's JSON (*.json);;Bicep (*.bicep)")
            name = f"{self._shown.name}.json"
            path, kind = QFileDialog.getSaveFileName(self, tr("Save the schedule"), name, kinds)
            ending = ".bicep" if "bicep" in kind else ".json"
            if path:
                chosen = Path(path)
                self.save_file(chosen if chosen.suffix else chosen.with_suffix(ending))

    def save_file(self, path: Path) -> None:
        """Write the selected schedule to a file."""
        if self._shown is None:
            return
        why = self._s.actions.write_schedule_file(path, self._shown.row.schedule)
        if why:
            self._s.outcomes.add(Glyph.ERROR, tr("The schedule wasn't saved"), why)
        else:
            self._s.outcomes.add(Glyph.OK, tr("Saved as {name}.", name=path.name), str(path.parent))

    def _delete(self) -> None:
        entry = self._shown
        if entry is None:
            return
        row, actions = entry.row, self._s.actions
        known = row.schedule.azure_id or row.resource_id
        self._confirm(
            tr("Delete the schedule"),
            entry.name,
            tr(
                "Its assignments and dynamic scopes are deleted first. %n machine(s) follow it now and will receive "
                "no updates from it.",
                entry.machines,
            ),
            lambda: actions.delete_schedule(row.connection_id, known, entry.name),
        )

    def _assign(self) -> None:
        from hotpatch_gui.views.dialogs.assign_machines import AssignMachinesDialog  # noqa: PLC0415 - only when it opens

        entry = self._shown
        if entry is not None:
            open_once(self, lambda: AssignMachinesDialog(self._s, self.window(), entry))

    def _open_calendar(self) -> None:
        from hotpatch_gui.views.dialogs.schedule_calendar import ScheduleCalendarDialog  # noqa: PLC0415 - only when it opens

        open_once(self, lambda: ScheduleCalendarDialog(self._s, self.window()))

    def _remove(self) -> None:
        entry, ids = self._shown, self._removable
        if entry is None or not ids:
            return
        names = [row.name for row in self._shown_machines.rows if row.id in ids]
        row, actions = entry.row, self._s.actions
        self._confirm(
            tr("Remove from the schedule"),
            listed(names[:MAX_NAMES]),
            tr("%n machine(s) will receive no updates from {name}.", len(ids), name=entry.name),
            lambda: actions.remove_machines(row.connection_id, row.resource_id, ids),
        )

    def _add_scope(self) -> None:
        from hotpatch_gui.views.dialogs.dynamic_scope import DynamicScopeDialog  # noqa: PLC0415 - only when it opens

        entry = self._shown
        if entry is None:
            return
        groups = self._s.source.read_list(read_resource_groups)
        own = [p for p in groups if p.connection_id == entry.row.connection_id]
        subscriptions = list({p.subscription_id: p.subscription for p in own}.items())
        open_once(self, lambda: DynamicScopeDialog(self._s, self.window(), entry, subscriptions))

    def _delete_scope(self) -> None:
        entry, ids = self._shown, self.scopes_panel.table.selected_ids
        found = [row for row in self._shown_machines.scopes if row.id in ids]
        if entry is None or not found:
            return
        scope, actions = found[0].scope, self._s.actions
        self._confirm(
            tr("Delete the dynamic scope"),
            scope.name,
            tr(
                "Machines that only this scope includes will receive no updates from {name}.",
                name=entry.name,
            ),
            lambda: actions.delete_scope(entry.row.connection_id, scope),
        )

    def _confirm(self, what: str, name: str, meaning: str, do: Callable[[], object]) -> None:
        """Ask before something is deleted."""
        owner = self.window()
        open_once(
            owner,
            lambda: ConfirmDialog(
                self._s.theme, what, [(0, name)], owner, meaning=meaning, do=lambda _: do()
            ),
        )

    def _open_run(self, row_id: int) -> None:
        number = self.runs.number_of(row_id)
        row = self.runs.row(number) if number is not None else None
        if row is not None:
            self.run_opened.emit(row.run.run)


def _make_strip(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import WindowStrip  # noqa: PLC0415 - after the first paint

    return WindowStrip(theme)
