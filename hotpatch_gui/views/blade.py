"""The blade: one machine's status, commands and tabs, or totals for several machines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.phrases import machines
from hotpatch_gui.domain.situation import Level, Situation
from hotpatch_gui.models import display_text, headline
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.selection import SelectionSummary, read_selection
from hotpatch_gui.models.work import WorkText, read_work
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, TITLE_PX
from hotpatch_gui.translation import translator

from .command_bar import CommandBar
from .dialogs.once import open_once
from .services import Services
from .widgets.banner import Banner
from .widgets.empty import EmptyState
from .widgets.labels import ElidedLabel
from .widgets.lazy_widget import LazyWidget

if TYPE_CHECKING:
    from .tabs.compliance import ComplianceTab
    from .tabs.history import HistoryTab
    from .tabs.schedule import ScheduleTab
    from .tabs.status import StatusTab
    from .widgets.export import Exporter

tr = translator("Blade")

_NEXT_COMMANDS = {
    Situation.RESTART_PENDING: "restart",
    Situation.NOT_RUNNING: "start",
    Situation.LAST_FAILED: "install",
    Situation.BEHIND: "install",
    Situation.NEVER_ASSESSED: "assess",
    Situation.STALE: "assess",
}
"""The command that the status sentence of a situation suggests."""

READ_DELAY_MS = 500
"""How long a machine must stay selected during a search before it is read from Azure."""
_SHOWN_TABLES = frozenset(
    {
        "machines",
        "assessments",
        "updates",
        "installations",
        "subscriptions",
        "connections",
        "permissions",
        "releases",
    }
)
MAX_SYNCHRONOUS = 100
"""Up to this many machines, operations in progress are read on the UI thread."""
_WORK_TABLES = frozenset({"operations"})


class Blade(QStackedWidget):
    """Shows machines by row ID, and reads them again after changes."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("surface")
        self._s = services
        self._ids: tuple[int, ...] = ()
        self._online = True
        self._selection: SelectionSummary | None = None
        self._needs_redraw = False
        self._work = WorkText()
        self._channel = QueryChannel(services.source, self._show, self._show_failure, self)
        self._work_channel = QueryChannel(services.source, self._on_work, self._show_failure, self)
        self._exporter: Exporter | None = None
        self._situation: Situation | None = None
        self._is_unhealthy = False
        self._next_command = ""
        """The command that the status sentence suggests; empty for none."""
        self._read_delay = QTimer(self)
        self._read_delay.setSingleShot(True)
        self._read_delay.setInterval(READ_DELAY_MS)
        self._read_delay.timeout.connect(self._read_from_azure)
        self.command_bar = CommandBar(services, self)
        self.command_bar.export_requested.connect(self._export)
        self.commands = self.command_bar.commands
        self._make_parts()
        self._lay_out()
        services.source.changed.connect(self._on_changed)
        services.source.opened.connect(self.reload)
        services.source.minute_passed.connect(self._on_minute_passed)

    def _make_parts(self) -> None:
        theme = self._s.theme
        self.title = ElidedLabel(theme, TITLE_PX, SEMIBOLD_WEIGHT)
        self.title.setObjectName("bladeTitle")
        self.subtitle = ElidedLabel(theme, role="secondary")
        self.subtitle.setObjectName("bladeSubtitle")
        self.banner = Banner(theme)
        self.banner.button.clicked.connect(self._take_next_step)
        self.work = Banner(theme)
        self.work.hide()
        self._status = LazyWidget(self._make_status)
        self._compliance = LazyWidget(self._make_compliance)
        self._history = LazyWidget(self._make_history)
        self._schedule = LazyWidget(self._make_schedule)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("bladeTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        for widget, text in (
            (self._status, tr("Status")),
            (self._compliance, tr("Update compliance")),
            (self._history, tr("Update history")),
            (self._schedule, tr("Schedule")),
        ):
            self.tabs.addTab(widget, text)
            widget.built.connect(self._show_tab)
        self.tabs.currentChanged.connect(self._build_tab)
        self.tabs.currentChanged.connect(self._show_banner)
        self.empty, self._reading = EmptyState(theme), EmptyState(theme)

    def _lay_out(self) -> None:
        page = QWidget()
        page.setObjectName("surface")
        head = QVBoxLayout()
        head.setContentsMargins(insets(16, 12, 16, 8))
        head.setSpacing(px(2))
        head.addWidget(self.title)
        head.addWidget(self.subtitle)
        sentence = QVBoxLayout()
        sentence.setContentsMargins(insets(16, 12, 16, 8))
        sentence.setSpacing(px(8))
        sentence.addWidget(self.work)
        sentence.addWidget(self.banner)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.command_bar)
        column.addLayout(sentence)
        column.addWidget(self.tabs, 1)
        self.addWidget(self.empty)
        self.addWidget(self._reading)
        self.addWidget(page)
        self._page = page
        self.show_machines(())

    @property
    def machine_ids(self) -> tuple[int, ...]:
        """Row IDs of the machines shown."""
        return self._ids

    def show_machines(self, machine_ids: Sequence[int], *, is_passing: bool = False) -> None:
        """Show these machines. A single machine is read from Azure each time the selection changes to it.

        ``is_passing``: the user is typing a search, so it is read only if it stays selected.
        """
        ids = tuple(machine_ids)
        if ids != self._ids:
            self._ids = ids
            self._read_delay.stop()
            if len(ids) > 1:
                self._show_reading()
            elif is_passing:
                self._read_delay.start()
            else:
                self._read_from_azure()
        self._read()

    def _read_from_azure(self) -> None:
        if len(self._ids) == 1 and self._online:
            self._s.actions.read_machine(self._ids[0])

    def _show_reading(self) -> None:
        """Hide the previous machines, and disable commands."""
        self._selection = None
        self._update_command_bar()
        self.setCurrentWidget(self._reading)
        self._reading.show_text(Glyph.RUNNING, tr("Reading %n machine(s)", len(self._ids)), "")

    def show_empty_state(
        self, glyph: Glyph, headline: str, explanation: str, button: str = "", other: str = ""
    ) -> None:
        """Show why there is no machine."""
        self.empty.show_text(glyph, headline, explanation, button, other)

    def set_online(self, *, online: bool) -> None:
        """Enable or disable commands."""
        if online != self._online:
            self._online = online
            self._update_command_bar()

    def reload(self) -> None:
        """Read the machines again from the file."""
        self._read(is_refresh=True)

    def _read(self, *, is_refresh: bool = False) -> None:
        """Read the machines, several in the background."""
        read = partial(read_selection, machine_ids=self._ids)
        self._channel.query(read, synchronous=len(self._ids) <= 1, is_refresh=is_refresh)

    def _on_minute_passed(self) -> None:
        self._needs_redraw = True
        self.reload()

    def _show(self, selection: SelectionSummary | None) -> None:
        """Show the machines unless nothing changed."""
        if selection is not None and selection == self._selection and not self._needs_redraw:
            return
        self._needs_redraw = False
        self.setCurrentWidget(self._page if selection else self.empty)
        self._selection = selection
        if selection is None:
            self._update_command_bar()
        else:
            self._show_head(selection)
            self._query_work()
            self._show_tab()
            self._update_command_bar()

    def _show_failure(self, why: str) -> None:
        self._selection = None
        self.show_empty_state(Glyph.ERROR, tr("This can't be shown"), why)
        self.setCurrentWidget(self.empty)
        self._update_command_bar()

    def _query_work(self) -> None:
        """Show operations in progress on these machines."""
        read = partial(read_work, machine_ids=self._ids)
        self._work_channel.query(read, synchronous=len(self._ids) <= MAX_SYNCHRONOUS)

    def _on_work(self, work: WorkText) -> None:
        self._work = work
        self.work.setVisible(bool(work.doing))
        is_superseded = self._situation is Situation.LAST_FAILED and not self._is_unhealthy
        self.banner.setVisible(not work.doing or not is_superseded)
        if work.doing:
            also = (
                tr(", and %n more queued or in progress", work.total - 1) if work.total > 1 else ""
            )
            self.work.show_text(Level.INFO, f"{work.doing}{also}.", work.note, glyph=Glyph.RUNNING)
        self._update_command_bar()

    def _show_head(self, selection: SelectionSummary) -> None:
        self.tabs.setTabText(
            1,
            tr(
                "Update compliance ({updates_count})",
                updates_count=headline.updates_count(selection),
            ),
        )
        self.title.set_full_text(headline.title(selection))
        self.subtitle.set_full_text(headline.subtitle(selection))
        found = headline.status_text_of_one(selection, self._s.calendar(), self._s.clock())
        if found is not None:
            self.banner.show_status_text(found)
        else:
            urgent, updates = headline.most_urgent(selection), headline.sum_of_several(selection)
            self.banner.show_text(selection.level, urgent, updates)
        self._situation = found.situation if found is not None else None
        one = selection.one
        self._is_unhealthy = one is not None and display_text.reports_unhealthy(one)
        self._next_command = _NEXT_COMMANDS.get(found.situation, "") if found is not None else ""
        needs_releases = found is not None and found.needs_releases
        if needs_releases or self._is_unhealthy:
            self._next_command = ""
        text = (
            tr("Show history")
            if self._is_unhealthy
            else tr("Release data…")
            if needs_releases
            else self.commands[self._next_command].text()
            if self._next_command
            else tr("Show prerequisites")
            if self._situation is Situation.ACTION_REQUIRED
            else ""
        )
        self.banner.button.setText(text)
        self.banner.button.setVisible(bool(text))

    def _show_banner(self) -> None:
        """The Update history tab has the details of a run below, so it needs the room."""
        self.banner.set_brief(self.tabs.currentWidget() is self._history)

    def _take_next_step(self) -> None:
        """Do what the status sentence suggests."""
        if self._is_unhealthy:
            self.tabs.setCurrentWidget(self._history)
        elif self._next_command:
            self.commands[self._next_command].trigger()
        elif self._situation is Situation.ACTION_REQUIRED:
            self.tabs.setCurrentWidget(self._status)
            self.status.show_prerequisites()
        else:
            self.open_releases()

    @property
    def status(self) -> StatusTab:
        return self._status.content

    @property
    def compliance(self) -> ComplianceTab:
        return self._compliance.content

    @property
    def history(self) -> HistoryTab:
        return self._history.content

    @property
    def schedule(self) -> ScheduleTab:
        return self._schedule.content

    def _build_tab(self) -> None:
        """Build a selected tab at once; the first one waits for the first paint."""
        tab = self.tabs.currentWidget()
        if isinstance(tab, LazyWidget) and tab.is_built:
            self._show_tab()
        elif isinstance(tab, LazyWidget):
            _ = tab.content

    def _show_tab(self) -> None:
        """Fill the visible tab; others are filled when shown."""
        selection, tab = self._selection, self.tabs.currentWidget()
        if selection is None or not isinstance(tab, LazyWidget) or not tab.is_built:
            return
        match tab:
            case self._status:
                self.status.show_selection(selection)
            case self._compliance:
                self.compliance.show_selection(selection)
            case self._history:
                self.history.show_machines(selection.ids)
            case self._schedule:
                self.schedule.show_selection(selection)

    def _make_status(self) -> StatusTab:
        from .tabs.status import StatusTab  # noqa: PLC0415 - after the first paint

        return StatusTab(self._s)

    def _make_compliance(self) -> ComplianceTab:
        from .tabs.compliance import ComplianceTab  # noqa: PLC0415 - after the first paint

        return ComplianceTab(self._s)

    def _make_history(self) -> HistoryTab:
        from .tabs.history import HistoryTab  # noqa: PLC0415 - after the first paint

        return HistoryTab(self._s, "history")

    def _make_schedule(self) -> ScheduleTab:
        from .tabs.schedule import ScheduleTab  # noqa: PLC0415 - after the first paint

        return ScheduleTab(self._s)

    def _on_changed(self, changes: ChangedTables) -> None:
        self._needs_redraw |= "releases" in changes.tables
        if self._ids and changes.affects(_SHOWN_TABLES):
            self.reload()
        if self._ids and changes.affects(_WORK_TABLES):
            self._query_work()

    def _update_command_bar(self) -> None:
        self.command_bar.show_state(self._ids, self._selection, self._work, online=self._online)
        action = self.commands.get(self._next_command)
        self.banner.button.setEnabled(action is None or action.isEnabled())
        self.banner.button.setToolTip(action.toolTip() if action is not None else "")

    def open_releases(self) -> None:
        from .dialogs.releases import ReleasesDialog  # noqa: PLC0415 - after the first paint

        open_once(self, lambda: ReleasesDialog(self._s, self))

    def _open_report(self, exporter: Exporter, name: str) -> None:
        from hotpatch_gui.models.exports import Make, ReportChoice, machines_report  # noqa: PLC0415 - after the first paint

        from .dialogs.report import ReportDialog  # noqa: PLC0415 - after the first paint
        from .widgets.export import origin  # noqa: PLC0415 - only for an export

        ids, title = self._ids, tr("Report of {name}", name=name)

        def make(choice: ReportChoice) -> Make:
            return machines_report(ids, title, origin(self._s), with_audit=choice.with_audit)

        open_once(
            self,
            lambda: ReportDialog(
                self._s,
                self,
                name=tr("Report {name}", name=name),
                content=tr("Available updates, update history and restarts of {name}.", name=name),
                make=make,
                exporter=exporter,
            ),
        )

    def _export(self) -> None:
        """Export the visible tab, or a report of the machines if it has no table."""
        from .widgets.export import Exporter, table_report  # noqa: PLC0415 - only for an export

        if self._exporter is None:
            self._exporter = Exporter(self._s, self)
            self._exporter.busy.connect(self.commands["export"].setDisabled)
        tab, name = self.tabs.currentWidget(), self.export_name
        if tab is self._compliance:
            table = self.compliance.panel.table
        elif tab is self._history:
            table = self.history.panel.table
        else:
            self._open_report(self._exporter, name)
            return
        kind = tr("Compliance") if tab is self._compliance else tr("History")
        self._exporter.save_as(
            f"{kind} {name}",
            table_report(table, tr("{kind} of {name}", kind=kind, name=name), self._s),
        )

    @property
    def export_name(self) -> str:
        row = self._selection.one if self._selection is not None else None
        return row.name if row is not None else machines(len(self._ids))
