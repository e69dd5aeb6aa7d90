"""The Update compliance tab: what the last assessment offers, and what of it restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.machines import Freshness, freshness
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.standing import Situation
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models import columns, words
from hotpatch_gui.models.chosen import Chosen
from hotpatch_gui.models.figures import ClassCount
from hotpatch_gui.models.outcomes import classification_text
from hotpatch_gui.models.reader import Asker
from hotpatch_gui.models.windowed import WindowedModel
from hotpatch_gui.store import assessments, tables
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.times import from_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.chips import Chips
from hotpatch_gui.views.widgets.table import Table, TablePanel

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

_RESTART, _NO_RESTART = "restart", "no-restart"


class ComplianceTab(QWidget):
    """Updates on offer for the machines shown, with filters."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._s = services
        self._one: sqlite3.Row | None = None
        self._ids: tuple[int, ...] = ()
        self._offered, self._has_list = 0, False
        self.model = WindowedModel(
            services.source, tables.UPDATES, columns.COMPLIANCE, services.clock, parent=self
        )
        self.panel = TablePanel(
            services.theme, Table(services.theme, services.settings, self.model, "complianceTable")
        )
        self._counts = Asker(services.source, self._show_counts, self.panel.show_failure, self)
        self.chart = ChartHost(services.theme, "classificationChart", 168, _make_chart)
        choices = [(c.value, c.label) for c in (
            Classification.CRITICAL, Classification.SECURITY, Classification.UPDATE_ROLLUP,
            Classification.DEFINITION,
        )]  # fmt: skip
        self.chips = Chips(
            "complianceChip", [*choices, (_RESTART, "May restart"), (_NO_RESTART, "No restart")]
        )
        self.search = QLineEdit()
        self.search.setObjectName("complianceSearch")
        self.search.setAccessibleName("Filter by KB or name")
        self.search.setPlaceholderText("Filter by KB or name")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(240)
        self._lay_out()
        self.chips.changed.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.model.rows_changed.connect(self._show)
        self._s.source.changed.connect(self._on_changed)

    def _lay_out(self) -> None:
        filters = QHBoxLayout()
        filters.setContentsMargins(16, 8, 16, 8)
        filters.setSpacing(12)
        filters.addWidget(self.chips, 1)
        filters.addWidget(self.search, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(0)
        inset = QHBoxLayout()
        inset.setContentsMargins(16, 0, 16, 0)
        inset.addWidget(self.chart)
        column.addLayout(inset)
        column.addLayout(filters)
        column.addWidget(self.panel, 1)

    def show_chosen(self, chosen: Chosen) -> None:
        others = chosen.ids != self._ids
        self._one, self._ids, self._offered = chosen.one, chosen.ids, chosen.updates
        self._has_list = chosen.updates > 0 and chosen.listed > 0
        self.panel.table.setColumnHidden(0, chosen.one is not None)
        if others:
            self.chart.wait()
            self.model.show_others(self._where, at_once=chosen.one is not None)
            self._ask_counts(is_news=False)
        self._show()

    def _ask_counts(self, *, is_news: bool) -> None:
        counts = partial(assessments.counts_by_classification, machine_ids=self._ids)
        self._counts.ask(counts, at_once=len(self._ids) == 1, is_news=is_news)

    def _on_changed(self, changes: Changes) -> None:
        if self._ids and changes.touch(tables.UPDATES.touched_by):
            self._ask_counts(is_news=True)

    def _filter(self) -> None:
        self.model.set_where(self._where)

    @property
    def _where(self) -> tables.Where:
        chosen = self.chips.chosen
        restarts = None
        if (_RESTART in chosen) != (_NO_RESTART in chosen):
            restarts = _RESTART in chosen
        classes = [c for c in chosen if c not in (_RESTART, _NO_RESTART)]
        return tables.updates_where(self._ids, classes, restarts, self.search.text())

    def _show_counts(self, counts: Sequence[tuple[str, int, int]]) -> None:
        data = [ClassCount(classification_text(c), n, restarting) for c, n, restarting in counts]
        parts = [
            f"{d.label} {d.updates:,}" + (f", {d.restarting:,} may restart" if d.restarting else "")
            for d in data
        ]
        words = f"By classification: {'; '.join(parts)}. The orange part restarts or may restart."
        self.chart.show_data(data, words)

    def _show(self) -> None:
        filtered = bool(self.chips.chosen or self.search.text().strip())
        listed = self.model.rowCount() > 0
        self.chart.setVisible(self._has_list and self.chart.fits(self))
        self.panel.show_table(listed)
        if not listed:
            self._explain(filtered)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._show()

    def _explain(self, filtered: bool) -> None:
        empty, now = self.panel.empty, self._s.clock()
        if not self.model.is_loaded:
            empty.say(Glyph.RUNNING, "Reading…", "")
        elif filtered and self._offered:
            empty.say(Glyph.INFO, "No update matches", "Change or clear the filters above.")
        elif self._one is None:
            empty.say(
                Glyph.INFO,
                "No updates on offer",
                "No current assessment of the chosen machines lists an update. Status says on how many one is known.",
            )
        else:
            empty.say(*why_empty(self._one, now))


def why_empty(row: sqlite3.Row, now: Any) -> tuple[Glyph, str, str]:
    """Why one machine shows no update."""
    assessed = from_text(row["assessed_at"])
    fresh = freshness(assessed, now)
    if fresh is Freshness.NEVER:
        return (
            Glyph.UNKNOWN,
            "No assessment known",
            "Nothing is known about missing updates. Choose Assess now; it changes nothing on the machine.",
        )
    if fresh is Freshness.TOO_OLD:
        count = row["updates"]
        counted = f" It counted {count} update{'' if count == 1 else 's'}." if count else ""
        return (
            Glyph.UNKNOWN,
            "The assessment is too old",
            (
                f"Azure keeps the list for seven days; the last one is {(now - assessed).days if assessed else 0} days old.{counted} "
                "Choose Assess now."
            ),
        )
    if row["situation"] == Situation.UNSUPPORTED and not row["in_graph"]:
        return (
            Glyph.INFO,
            "Not supported",
            "Azure does not assess this image, so nothing is known about missing updates.",
        )
    if row["power"] not in (PowerState.RUNNING, PowerState.UNKNOWN):
        return (
            Glyph.INFO,
            f"The machine is {row['power']}",
            f"Nothing was on offer {age_text(assessed, now)}; it is not assessed while it does not run.",
        )
    if row["updates"]:
        return (
            Glyph.INFO,
            "The list is still to come",
            (
                f"The assessment {age_text(assessed, now)} counted {row['updates']}; Azure gives their names a little "
                "later. Press F5."
            ),
        )
    found = f"The assessment {age_text(assessed, now)} offers no update."
    if row["situation"] == Situation.UP_TO_DATE:
        return Glyph.OK, "Up to date", found
    glyph = words.LEVEL_GLYPHS[words.level_of(row)]
    return glyph, "No update is offered", f"{found} {words.situation_of(row)}: see Status."


def _make_chart(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import ClassificationChart  # noqa: PLC0415 - after the first paint

    return ClassificationChart(theme)
