"""The Update history tab: installation runs, results and errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import Span
from hotpatch_gui.models.history import (
    FAILED,
    RANGES,
    SUCCEEDED,
    HistoryCounts,
    read_history_counts,
    run_text,
    span_of,
)
from hotpatch_gui.models.lists import RunsModel
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.kb_machines import open_stop_update
from hotpatch_gui.views.widgets.run_details import RunDetails
from hotpatch_gui.views.widgets.scroll_area import ScrollArea
from hotpatch_gui.views.widgets.table import Table, TablePanel
from hotpatch_gui.views.widgets.tiles import Tile

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

tr = translator("HistoryTab")


TABLE_PX, DETAILS_PX = 144, 200
"""The minimum heights of the runs and of one run's details; the tab scrolls in a low window."""


class HistoryTab(QWidget):
    """Runs of the machines shown; of all machines if ``show_machines`` received None.

    Signals:
        machine_opened (int): a machine's row ID.
    """

    machine_opened = Signal(int)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__()
        self._s = services
        self._ids: tuple[int, ...] | None = ()
        self._statuses: tuple[str, ...] = ()
        theme = services.theme
        self.model = RunsModel(services.source, services.clock, self)
        self.panel = TablePanel(
            theme,
            Table(theme, services.preferences, self.model, f"{name}Table", tr("Installations")),
        )
        self.tiles = {
            key: Tile(theme, caption, f"{name}-{key}", clickable=True)
            for key, caption in (
                ("total", tr("Total")),
                ("failed", tr("Failed or incomplete")),
                ("succeeded", tr("Succeeded")),
            )
        }
        self._channel = QueryChannel(services.source, self._show_figures, self._show_failure, self)
        self.chart = ChartHost(theme, f"{name}Chart", 148, _make_chart)
        self.range = QComboBox()
        self.range.setObjectName(f"{name}Range")
        self.range.setAccessibleName(tr("Time range"))
        for text, days in RANGES:
            self.range.addItem(translated(text), days)
        self.range.setCurrentIndex(max(0, self.range.findData(services.preferences.history_days)))
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}Search")
        self.search.setAccessibleName(tr("Filter by KB, machine, error or run ID"))
        self.search.setPlaceholderText(tr("Filter by KB, machine, error or run ID"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(round(280 * services.theme.scale))
        self.details = RunDetails(theme, f"{name}Details")
        self.details.hide()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._top = QWidget()
        top = QHBoxLayout(self._top)
        top.setContentsMargins(insets(16, 12, 16, 4))
        top.setSpacing(px(12))
        for tile in self.tiles.values():
            tile.setFixedWidth(px(152))
            top.addWidget(tile, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.chart, 1)
        top.addStretch(0)
        filters = QHBoxLayout()
        filters.setContentsMargins(insets(16, 4, 16, 8))
        filters.setSpacing(px(12))
        filters.addWidget(self.range)
        filters.addWidget(self.search, 1)
        filters.addStretch(1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.panel)
        split.addWidget(self.details)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        self.panel.setMinimumHeight(round(TABLE_PX * self._s.theme.scale))
        self.details.setMinimumHeight(round(DETAILS_PX * self._s.theme.scale))
        body = QWidget()
        body.setObjectName("surface")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._top)
        column.addLayout(filters)
        column.addWidget(split, 1)
        area = ScrollArea(tr("Update history"), body)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def _connect(self) -> None:
        for key, statuses in (("total", ()), ("failed", FAILED), ("succeeded", SUCCEEDED)):
            self.tiles[key].clicked.connect(self._chooser(statuses))
        self.range.currentIndexChanged.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.model.rows_changed.connect(self._show)
        self.panel.table.selectionModel().selectionChanged.connect(self._show_details)
        self.panel.table.opened.connect(self._open)
        self.details.stop_requested.connect(self._stop_update)
        self.details.support_requested.connect(self._open_support)
        self._s.source.changed.connect(self._on_changed)
        self._s.source.minute_passed.connect(self._update_time_range)

    def _stop_update(self, kb: str) -> None:
        open_stop_update(self._s, self.window(), kb)

    def _open_support(self) -> None:
        """Write a support request about the machine of the selected run."""
        from hotpatch_gui.views.dialogs.support import SupportDialog  # noqa: PLC0415 - only when it opens

        ids = self.panel.table.selected_ids
        number = self.model.number_of(ids[0]) if len(ids) == 1 else None
        run = self.model.row(number) if number is not None else None
        if run is not None:
            machine_ids = (run.machine_id,)
            open_once(self, lambda: SupportDialog(self._s, machine_ids, self.window()))

    def show_machines(self, machine_ids: Sequence[int] | None) -> None:
        ids = None if machine_ids is None else tuple(machine_ids)
        others, self._ids = ids != self._ids, ids
        one = ids is not None and len(ids) == 1
        self.panel.table.setColumnHidden(0, one)
        if others:
            self.chart.wait()
            for tile in self.tiles.values():
                tile.show_value("…")
            self._show_rows(are_others=True)
        self._ask_figures()

    def show_maintenance_run(self, run: str) -> None:
        """Show the installations of a maintenance run, of any time."""
        self._statuses = ()
        self.range.setCurrentIndex(self.range.count() - 1)
        self.search.setText(run)
        self._filter()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_chart()

    def _show_chart(self) -> None:
        """Show tiles and chart if there is room; a run's details come first."""
        is_high = self.chart.fits(self)
        self._top.setVisible(is_high or self.details.isHidden())
        self.chart.setVisible(is_high and self.details.isHidden())

    @property
    def _span(self) -> Span:
        return span_of(int(self.range.currentData()), self._s.clock())

    def _chooser(self, statuses: tuple[str, ...]) -> Callable[[], None]:
        def choose() -> None:
            self._statuses = statuses
            self._filter()

        return choose

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(self.model.table.touched_by):
            self._update_time_range()
            self._show_details()

    def _update_time_range(self) -> None:
        """The range ends now: rows and figures are of the same time."""
        self._show_rows(are_others=False)
        self._ask_figures(is_refresh=True)

    def _show_rows(self, *, are_others: bool) -> None:
        text = self.search.text()
        self.model.show(self._ids, self._span, self._statuses, text, are_others=are_others)

    def _filter(self) -> None:
        self._show_rows(are_others=False)
        self._ask_figures()

    def _ask_figures(self, *, is_refresh: bool = False) -> None:
        today = self._s.clock().date()
        work = partial(
            read_history_counts,
            machine_ids=self._ids,
            span=self._span,
            today=today,
            text=self.search.text(),
        )
        one = self._ids is not None and len(self._ids) == 1
        self._channel.query(work, synchronous=one, is_refresh=is_refresh)
        self._mark_tile()

    def _mark_tile(self) -> None:
        """Mark the tile whose installations the table lists."""
        selected = {(): "total", FAILED: "failed", SUCCEEDED: "succeeded"}[self._statuses]
        for key, tile in self.tiles.items():
            tile.set_selected(key == selected)

    def _show_failure(self, why: str) -> None:
        for tile in self.tiles.values():
            tile.show_value("–")
        self.chart.hide()
        self.panel.show_failure(why)

    def _show_figures(self, figures: HistoryCounts) -> None:
        for key, count in figures.tally.items():
            self.tiles[key].show_value(f"{count:,}")
        data = (figures.first, figures.last, figures.days, figures.gaps)
        self.chart.show_data(data, figures.chart_description)
        self._show_chart()

    def _show(self) -> None:
        listed = self.model.rowCount() > 0
        self.panel.show_table(listed)
        if not listed:
            self._explain()

    def _explain(self) -> None:
        empty = self.panel.empty
        if not self.model.is_loaded:
            empty.show_text(Glyph.RUNNING, tr("Reading…"), "")
        elif self._statuses or self.search.text().strip():
            empty.show_text(
                Glyph.INFO,
                tr("No installation matches"),
                tr("Choose Total or another time range, or clear the filter."),
            )
        elif self.range.currentIndex() == self.range.count() - 1:
            empty.show_text(
                Glyph.INFO,
                tr("No installations"),
                tr("Azure keeps 30 days; this program keeps everything it has read."),
            )
        else:
            empty.show_text(
                Glyph.INFO,
                tr("No installations in this period"),
                tr(
                    "Azure keeps 30 days; this program keeps everything it has read. Choose a longer "
                    "range to see more."
                ),
            )

    def _open(self, row_id: int) -> None:
        """Show the machine of an installation."""
        number = self.model.number_of(row_id)
        run = self.model.row(number) if number is not None else None
        if run is not None:
            self.machine_opened.emit(run.machine_id)

    def _show_details(self) -> None:
        ids = self.panel.table.selected_ids
        number = self.model.number_of(ids[0]) if len(ids) == 1 else None
        run = self.model.row(number) if number is not None else None
        if run is not None:
            self.details.show_run(run_text(self._s.source, ids[0], run))
        self.details.setVisible(run is not None)
        self._show_chart()


def _make_chart(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import HistoryChart  # noqa: PLC0415 - after the first paint

    return HistoryChart(theme)
