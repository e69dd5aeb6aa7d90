"""The Calendar page: releases, plans and restarts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QTabWidget, QVBoxLayout, QWidget

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.releases import release_day
from hotpatch_gui.models import calendar as entries
from hotpatch_gui.models.calendar import InstallationsData, read_calendar
from hotpatch_gui.models.exports import Make
from hotpatch_gui.models.ledger import RESTARTS
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.machine_list import everyone
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.table import Table, TablePanel

from .table_page import TABLE_PX, PageFrame

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

tr = translator("CalendarPage")

FIRST_YEAR = 2022
CHART_PX = 232
YEAR = timedelta(days=365)


class CalendarPage(PageFrame):
    """``selection`` returns the row IDs and the name of the machines shown."""

    def __init__(
        self, services: Services, selection: Callable[[], tuple[Sequence[int], str]]
    ) -> None:
        super().__init__(
            services.theme,
            tr("Calendar"),
            tr("Published releases and Microsoft's plan. Future releases are subject to change."),
        )
        self._s, self._selection = services, selection
        self._name = ""
        self._channel = QueryChannel(services.source, self._show_result, self._show_failure, self)
        theme = services.theme
        self.period = QComboBox()
        self.period.setObjectName("calendarPeriod")
        self.period.setAccessibleName(tr("Period"))
        self.period.addItem(tr("Past and next 12 months"))
        for year in range(services.clock().year + 1, FIRST_YEAR - 1, -1):
            self.period.addItem(str(year), year)
        self.machines = QComboBox()
        self.machines.setObjectName("calendarMachines")
        self.machines.setAccessibleName(tr("Machines"))
        self.machines.addItems([tr("Selected machines"), tr("All machines")])
        self.machines.setToolTip(
            tr("Installations in the chart and the restart ledger are of these machines.")
        )
        self.machines.currentIndexChanged.connect(self._query)
        self.tools.addWidget(self.machines)
        self.tools.addWidget(self.period)
        self.tools.addWidget(ExportButton(services, tr("Calendar"), self._report))
        self.chart = ChartHost(theme, "calendarChart", CHART_PX, _make_chart)
        self.releases = ListedModel(services.source, entries.RELEASES, services.clock, self)
        self.restarts = ListedModel(services.source, RESTARTS, services.clock, self)
        self.release_table = Table(
            theme, services.preferences, self.releases, "calendarTable", tr("Releases")
        )
        self.ledger = TablePanel(
            theme,
            Table(
                theme, services.preferences, self.restarts, "restartsTable", tr("Restart ledger")
            ),
        )
        self.total = label(theme, wrap=True)
        self.total.setObjectName("restartsText")
        self.total.setContentsMargins(insets(16, 12, 16, 12))
        self._lay_out()
        self._goes_to_today = False
        self.release_table.verticalScrollBar().rangeChanged.connect(self._go_to_today)
        self.period.currentIndexChanged.connect(self.show_all)
        self.release_table.opened.connect(self._open_kb)
        services.source.changed.connect(self._on_changed)
        services.source.minute_passed.connect(self.show_all)

    def _lay_out(self) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(insets(16, 4, 16, 8))
        top.addWidget(self.chart)
        ledger = QWidget()
        column = QVBoxLayout(ledger)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.total)
        column.addWidget(self.ledger, 1)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("calendarTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.release_table, tr("Releases"))
        self.tabs.addTab(ledger, tr("Restart ledger"))
        self.tabs.setMinimumHeight(px(TABLE_PX))
        self.fill_scrolling(top, self.tabs)

    @property
    def span(self) -> tuple[date, date]:
        year = self.period.currentData()
        today = release_day(self._s.clock())
        return (date(year, 1, 1), date(year, 12, 31)) if year else (today - YEAR, today + YEAR)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.show_all()

    def show_all(self) -> None:
        """Show everything again for the current day, period and machines."""
        first, last = self.span
        today = release_day(self._s.clock())
        rows = entries.release_rows(self._s.calendar(), first, last, today)
        is_new = self.releases.count() != len(rows)
        self.releases.set_rows(rows)
        if is_new:
            self._goes_to_today = True
            self._go_to_today()
        self._query()

    def _go_to_today(self) -> None:
        """Scroll to the next release once the table has its height."""
        bar = self.release_table.verticalScrollBar()
        if not self._goes_to_today or not bar.maximum():
            return
        self._goes_to_today = False
        today = release_day(self._s.clock())
        rows = map(self.releases.row, range(self.releases.count()))
        coming = sum(row is not None and row.day > today for row in rows)
        if coming:
            target = self.releases.index(max(0, coming - 2), 0)
            self.release_table.scrollTo(target, QAbstractItemView.ScrollHint.PositionAtTop)

    def _query(self) -> None:
        ids, self._name = self._selection()
        if self.machines.currentIndex():
            ids, self._name = everyone(self._s.source), tr("All machines")
        first, last = self.span
        self._channel.query(
            partial(read_calendar, calendar=self._s.calendar(), ids=ids, first=first, last=last)
        )

    def _on_changed(self, changes: ChangedTables) -> None:
        if not self.isVisible():
            return
        if changes.affects(frozenset({"releases"})):
            self.show_all()
        elif changes.affects(frozenset({"installations", "operations"})):
            self._query()

    def _show_result(self, read: InstallationsData) -> None:
        first, last = self.span
        now = self._s.clock()
        rows = entries.release_rows(self._s.calendar(), first, last, release_day(now))
        data = entries.calendar_data(rows, read.installs, first, last, release_day(now))
        self.chart.show_data(data, entries.calendar_description(data, rows, self._name))
        self.restarts.set_rows(read.ledger.rows)
        of = f"{self._name}: " if self._name else tr("No machines yet. ")
        self.total.setText(
            tr(
                "{of}{text} Only restarts by Azure's installations and by this program are "
                "included.",
                of=of,
                text=read.ledger.text,
            )
        )
        self.ledger.show_table(bool(read.ledger.rows))
        self.ledger.empty.show_text(
            Glyph.INFO,
            tr("No restarts on record"),
            tr("Restarts after installations appear here with the update that required each."),
        )

    def _show_failure(self, why: str) -> None:
        self.restarts.set_rows([])
        self.total.setText(why)
        self.ledger.show_failure(why)

    def _report(self) -> Make:
        """Export the visible table."""
        if self.tabs.currentIndex() == 0:
            return table_report(self.release_table, tr("Releases"), self._s)
        return table_report(self.ledger.table, tr("Restarts"), self._s)

    def _open_kb(self, row_id: int) -> None:
        number = self.releases.number_of(row_id)
        row = self.releases.row(number) if number is not None else None
        if row is not None and row.link:
            QDesktopServices.openUrl(QUrl(row.link))


def _make_chart(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import CalendarChart  # noqa: PLC0415 - after the first paint

    return CalendarChart(theme)
