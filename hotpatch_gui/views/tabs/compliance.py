"""The Update compliance tab: available updates, and which of them restart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models.chart_data import ClassCount
from hotpatch_gui.models.compliance import counts_description, read_counts, why_empty
from hotpatch_gui.models.lists import UpdatesModel
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.selection import SelectionSummary
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.chips import Chips
from hotpatch_gui.views.widgets.table import Table, TablePanel
from hotpatch_gui.views.widgets.wrap_layout import WrapLayout

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

tr = translator("ComplianceTab")

_RESTART, _NO_RESTART = "restart", "no-restart"


class ComplianceTab(QWidget):
    """Available updates of the machines shown, with filters."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._s = services
        self._selection: SelectionSummary | None = None
        self._ids: tuple[int, ...] = ()
        self._offered, self._has_list = 0, False
        self.model = UpdatesModel(services.source, services.clock, self)
        self.panel = TablePanel(
            services.theme,
            Table(
                services.theme,
                services.preferences,
                self.model,
                "complianceTable",
                tr("Available updates"),
            ),
        )
        self._counts = QueryChannel(
            services.source, self._show_counts, self.panel.show_failure, self
        )
        self.chart = ChartHost(services.theme, "classificationChart", 168, _make_chart)
        choices = [
            (c.value, c.label)
            for c in (
                Classification.CRITICAL,
                Classification.SECURITY,
                Classification.UPDATE_ROLLUP,
                Classification.DEFINITION,
            )
        ]
        self.chips = Chips(
            "complianceChip",
            [*choices, (_RESTART, tr("May restart")), (_NO_RESTART, tr("No restart"))],
        )
        self.chips.setToolTip(tr("By Azure's classification, not by severity, and by restart"))
        self.search = QLineEdit()
        self.search.setObjectName("complianceSearch")
        self.search.setAccessibleName(tr("Filter by KB or name"))
        self.search.setPlaceholderText(tr("Filter by KB or name"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(round(240 * services.theme.scale))
        self._lay_out()
        self.chips.changed.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.model.rows_changed.connect(self._show)
        self._s.source.changed.connect(self._on_changed)

    def _lay_out(self) -> None:
        filters = WrapLayout([self.chips, self.search], px(12))
        filters.setContentsMargins(insets(16, 8, 16, 8))
        column = QVBoxLayout(self)
        column.setContentsMargins(insets(0, 8, 0, 0))
        column.setSpacing(0)
        inset = QHBoxLayout()
        inset.setContentsMargins(insets(16, 0, 16, 0))
        inset.addWidget(self.chart)
        column.addLayout(inset)
        column.addLayout(filters)
        column.addWidget(self.panel, 1)

    def show_selection(self, selection: SelectionSummary) -> None:
        others = selection.ids != self._ids
        self._selection, self._ids, self._offered = selection, selection.ids, selection.updates
        self._has_list = selection.updates > 0 and selection.counted > 0
        self.panel.table.setColumnHidden(0, selection.one is not None)
        if others:
            self.chart.wait()
            self._show_rows(are_others=True)
            self._ask_counts(is_refresh=False)
        self._show()

    def _ask_counts(self, *, is_refresh: bool) -> None:
        counts = partial(read_counts, machine_ids=self._ids)
        self._counts.query(counts, synchronous=len(self._ids) == 1, is_refresh=is_refresh)

    def _on_changed(self, changes: ChangedTables) -> None:
        if self._ids and changes.affects(self.model.table.touched_by):
            self._ask_counts(is_refresh=True)

    def _filter(self) -> None:
        self._show_rows(are_others=False)

    def _show_rows(self, *, are_others: bool) -> None:
        selection = self.chips.checked
        restarts = None
        if (_RESTART in selection) != (_NO_RESTART in selection):
            restarts = _RESTART in selection
        classes = [c for c in selection if c not in (_RESTART, _NO_RESTART)]
        self.model.show(self._ids, classes, restarts, self.search.text(), are_others=are_others)

    def _show_counts(self, counts: Sequence[ClassCount]) -> None:
        self.chart.show_data(counts, counts_description(counts))

    def _show(self) -> None:
        filtered = bool(self.chips.checked or self.search.text().strip())
        listed = self.model.rowCount() > 0
        self.chart.setVisible(self._has_list and self.chart.fits(self))
        self.panel.show_table(listed)
        if not listed:
            self._explain(filtered)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show()

    def _explain(self, filtered: bool) -> None:
        empty, now = self.panel.empty, self._s.clock()
        if not self.model.is_loaded:
            empty.show_text(Glyph.RUNNING, tr("Reading…"), "")
        elif filtered and self._offered:
            empty.show_text(
                Glyph.INFO, tr("No update matches"), tr("Change or clear the filters above.")
            )
        elif self._selection is None or self._selection.one is None:
            empty.show_text(
                Glyph.INFO,
                tr("No updates available"),
                tr(
                    "No current assessment of the selected machines lists an update. The Status tab "
                    "shows how many machines are assessed."
                ),
            )
        else:
            empty.show_text(*why_empty(self._selection.one, now))


def _make_chart(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import ClassificationChart  # noqa: PLC0415 - after the first paint

    return ClassificationChart(theme)
