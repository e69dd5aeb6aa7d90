"""Overview at 10,000 machines with a million updates and runs each: its queries, and what showing them costs the UI thread.

The floor is the same page over a hundredth of the fleet, in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from hotpatch_gui.application.targets import demo_target
from hotpatch_gui.application.window import App
from hotpatch_gui.captures.stage import application
from hotpatch_gui.domain.machine_filter import Dimension
from hotpatch_gui.models.overview import TREND_DAYS, OverviewQuery, read_overview
from hotpatch_gui.store import database
from hotpatch_gui.store.database import open_reader
from hotpatch_gui.system import resources
from hotpatch_gui.views.pages.overview import OverviewPage

from .many import NOW, make_fleet

SIZES = (10_000, 1_000_000)
QUERY_MS, UI_MS = 100.0, 16.0
_DAYS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<? - 1) "
_COUNTS = (
    _DAYS
    + """
INSERT INTO daily_counts SELECT date(?, '-' || n.i || ' days'), m.connection_id, m.situation, count(*)
FROM n, machines m GROUP BY 1, 2, 3
"""
)
_STATES = (
    _DAYS
    + """
INSERT INTO machine_states SELECT m.id, date(?, '-' || (n.i * 9) || ' days'), m.situation, n.i, 0, NULL, m.assessed_at
FROM n, machines m
"""
)
STATES = 10
"""Changes of a machine within the trend."""


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    """ms by rows and query; ``shows`` is what showing the response and painting it cost the UI thread."""

    queries: dict[int, dict[str, float]]
    shows: dict[int, float]

    @property
    def is_met(self) -> bool:
        most = SIZES[-1]
        return max(self.queries[most].values()) <= QUERY_MS and self.shows[most] <= UI_MS

    def __str__(self) -> str:
        rows = {name: [self.queries[s][name] for s in SIZES] for name in self.queries[SIZES[0]]}
        rows["UI thread"] = [self.shows[s] for s in SIZES]
        lines = [f"{'Overview, ms, by rows':40}" + "".join(f"{s:>11,}" for s in SIZES)]
        lines += [
            f"  {name:38}" + "".join(f"{ms:11.1f}" for ms in found) for name, found in rows.items()
        ]
        verdict = "met" if self.is_met else "MISSED"
        lines.append(f"  limits: a query {QUERY_MS:.0f}, UI thread {UI_MS:.0f}: {verdict}")
        return "\n".join(lines)


def measure(folder: Path, rounds: int) -> HistoryCounts:
    queries, shows = {}, {}
    for size in SIZES:
        slot = folder / f"overview-{size}"
        slot.mkdir()
        path = make_fleet(slot, size)
        add_history(path)
        queries[size] = _queries(path, rounds)
        shows[size] = _shows(slot, rounds)
        path.unlink()
    return HistoryCounts(queries, shows)


def add_history(path: Path) -> None:
    """Daily counts and states of the trend's days."""
    with closing(database.open_writer(path)) as db, database.transaction(db):
        db.execute(_COUNTS, (TREND_DAYS, NOW.date().isoformat()))
        db.execute(_STATES, (STATES, NOW.date().isoformat()))


def _queries(path: Path, rounds: int) -> dict[str, float]:
    db = open_reader(path)
    assert db is not None
    past = NOW.date() - timedelta(days=30)
    wanted = {
        f"by {dimension.label}, {name}": OverviewQuery(
            NOW, resources.calendar(), dimension, "", NOW - timedelta(days=7), day
        )
        for dimension in (Dimension.SUBSCRIPTION, Dimension.PRODUCT, Dimension.TAG)
        for name, day in (("now", None), ("a past day", past))
    }
    with closing(db):
        return {
            name: _median(rounds, lambda received=received: read_overview(db, received))
            for name, received in wanted.items()
        }


def _shows(folder: Path, rounds: int) -> float:
    """The program's own window without its engine, on the finished file."""
    app = App(application(), folder, demo_target(lambda: None), theme="light", bundled_font=True)
    app.window.show()
    app.window.show_page("overview")
    page = app.window.page("overview")
    assert isinstance(page, OverviewPage)
    db = app.source.db
    assert db is not None
    received = OverviewQuery(
        NOW, resources.calendar(), Dimension.GROUP, "", NOW - timedelta(days=7), None
    )
    read = read_overview(db, received)
    page._show_result(read)
    application().processEvents()

    def show() -> None:
        page._show_result(read)
        page.grab()

    cost = _median(rounds, show)
    app.window.close()
    app.source.close()
    app.forget()
    application().processEvents()
    return cost


def _median(rounds: int, act: Callable[[], object]) -> float:
    costs = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        costs.append((time.perf_counter() - begun) * 1000)
    return median(costs)
