"""The Overview page: the whole fleet at a glance. Tiles, ring and groups open the machines behind them."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, QSignalBlocker, Signal
from PySide6.QtGui import QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QCalendarWidget,
    QComboBox,
    QDateEdit,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.machine_filter import Dimension, MachineFilter
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models import compliance_trend, display_text, overview_actions, overview_groups
from hotpatch_gui.models import overview as models
from hotpatch_gui.models.exports import Make, ReportChoice
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.overview import OverviewData, OverviewQuery, read_overview
from hotpatch_gui.models.overview_actions import ActionItem
from hotpatch_gui.models.overview_report import overview_report
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import ROW_PX, SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.dialogs.report import ReportDialog
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.action_list import ActionList
from hotpatch_gui.views.widgets.banner import Banner
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.export import KEYS, Exporter, origin
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points
from hotpatch_gui.views.widgets.ring import Ring, Slice
from hotpatch_gui.views.widgets.table import Table, TablePanel
from hotpatch_gui.views.widgets.tiles import TILE_PX, Tile
from hotpatch_gui.views.widgets.wrap_layout import EvenLayout

from .table_page import PageFrame

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

tr = translator("OverviewPage")

TREND_PX = 180
CALENDAR_PX = 260
"""Room for six weeks."""
GROUPS_PX, SPARE_PX = 260, 6
_TABLES = frozenset({"machines", "installations", "operations", "releases", "connections"})
_KEYS = {group: key for key, group in overview_groups.COLUMN_GROUPS.items()}


EXPLANATION = tr.mark("The whole fleet. Click a number to see its machines.")


class OverviewPage(PageFrame):
    """Aggregates of all machines, now or on a past day.

    Signals:
        machines_requested (MachineFilter): the machines behind a figure.
        page_requested (str): another page.
    """

    machines_requested = Signal(object)
    page_requested = Signal(str)

    def __init__(self, services: Services, last_closed: datetime | None) -> None:
        """``last_closed``: when the window was last closed; None at the first start."""
        super().__init__(
            services.theme,
            tr("Overview"),
            tr(EXPLANATION),
        )
        now = services.clock()
        self._has_no_earlier_session = (
            last_closed is None or last_closed > now
        )  # the clock was set back
        self._s, self._last_closed = (
            services,
            now if self._has_no_earlier_session or last_closed is None else last_closed,
        )
        self._has_limits = False
        self._targets: dict[str, MachineFilter | None] = {}
        self._headline_machines: MachineFilter | None = None
        self._shown: OverviewQuery | None = None
        """The query of the numbers that are shown."""
        self._channel = QueryChannel(services.source, self._show_result, self._show_failure, self)
        theme = services.theme
        self.banner = Banner(theme)
        self.tiles = {
            key: Tile(theme, models.tr(caption), f"overview-{key}", clickable=True, has_note=True)
            for key, caption in models.TILES
        }
        self.ring = Ring(theme)
        self.trend = ChartHost(theme, "trendChart", TREND_PX, _make_trend)
        self.restarts = ActionList(theme, "restart")
        self.next_steps = ActionList(theme, "step")
        self.changes = Points(theme)
        self.since = label(theme, role="secondary", wrap=True)
        self.groups = ListedModel(services.source, overview_groups.GROUPS, services.clock, self)
        self.panel = TablePanel(
            theme, Table(theme, services.preferences, self.groups, "groupsTable", tr("Groups"))
        )
        self._make_tools()
        self._lay_out()
        self._connect()

    def _make_tools(self) -> None:
        self.day = QDateEdit()
        self.day.setCalendarPopup(True)
        self.day.setObjectName("overviewDay")
        self.day.setAccessibleName(tr("Compliance as known at the end of a day"))
        self.day.setDisplayFormat("d MMM yyyy")
        short = QCalendarWidget.HorizontalHeaderFormat.SingleLetterDayNames
        calendar = self.day.calendarWidget()
        calendar.setHorizontalHeaderFormat(short)
        calendar.setMinimumHeight(round(CALENDAR_PX * self._s.theme.scale))
        self.dimension = QComboBox()
        self.dimension.setObjectName("overviewDimension")
        self.dimension.setAccessibleName(tr("Group machines by"))
        for dimension in Dimension:
            self.dimension.addItem(dimension.label)
        self.dimension.setCurrentIndex(list(Dimension).index(Dimension.SUBSCRIPTION))
        self.tag = QComboBox()
        self.tag.setObjectName("overviewTag")
        self.tag.setAccessibleName(tr("Name of the tag"))
        self.tag.hide()
        self.tools.addWidget(label(self._s.theme, tr("As of (UTC)"), role="secondary"))
        self.tools.addWidget(self.day)
        self.report = QPushButton(tr("Report…"))
        self.report.setObjectName("overviewReport")
        self.report.setShortcut(QKeySequence(KEYS))
        self.report.setToolTip(tr("Save or print the evidence ({keys})", keys=KEYS))
        self.report.clicked.connect(self._open_report)
        self.exporter = Exporter(self._s, self)
        self.exporter.busy.connect(self._on_busy)
        self.tools.addWidget(self.report)

    def _lay_out(self) -> None:
        theme = self._s.theme
        tiles = EvenLayout(list(self.tiles.values()), 12, round(TILE_PX * theme.scale))
        compliance = _part(theme, tr("Compliance"), self.ring)
        trend = _part(theme, tr("Compliance over time"), self.trend)
        steps = _part(theme, tr("Next steps"), self.next_steps)
        changes = _part(theme, tr("Since your last session"), self.since, self.changes)
        restarts = _part(theme, tr("Next restarts"), self.restarts)
        for column in (compliance, steps, changes):
            column.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(px(20))
        right.addLayout(restarts)
        right.addLayout(changes, 1)
        self._today = QWidget()
        """Sections shown only for the current day."""
        column = QVBoxLayout()
        column.setContentsMargins(insets(16, 4, 16, 16))
        column.setSpacing(px(20))
        column.addWidget(self.banner)
        column.addLayout(tiles)
        column.addLayout(_side_by_side(compliance, trend))
        column.addWidget(self._today)
        lists = _side_by_side(steps, right)
        lists.setContentsMargins(0, 0, 0, 0)
        self._today.setLayout(lists)
        head = QHBoxLayout()
        head.setSpacing(px(8))
        head.addWidget(label(theme, tr("Machines by"), px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
        head.addWidget(self.dimension)
        head.addWidget(self.tag)
        head.addStretch(1)
        column.addLayout(head)
        self.panel.setMinimumHeight(round(GROUPS_PX * theme.scale))
        self.fill_scrolling(column, self.panel)

    def _connect(self) -> None:
        for key, tile in self.tiles.items():
            tile.clicked.connect(partial(self._open_tile, key))
        self.ring.opened.connect(self._open_group)
        for listed in (self.next_steps, self.restarts):
            listed.action_requested.connect(self._open_item)
        self.panel.table.opened.connect(self._open_row)
        self.dimension.currentIndexChanged.connect(self._choose)
        self.tag.currentIndexChanged.connect(self._choose)
        self.day.dateChanged.connect(self._choose)
        self._s.source.open_failed.connect(lambda: self._show_failure(self._s.source.open_error))
        self.banner.button.clicked.connect(self._on_banner)
        self._s.source.changed.connect(self._on_changed)
        self._s.source.opened.connect(self.show_all)
        self._s.source.minute_passed.connect(self.show_all)

    @property
    def past(self) -> date | None:
        """The past day that is shown; None for now."""
        chosen = self.day.date().toPython()
        assert isinstance(chosen, date)
        return chosen if chosen < self._s.clock().date() else None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.show_all()

    def show_all(self) -> None:
        """Read everything again for the chosen day and group."""
        if self.isVisible():
            self._read(is_refresh=True)

    def _choose(self) -> None:
        """Read for another day or group; the answer to the previous choice isn't shown."""
        self._read(is_refresh=False)

    def _query(self) -> OverviewQuery:
        dimension = tuple(Dimension)[self.dimension.currentIndex()]
        tag = self.tag.currentText() if dimension is Dimension.TAG else ""
        return OverviewQuery(
            self._s.clock(), self._s.calendar(), dimension, tag, self._last_closed, self.past
        )

    def _read(self, *, is_refresh: bool) -> None:
        self._limit_day(None)
        query = self._query()
        self._channel.query(partial(read_overview, query=query), is_refresh=is_refresh)

    def _limit_day(self, first: date | None) -> None:
        """Limit the chosen day to the range from ``first``, or the current lower limit, to today.

        If today is chosen, it stays chosen after midnight.
        """
        today = _qdate(self._s.clock().date())
        follows = self.day.date() == self.day.maximumDate() or not self._has_limits
        least = _qdate(first) if first else self.day.minimumDate()
        self._has_limits = True
        with QSignalBlocker(self.day):
            self.day.setDateRange(min(least, today), today)
            if follows:
                self.day.setDate(today)

    def _on_banner(self) -> None:
        """Go back to today, or open the machines that the headline is about."""
        if self.past is not None:
            self.day.setDate(self.day.maximumDate())
        elif self._headline_machines is not None:
            self.machines_requested.emit(self._headline_machines)

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(_TABLES):
            self.show_all()

    def _show_result(self, read: OverviewData) -> None:
        query = self._shown = read.query
        calendar, is_past = self._s.calendar(), query.day is not None
        headline = models.headline(read)
        self.banner.show_text(headline.level, headline.headline, headline.detail)
        self._headline_machines = headline.machines
        self.banner.button.setText(tr("Back to today") if is_past else tr("Show machines"))
        self.banner.button.setVisible(is_past or headline.machines is not None)
        self._show_tiles(read)
        self._show_compliance(read)
        data = compliance_trend.trend_data(read)
        self.trend.show_data(data, compliance_trend.trend_text(data))
        self._today.setVisible(not is_past)
        self.explanation.setText(
            tr("The whole fleet as it was known on that day. The report lists its machines.")
            if is_past
            else tr(EXPLANATION)
        )
        self.restarts.show_items(
            overview_actions.next_restarts(read, calendar),
            (Glyph.INFO, tr("No product with hotpatching is known in the fleet.")),
        )
        self.next_steps.show_items(
            overview_actions.next_steps(read, calendar), overview_actions.calm_text(read)
        )
        self._show_changes(read)
        self._show_groups(read)
        self._limit_day(read.first_day)

    def _show_tiles(self, read: OverviewData) -> None:
        figures = models.figures(read)
        for key, tile in self.tiles.items():
            figure = figures.get(key)
            tile.setVisible(figure is not None)
            self._targets[key] = figure.machines if figure else None
            if figure is not None:
                tile.show_value(figure.figure, figure.note, figure.glyph)
                tile.set_opens(figure.machines is not None)

    def _show_compliance(self, read: OverviewData) -> None:
        slices = [
            Slice(_KEYS[group], group.label, machines)
            for group, machines in read.compliance.items()
        ]
        is_now = read.query.day is None
        self.ring.show_slices(slices, f"{read.machines:,}", tr("machines"), opens=is_now)

    def _show_changes(self, read: OverviewData) -> None:
        if self._has_no_earlier_session:
            self.since.setText(
                tr(
                    "There is no earlier session to compare with. Changes will be listed the next time you start the program."
                )
            )
            return
        age = age_text(self._last_closed, read.query.now)
        self.since.setText(
            tr("No changes since your last session ({age}).", age=age)
            if not read.changes
            else tr("Changes since your last session ({age}):", age=age)
        )
        self.changes.show_points(
            [
                Point(Glyph.NONE, "", what, when)
                for what, when in overview_actions.changes_text(read.changes, read.query.now)
            ]
        )

    def _show_groups(self, read: OverviewData) -> None:
        by_tag = read.query.dimension is Dimension.TAG
        self.tag.setVisible(by_tag)
        if by_tag and self._list_tags(read.tags):
            self._choose()
        rows = [] if by_tag and not read.query.tag else overview_groups.group_rows(read.groups)
        self.groups.set_rows(rows)
        self.panel.show_table(bool(rows))
        needed = (len(rows) + 1) * ROW_PX + SPARE_PX
        self.panel.setMinimumHeight(
            round(min(GROUPS_PX, needed if rows else GROUPS_PX) * self._s.theme.scale)
        )
        self.panel.empty.show_text(
            Glyph.INFO,
            tr("No tags") if by_tag else tr("No machines yet"),
            "" if by_tag else tr("Machines appear after the first sync."),
        )

    def _list_tags(self, names: list[str]) -> bool:
        """List the tags' names. Whether another one is chosen now."""
        before = self.tag.currentText()
        if names != [self.tag.itemText(n) for n in range(self.tag.count())]:
            with QSignalBlocker(self.tag):
                self.tag.clear()
                self.tag.addItems(names)
                self.tag.setCurrentText(before)
        return self.tag.currentText() != before

    def _show_failure(self, why: str) -> None:
        self._shown = None
        for tile in self.tiles.values():
            tile.show_value(display_text.NOTHING, tr("can't be read"))
            tile.set_opens(False)
        self.ring.clear()
        self.trend.wait()
        self.banner.show_text(Level.ERROR, tr("The overview can't be shown."), why)
        self.banner.button.hide()
        self.since.clear()
        self.changes.show_points([])
        for listed in (self.restarts, self.next_steps):
            listed.show_items([], (Glyph.ERROR, why))
        self.groups.set_rows([])
        self.panel.show_failure(why)

    def _open_tile(self, key: str) -> None:
        machines = self._targets.get(key)
        if machines is not None:
            self.machines_requested.emit(machines)

    def _open_group(self, key: str) -> None:
        self.machines_requested.emit(models.of_group(overview_groups.COLUMN_GROUPS[key]))

    def _open_item(self, item: ActionItem) -> None:
        if item.machines is not None:
            self.machines_requested.emit(item.machines)
        else:
            self.page_requested.emit(item.page)

    def _open_row(self, row_id: int) -> None:
        number = self.groups.number_of(row_id)
        row = self.groups.row(number) if number is not None else None
        shown = self._shown
        if row is not None and shown is not None and shown.day is None:
            column = self.groups.columns[max(0, self.panel.table.currentIndex().column())].key
            self.machines_requested.emit(
                overview_groups.group_filter(row, shown.dimension, shown.tag, column)
            )

    def _on_busy(self, busy: bool) -> None:
        self.report.setEnabled(not busy)
        self.report.setText(tr("Writing report…") if busy else tr("Report…"))
        self.report.setShortcut(QKeySequence(KEYS))  # setText removes it

    def _open_report(self) -> None:
        open_once(
            self,
            lambda: ReportDialog(
                self._s,
                self,
                name=tr("Compliance"),
                day=self.past,
                content=tr(
                    "Key numbers and charts, each machine with its missing updates, exceptions, "
                    "failed installations, open operations and restarts."
                )
                if self.past is None
                else tr(
                    "Data as known at the end of {day}: key numbers and charts, each machine, "
                    "failed installations and restarts.",
                    day=day_name(self.past),
                ),
                make=self._report,
                exporter=self.exporter,
                short=tr(
                    "Short: key numbers, exceptions and failures, without individual machines"
                ),
            ),
        )

    def _report(self, choice: ReportChoice) -> Make:
        query = self._query()
        return overview_report(
            query, origin(self._s), with_audit=choice.with_audit, is_short=choice.is_short
        )


def _part(theme: Theme, title: str, *widgets: QWidget) -> QVBoxLayout:
    """A part of the page below its title."""
    column = QVBoxLayout()
    column.setSpacing(px(8))
    column.addWidget(label(theme, title, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT))
    for widget in widgets:
        column.addWidget(widget)
    return column


def _side_by_side(left: QVBoxLayout, right: QVBoxLayout) -> QHBoxLayout:
    """Two parts of equal width."""
    row = QHBoxLayout()
    row.setSpacing(px(32))
    row.addLayout(left, 1)
    row.addLayout(right, 1)
    return row


def _qdate(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)


def _make_trend(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import TrendChart  # noqa: PLC0415 - after the first paint

    return TrendChart(theme)
