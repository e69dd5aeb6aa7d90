"""The Update history tab: installation runs, what each did to every update, and its errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.models import columns
from hotpatch_gui.models.figures import DayCount
from hotpatch_gui.models.reader import Asker
from hotpatch_gui.models.windowed import WindowedModel
from hotpatch_gui.store import installations, tables
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.times import to_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.run_details import RunDetails
from hotpatch_gui.views.widgets.table import Table, TablePanel
from hotpatch_gui.views.widgets.tiles import Tile

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

RANGES = (
    ("Last 24 hours", 1), ("Last 7 days", 7), ("Last 15 days", 15), ("Last 30 days", 30),
    ("Last 90 days", 90), ("Last 12 months", 365), ("Everything kept", 36500),
)  # fmt: skip
_FAILED = (RunStatus.FAILED.value,)
_SUCCEEDED = (RunStatus.SUCCEEDED.value, RunStatus.COMPLETED_WITH_WARNINGS.value)


class HistoryTab(QWidget):
    """Runs of the machines shown; of every machine where ``show_machines`` was given None."""

    def __init__(self, services: Services, name: str) -> None:
        super().__init__()
        self._s = services
        self._ids: tuple[int, ...] | None = ()
        self._statuses: tuple[str, ...] = ()
        theme = services.theme
        self.model = WindowedModel(
            services.source, tables.HISTORY, columns.HISTORY, services.clock, parent=self
        )
        self.panel = TablePanel(theme, Table(theme, services.settings, self.model, f"{name}Table"))
        self.tiles = {
            key: Tile(theme, caption, f"{name}-{key}", clickable=True)
            for key, caption in (
                ("total", "Total"),
                ("failed", "Failed"),
                ("succeeded", "Successful"),
            )
        }
        self._asker = Asker(services.source, self._show_figures, self._show_failure, self)
        self.chart = ChartHost(theme, f"{name}Chart", 148, _make_chart)
        self.range = QComboBox()
        self.range.setObjectName(f"{name}Range")
        self.range.setAccessibleName("Time range")
        for text, days in RANGES:
            self.range.addItem(text, days)
        self.range.setCurrentIndex(max(0, self.range.findData(services.settings.history_days)))
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}Search")
        self.search.setAccessibleName("Filter by KB, machine or operation")
        self.search.setPlaceholderText("Filter by KB, machine or operation ID")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(280)
        self.details = RunDetails(theme, f"{name}Details")
        self.details.hide()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(16, 12, 16, 4)
        top.setSpacing(12)
        for tile in self.tiles.values():
            tile.setFixedWidth(round(112 * self._s.theme.scale))
            top.addWidget(tile, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.chart, 1)
        filters = QHBoxLayout()
        filters.setContentsMargins(16, 4, 16, 8)
        filters.setSpacing(12)
        filters.addWidget(self.range)
        filters.addWidget(self.search, 1)
        filters.addStretch(1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.panel)
        split.addWidget(self.details)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addLayout(filters)
        column.addWidget(split, 1)

    def _connect(self) -> None:
        for key, statuses in (("total", ()), ("failed", _FAILED), ("succeeded", _SUCCEEDED)):
            self.tiles[key].clicked.connect(self._chooser(statuses))
        self.range.currentIndexChanged.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.model.rows_changed.connect(self._show)
        self.panel.table.selectionModel().selectionChanged.connect(self._show_details)
        self._s.source.changed.connect(self._on_changed)

    def show_machines(self, machine_ids: Sequence[int] | None) -> None:
        ids = None if machine_ids is None else tuple(machine_ids)
        others, self._ids = ids != self._ids, ids
        one = ids is not None and len(ids) == 1
        self.panel.table.setColumnHidden(0, one)
        if others:
            self.chart.wait()
            for tile in self.tiles.values():
                tile.show_figure("…")
            self.model.show_others(self._where, at_once=one)
        self._ask_figures()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.chart.setVisible(self.chart.fits(self))

    @property
    def _since(self) -> date:
        days = int(self.range.currentData())
        return max(date(2000, 1, 1), self._s.clock().date() - timedelta(days=days - 1))

    @property
    def _since_text(self) -> str:
        if self.range.currentData() == 1:
            return to_text(self._s.clock() - timedelta(days=1)) or ""
        return f"{self._since.isoformat()}T00:00:00Z"

    def _chooser(self, statuses: tuple[str, ...]) -> Callable[[], None]:
        def choose() -> None:
            self._statuses = statuses
            self._filter()

        return choose

    def _on_changed(self, changes: Changes) -> None:
        if changes.touch(tables.HISTORY.touched_by):
            self._ask_figures(is_news=True)
            self._show_details()

    @property
    def _where(self) -> tables.Where:
        return tables.history_where(self._ids, self._since_text, self._statuses, self.search.text())

    def _filter(self) -> None:
        self.model.set_where(self._where)
        self._ask_figures()

    def _ask_figures(self, *, is_news: bool = False) -> None:
        since, today = self._since_text, self._s.clock().date()
        work = partial(_figures, machine_ids=self._ids, since=since, today=today)
        one = self._ids is not None and len(self._ids) == 1
        self._asker.ask(work, at_once=one, is_news=is_news)
        chosen = {(): "total", _FAILED: "failed", _SUCCEEDED: "succeeded"}[self._statuses]
        for key, tile in self.tiles.items():
            tile.set_chosen(key == chosen)

    def _show_failure(self, why: str) -> None:
        for tile in self.tiles.values():
            tile.show_figure("–")
        self.chart.hide()
        self.panel.show_failure(why)

    def _show_figures(self, figures: _Figures) -> None:
        for key, count in figures.tally.items():
            self.tiles[key].show_figure(f"{count:,}")
        installed, failed = (
            sum(c.installed for c in figures.days),
            sum(c.failed for c in figures.days),
        )
        words = (
            f"Updates, not runs: {installed:,} installed (green) and {failed:,} failed (red), "
            f"on {len(figures.days):,} days."
        )
        self.chart.show_data((figures.first, figures.last, figures.days), words)

    def _show(self) -> None:
        listed = self.model.rowCount() > 0
        self.panel.show_table(listed)
        if not listed:
            self._explain()

    def _explain(self) -> None:
        empty = self.panel.empty
        if not self.model.is_loaded:
            empty.say(Glyph.RUNNING, "Reading…", "")
        elif self._statuses or self.search.text().strip():
            empty.say(
                Glyph.INFO,
                "No installation matches",
                "Choose Total, another time range, or clear the filter.",
            )
        else:
            empty.say(
                Glyph.INFO, "No installations in this time",
                "Azure keeps 30 days; this program keeps what it has seen for good. Choose a longer range to look back.",
            )  # fmt: skip

    def _show_details(self) -> None:
        ids = self.panel.table.selected_ids
        db = self._s.source.db
        if db is None or len(ids) != 1:
            self.details.hide()
            return
        row = self.model.row(self.model.number_of(ids[0]) or 0)
        if row is not None:
            self.details.show_run(
                row, installations.results(db, ids[0]), installations.errors(db, ids[0])
            )
            self.details.show()


class _Figures(NamedTuple):
    """What stands above the table: runs by how they ended, and updates day by day."""

    tally: dict[str, int]
    first: date
    last: date
    days: list[DayCount]


def _figures(
    db: sqlite3.Connection, machine_ids: Sequence[int] | None, since: str, today: date
) -> _Figures:
    total, failed, succeeded = installations.tally(db, machine_ids, since)
    tally = {"total": total, "failed": failed, "succeeded": succeeded}
    counts = installations.by_day(db, machine_ids, since)
    days = [DayCount(date.fromisoformat(d), i, f) for d, i, f in counts]
    first = date.fromisoformat(since[:10])
    if (today - first).days > 400:
        first = min((c.day for c in days), default=today)
    return _Figures(tally, first, today, days)


def _make_chart(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import HistoryChart  # noqa: PLC0415 - after the first paint

    return HistoryChart(theme)
