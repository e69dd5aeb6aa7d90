"""A year simulated in the background: machine-months a second, their growth, and the UI thread meanwhile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.forecast import ForecastMachine, ForecastOptions, forecast
from hotpatch_gui.models.forecasting import ForecastRequest, read_forecast_machines
from hotpatch_gui.store import machines
from hotpatch_gui.system import resources
from hotpatch_gui.views.pages.planner import PlannerPage

from .fleet import record
from .measure import Gaps

SIZES = (100, 1_000, 10_000)
GROWTH, P99_MS = 1.0, 16.0
"""At most: time for each machine of the largest fleet against one of the smallest; gaps of the UI thread."""
YEAR = ForecastOptions(date(2025, 1, 1), date(2025, 12, 31))


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    """``seconds`` of a simulated year, by fleet; ``gaps`` in ms while the window simulates the largest."""

    seconds: dict[int, float]
    months: int
    longest: float
    p99: float
    wall: float

    @property
    def growth(self) -> float:
        small, large = SIZES[0], SIZES[-1]
        return (self.seconds[large] / large) / (self.seconds[small] / small)

    @property
    def is_met(self) -> bool:
        return self.growth <= GROWTH and self.p99 <= P99_MS

    def __str__(self) -> str:
        lines = ["A year of 12 releases, simulated:"]
        lines += [
            f"  {size:6,} machines {s:6.3f} s, {size * self.months / s:9,.0f} machine-months a second"
            for size, s in self.seconds.items()
        ]
        return "\n".join(
            [
                *lines,
                f"  time for each machine, {SIZES[-1]:,} against {SIZES[0]}: {self.growth:.2f} (limit {GROWTH})",
                (
                    f"  UI thread while the window simulates {SIZES[-1]:,}, in {self.wall:.1f} s: longest gap {self.longest:.1f} ms, "
                    f"99th percentile {self.p99:.1f} ms (limit {P99_MS:.0f}): {'met' if self.is_met else 'MISSED'}"
                ),
            ]
        )


def measure(folder: Path, rounds: int) -> HistoryCounts:
    with Stage("light", folder=folder / "planner", simulator=record(SIZES[-1])) as stage:
        stage.start()
        db = stage.app.source.db
        assert db is not None
        calendar = resources.calendar()
        subjects = read_forecast_machines(
            db, calendar, ForecastRequest(YEAR, tuple(machines.present(db)), enroll_all=True)
        )
        seconds = {n: min(_alone(subjects[:n]) for _ in range(rounds)) for n in SIZES}
        stage.window.show_page("planner")
        stage.settle()
        page = stage.window.page("planner")
        assert isinstance(page, PlannerPage)
        page.period.setCurrentText("2025")
        gaps, begun = Gaps(), time.perf_counter()
        page.run.click()
        stage.until(lambda: not page.planner.is_running)
        wall = time.perf_counter() - begun
        gaps.stop()
    return HistoryCounts(seconds, 12, gaps.longest, gaps.p99, wall)


def _alone(subjects: Sequence[ForecastMachine]) -> float:
    pairs = resources.read_json("region-pairs.json")["pairs"]
    begun = time.perf_counter()
    for _ in forecast(YEAR, subjects, resources.calendar(), pairs):
        pass
    return time.perf_counter() - begun
