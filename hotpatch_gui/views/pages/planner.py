"""The Planner page: restarts, exposure and hours of a period, with and without hotpatch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.forecast import Forecast, ForecastOptions, ReleaseAssumption, RestartWindow
from hotpatch_gui.domain.phrases import machines
from hotpatch_gui.domain.releases import release_day
from hotpatch_gui.models import planner
from hotpatch_gui.models.exports import Make, with_sheet
from hotpatch_gui.models.forecasting import ForecastRequest
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.machine_list import everyone
from hotpatch_gui.models.planner import Planner
from hotpatch_gui.system import resources
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import CAPTION_PX, ROW_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.empty import EmptyState
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.number_box import MINUTES, NumberBox
from hotpatch_gui.views.widgets.table import Table
from hotpatch_gui.views.widgets.tiles import TILE_PX, Tile
from hotpatch_gui.views.widgets.wrap_layout import EvenLayout

from .table_page import TABLE_PX, PageFrame

if TYPE_CHECKING:
    from hotpatch_gui.views.widgets.charts import Chart

tr = translator("PlannerPage")

MAX_ROWS, SPARE_PX = 24, 6
"""The months that the page shows without a scroll bar in the table."""
FIRST_YEAR = 2022
CHART_PX = 204
COLUMNS = 3
NEXT_YEAR = tr.mark("The next 12 months")
NOTE = tr.mark(
    "Counts restarts for monthly releases of the operating system. .NET and out-of-band "
    "updates may restart a machine as well, with or without hotpatch. Days of exposure "
    "follow the rollout's published rules and assumed hours, with every machine running "
    "and every installation successful."
)


class PlannerPage(PageFrame):
    """``selection`` returns the row IDs and the name of the selected machines."""

    def __init__(
        self, services: Services, selection: Callable[[], tuple[Sequence[int], str]]
    ) -> None:
        super().__init__(
            services.theme,
            tr("Planner"),
            tr(
                "Simulate a period: restarts, days of exposure and restart windows, with and without "
                "hotpatch."
            ),
        )
        self._s, self._selection = services, selection
        self._answer: Forecast | None = None
        pairs = resources.read_json("region-pairs.json")["pairs"]
        self.planner = Planner(services.source, services.calendar, pairs, self)
        self._make_form()
        self._make_results()
        self._lay_out()
        self.run.clicked.connect(self.simulate)
        self.cancel.clicked.connect(self.planner.cancel)
        self.scenario.currentIndexChanged.connect(self._show_form)
        self.planner.progressed.connect(self._on_progressed)
        self.planner.ended.connect(self._on_ended)
        self.planner.failed.connect(self._show_failure)
        self._show_form()

    def _make_form(self) -> None:
        theme = self._s.theme
        self.machines = _combo(
            "plannerMachines",
            tr("Machines"),
            (tr("All machines"), tr("Machines selected on the Machines page")),
        )
        self.period = _combo("plannerPeriod", tr("Period"), (tr(NEXT_YEAR),))
        for year in range(self._s.clock().year + 2, FIRST_YEAR - 1, -1):
            self.period.addItem(str(year), year)
        self.scenario = _combo(
            "plannerScenario", tr("Scenario"), tuple(s.label for s in ReleaseAssumption)
        )
        self.unplanned = NumberBox(theme, 1, 8, 2)
        self.unplanned.setObjectName("plannerUnplanned")
        self.unplanned.setAccessibleName(tr("Unplanned baselines in the period"))
        self.window_ = _combo(
            "plannerWindow", tr("Restarts allowed"), tuple(w.label for w in RestartWindow)
        )
        self.minutes = NumberBox(theme, 5, 24 * 60, 60, suffix=MINUTES)
        self.minutes.setObjectName("plannerMinutes")
        self.minutes.setAccessibleName(tr("Length of a restart window in minutes"))
        self.minutes.setSingleStep(15)
        self.enroll = QCheckBox(tr("Assume hotpatch is on wherever the image supports it"))
        self.enroll.setObjectName("plannerEnroll")
        self.meaning = label(theme, px=CAPTION_PX, role="secondary", wrap=True)
        self.run = QPushButton(tr("Simulate"))
        self.run.setObjectName("plannerRun")
        self.run.setProperty("primary", True)
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setObjectName("plannerCancel")
        self.cancel.hide()
        self.export = ExportButton(self._s, tr("Forecast"), self._report)
        self.export.setEnabled(False)
        self.progress = QProgressBar()
        self.progress.setObjectName("plannerProgress")
        self.progress.setAccessibleName(tr("Progress of the simulation"))
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(round(160 * theme.scale))
        self.progress.hide()

    def _make_results(self) -> None:
        theme = self._s.theme
        self.tiles = {
            key: Tile(theme, caption, f"planner-{key}")
            for key, caption in (
                ("restarts", tr("Restarts")),
                ("avoided", tr("Restarts avoided")),
                ("exposed", tr("Average days of exposure")),
                ("hours", tr("Hours of restart windows")),
            )
        }
        self.restarts = ChartHost(theme, "restartsChart", CHART_PX, _make_restarts)
        self.exposure = ChartHost(theme, "exposureChart", CHART_PX, _make_exposure)
        self.model = ListedModel(self._s.source, planner.MONTHS, self._s.clock, self)
        self.table = Table(theme, self._s.preferences, self.model, "plannerTable", tr("Forecast"))
        self.sentence = label(theme, wrap=True)
        self.sentence.setObjectName("plannerSentence")
        self.nothing = EmptyState(theme)
        self.nothing.show_text(
            Glyph.INFO,
            tr("No simulation yet"),
            tr(
                "Choose machines, a period and a scenario, then select Simulate. Nothing is changed "
                "in Azure."
            ),
        )

    def _lay_out(self) -> None:
        theme = self._s.theme
        grid = QGridLayout()
        grid.setContentsMargins(insets(16, 4, 16, 8))
        grid.setHorizontalSpacing(px(16))
        grid.setVerticalSpacing(px(4))
        grid.setRowMinimumHeight(4, round(40 * theme.scale))
        fields = (
            (tr("Machines"), self.machines),
            (tr("Period"), self.period),
            (tr("Scenario"), self.scenario),
            (tr("Unplanned baselines"), self.unplanned),
            (tr("Restarts allowed"), self.window_),
            (tr("Restart window"), self.minutes),
        )
        for number, (name, field) in enumerate(fields):
            title = label(theme, name, px=CAPTION_PX, role="secondary")
            title.setBuddy(field)
            row, at = divmod(number, COLUMNS)
            grid.addWidget(title, 2 * row, at)
            grid.addWidget(field, 2 * row + 1, at)
            grid.setColumnStretch(at, 1)
        grid.addWidget(self.enroll, 4, 0, 1, 2)
        buttons = QHBoxLayout()
        buttons.setSpacing(px(8))
        buttons.addStretch(1)
        for widget in (self.progress, self.cancel, self.export, self.run):
            buttons.addWidget(widget)
        grid.addLayout(buttons, 4, 1, 1, 2)
        grid.addWidget(self.meaning, 5, 0, 1, COLUMNS)
        result = QWidget()
        column = QVBoxLayout(result)
        column.setContentsMargins(insets(0, 4, 0, 0))
        column.setSpacing(px(8))
        tiles = EvenLayout(list(self.tiles.values()), 12, round(TILE_PX * self._s.theme.scale))
        tiles.setContentsMargins(insets(16, 0, 16, 0))
        column.addLayout(tiles)
        middle = QVBoxLayout()
        middle.setContentsMargins(insets(16, 0, 16, 0))
        middle.addWidget(self.sentence)
        charts = QHBoxLayout()
        charts.setSpacing(px(24))
        charts.addWidget(self.restarts, 1)
        charts.addWidget(self.exposure, 1)
        middle.addLayout(charts)
        column.addLayout(middle)
        column.addWidget(self.table, 1)
        self.results = QStackedWidget()
        self.results.addWidget(self.nothing)
        self.results.addWidget(result)
        self.table.setMinimumHeight(round(TABLE_PX * theme.scale))
        self.fill_scrolling(grid, self.results, tiles, middle)

    @property
    def options(self) -> ForecastOptions:
        year = self.period.currentData()
        today = release_day(self._s.clock())
        first, last = (
            (date(year, 1, 1), date(year, 12, 31)) if year else (today, today + timedelta(days=365))
        )
        scenario = tuple(ReleaseAssumption)[self.scenario.currentIndex()]
        unplanned = self.unplanned.value() if scenario is ReleaseAssumption.UNPLANNED else 0
        window = tuple(RestartWindow)[self.window_.currentIndex()]
        hours, known = self.minutes.value() / 60, release_day(self._s.clock())
        return ForecastOptions(first, last, scenario, unplanned, window, hours, known)

    def simulate(self) -> None:
        """Start a forecast; the current one stays until it finishes."""
        is_all = self.machines.currentIndex() == 0
        ids = everyone(self._s.source) if is_all else self._selection()[0]
        self.progress.setRange(0, 1)
        self.progress.setValue(0)
        self._show_running(running=True)
        self.planner.start(ForecastRequest(self.options, tuple(ids), self.enroll.isChecked()))

    def _show_running(self, *, running: bool) -> None:
        for widget in (self.progress, self.cancel):
            widget.setVisible(running)
        self.run.setEnabled(not running)

    def _on_progressed(self, done: int, total: int) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)

    def _on_ended(self, answer: Forecast | None) -> None:
        self._show_running(running=False)
        if answer is None:
            return
        self._answer = answer
        self.export.setEnabled(True)
        self._show_result(answer)
        self.results.setCurrentIndex(1)

    def _show_failure(self, why: str) -> None:
        self.nothing.show_text(Glyph.ERROR, tr("The forecast failed"), why)
        self.results.setCurrentIndex(0)

    def _show_result(self, found: Forecast) -> None:
        avoided = found.restarts_without - found.restarts
        share = (
            tr(
                "{avoided:.0%} of {without:,}",
                avoided=avoided / found.restarts_without,
                without=found.restarts_without,
            )
            if found.restarts_without
            else ""
        )
        self.tiles["restarts"].show_value(
            f"{found.restarts:,}",
            tr("%n without hotpatch", found.restarts_without),
        )
        self.tiles["avoided"].show_value(f"{avoided:,}", share)
        exposed, without = (
            planner.mean_exposure(found),
            planner.mean_exposure(found, without=True),
        )
        self.tiles["exposed"].show_value(
            planner.days(exposed), tr("{without} without hotpatch", without=planner.days(without))
        )
        self.tiles["hours"].show_value(
            f"{found.hours:,.0f}",
            tr("{hours_without:,.0f} without hotpatch", hours_without=found.hours_without),
        )
        self.sentence.setText(_sentence(found))
        data = planner.chart_data(found)
        self.restarts.show_data(data, planner.restarts_description(found))
        self.exposure.show_data(data, planner.exposure_description(found))
        rows = planner.month_rows(found)
        self.model.set_rows(rows)
        shown = min(len(rows), MAX_ROWS) + 1
        self.table.setMinimumHeight(round((shown * ROW_PX + SPARE_PX) * self._s.theme.scale))

    def _show_form(self) -> None:
        scenario = tuple(ReleaseAssumption)[self.scenario.currentIndex()]
        self.unplanned.setEnabled(scenario is ReleaseAssumption.UNPLANNED)
        self.meaning.setText(f"{scenario.label}: {scenario.meaning} {tr(NOTE)}")

    def _report(self) -> Make:
        assert self._answer is not None  # the button is disabled until there is one
        months = table_report(self.table, tr("Forecast"), self._s)
        return with_sheet(months, planner.options_sheet(self._answer))


def _sentence(found: Forecast) -> str:
    """The result as text, and what it excludes."""
    parts = [
        tr("{machines}, %n release day(s).", len(found.months), machines=machines(found.machines))
    ]
    if found.by_hand:
        parts.append(
            tr(
                "%n aren't patched automatically: they are assumed to restart once per release, on an "
                "unknown day.",
                found.by_hand,
            )
        )
    if found.unknown_days:
        parts.append(
            tr(
                "The releases of %n of these days aren't known, so the plan is used for them.",
                len(found.unknown_days),
            )
        )
    if found.out_of_band:
        names = ", ".join(r.kb or tr("unnamed") for r in found.out_of_band)
        parts.append(tr("Not counted: out of band, {names}.", names=names))
    return " ".join(parts)


def _combo(name: str, spoken: str, texts: Sequence[str]) -> QComboBox:
    made = QComboBox()
    made.setObjectName(name)
    made.setAccessibleName(spoken)
    made.addItems(list(texts))
    return made


def _make_restarts(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import RestartsChart  # noqa: PLC0415 - after the first paint

    return RestartsChart(theme)


def _make_exposure(theme: Theme) -> Chart:
    from hotpatch_gui.views.widgets.charts import ExposureChart  # noqa: PLC0415 - after the first paint

    return ExposureChart(theme)
