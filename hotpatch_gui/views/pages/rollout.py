"""The Rollout page: when automatic guest patching reaches each machine, and why."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models import rollout
from hotpatch_gui.models.exports import Make
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.rollout import RolloutData, RolloutRow
from hotpatch_gui.system import resources
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import CAPTION_PX
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.banner import Banner
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.rollout_plan import RolloutDiagram, RolloutLegend
from hotpatch_gui.views.widgets.scroll_area import ScrollArea
from hotpatch_gui.views.widgets.table import Table, TablePanel

from .table_page import PageFrame

tr = translator("RolloutPage")

PLAN_PX = 480
KEPT_ROWS = 6
"""The plan's largest share of the page, after which it scrolls."""


class RolloutPage(PageFrame):
    """The rollout.

    Signals:
        machine_opened (int): a machine of the table was opened.
    """

    machine_opened = Signal(int)

    def __init__(self, services: Services) -> None:
        super().__init__(
            services.theme,
            tr("Rollout"),
            tr(
                "When automatic guest patching reaches each machine, and what each machine is "
                "waiting for."
            ),
        )
        self._s = services
        theme = services.theme
        self._channel = QueryChannel(services.source, self._show_result, self._show_failure, self)
        self.banner = Banner(theme)
        self.plan = RolloutDiagram(theme)
        self.legend = RolloutLegend(theme, self.plan)
        self.assumed = label(
            theme, translated(rollout.ASSUMED), px=CAPTION_PX, role="secondary", wrap=True
        )
        self.plan_area = ScrollArea(tr("Plan"), self.plan)
        self.plan.height_changed.connect(self._fit_plan)
        self.model = ListedModel(services.source, rollout.MACHINES, services.clock, self)
        self.panel = TablePanel(
            theme,
            Table(
                theme,
                services.preferences,
                self.model,
                "rolloutTable",
                tr("Machines in the rollout"),
            ),
        )
        self.panel.table.opened.connect(self.machine_opened)
        self.showing = QComboBox()
        self.showing.setObjectName("rolloutShowing")
        self.showing.setAccessibleName(tr("Show machines by their expected start"))
        for choice in rollout.RolloutFilter:
            self.showing.addItem(choice.label, choice)
        self.showing.currentIndexChanged.connect(self._filter)
        self.tools.addWidget(ExportButton(services, tr("Rollout"), self._report))
        self.counted = label(theme, role="secondary")
        self.explain = QPushButton(tr("How this is inferred"))
        self.explain.setProperty("link", True)
        self.explain.setCheckable(True)
        self.explain.toggled.connect(self.assumed.setVisible)
        self._rows: list[RolloutRow] = []
        self._lay_out()
        self.banner.button.clicked.connect(self._take_next_step)
        self._needs_releases = False
        services.source.changed.connect(self._on_changed)
        services.source.minute_passed.connect(self.reload)

    def _lay_out(self) -> None:
        body = QVBoxLayout()
        body.setContentsMargins(insets(16, 4, 16, 12))
        body.setSpacing(px(8))
        for widget in (self.banner, self.plan_area):
            body.addWidget(widget)
        below = QHBoxLayout()
        below.setSpacing(px(12))
        below.addWidget(self.legend, 1)
        below.addWidget(self.explain, 0, Qt.AlignmentFlag.AlignTop)
        body.addLayout(below)
        self.assumed.hide()
        body.addWidget(self.assumed)
        filters = QHBoxLayout()
        filters.setSpacing(px(12))
        filters.addWidget(self.showing)
        filters.addWidget(self.counted)
        filters.addStretch(1)
        body.addLayout(filters)
        self.panel.keep_rows(KEPT_ROWS)
        self.fill_scrolling(body, self.panel)

    def _open_releases(self) -> None:
        from hotpatch_gui.views.dialogs.releases import ReleasesDialog  # noqa: PLC0415 - rarely needed

        open_once(self, lambda: ReleasesDialog(self._s, self))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()

    def reload(self) -> None:
        self._query(is_refresh=False)

    def _report(self) -> Make:
        """Export the machines that are shown."""
        return table_report(self.panel.table, tr("Rollout"), self._s)

    def _take_next_step(self) -> None:
        if self._needs_releases:
            self._open_releases()
        else:
            self.showing.setCurrentText(rollout.RolloutFilter.UNHEALTHY.label)

    def show_next_day(self) -> None:
        """Show the machines that are expected to start in the next 24 hours."""
        self.showing.setCurrentText(rollout.RolloutFilter.DAY.label)
        column = next(n for n, c in enumerate(rollout.MACHINES) if c.key == "window")
        self.panel.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)

    def _filter(self) -> None:
        showing, now = rollout.RolloutFilter(self.showing.currentData()), self._s.clock()
        shown = [row for row in self._rows if showing.includes(row, now)]
        self.model.set_rows(shown)
        self.panel.show_table(bool(shown))
        self.counted.setText(tr("%n machine(s)", len(shown)) if self._rows else "")
        if self._rows:
            self.panel.empty.show_text(
                Glyph.INFO,
                tr("No start is expected"),
                tr("No machine is expected to start in this period."),
            )

    def _on_changed(self, changes: ChangedTables) -> None:
        if self.isVisible() and changes.affects(
            frozenset({"machines", "installations", "releases"})
        ):
            self._query(is_refresh=True)

    def _query(self, *, is_refresh: bool) -> None:
        pairs = resources.read_json("region-pairs.json")["pairs"]
        work = partial(
            rollout.read_rollout, calendar=self._s.calendar(), pairs=pairs, clock=self._s.clock
        )
        if not is_refresh and not self._rows:
            self.banner.show_text(Level.INFO, tr("Reading…"), "", glyph=Glyph.RUNNING)
            self.banner.button.hide()
        self._channel.query(work, is_refresh=is_refresh)

    def _fit_plan(self, height: int) -> None:
        self.plan_area.setFixedHeight(min(height + 2, round(PLAN_PX * self._s.theme.scale)))

    def _show_failure(self, why: str) -> None:
        self.banner.show_text(Level.UNKNOWN, tr("The rollout can't be shown."), why)
        self._rows = []
        self.model.set_rows([])
        for widget in (
            self.showing,
            self.counted,
            self.plan_area,
            self.legend,
            self.explain,
            self.assumed,
            self.banner.button,
        ):
            widget.hide()
        self.panel.show_failure(why)

    def _show_result(self, data: RolloutData) -> None:
        self.banner.show_text(data.level, data.headline, data.detail)
        self.plan.show_phases(data.phases, rollout.diagram_text(data))
        self._fit_plan(self.plan.height())
        for widget in (self.plan_area, self.legend, self.explain):
            widget.setVisible(bool(data.phases))
        self.assumed.setVisible(bool(data.phases) and self.explain.isChecked())
        self._needs_releases = data.needs_releases
        self.banner.button.setText(
            tr("Release data…") if data.needs_releases else tr("Show unhealthy machines")
        )
        self.banner.button.setVisible(data.needs_releases or data.has_unhealthy)
        self._rows = data.rows
        for filtering in (self.showing, self.counted):
            filtering.setVisible(bool(data.rows))
        self._filter()
        if data.rows:
            return
        self.panel.empty.show_text(
            Glyph.INFO,
            tr("Nothing to show"),
            tr(
                "The order of machines appears here once machines and a release of the last 30 days "
                "are known."
            ),
        )
