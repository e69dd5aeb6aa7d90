"""A day of periodic syncs, replayed fast: memory, size of the file, and history within its retention rule."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.records import ASSESSMENTS_KEPT
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import database
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.store.timestamps import to_text
from hotpatch_gui.system import resources
from hotpatch_gui.system.preferences import DEFAULT_SYNC_MINUTES

from .measure import resident_mb

MACHINES = 500
SYNCS = 24 * 60 // DEFAULT_SYNC_MINUTES
WARM = 12
"""Syncs before the first look: caches and the allocator have what they need by then."""
MEMORY_MB, FILE_PERCENT = 5.0, 2.0
OLD_ROWS = 5000


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    memory: tuple[float, float]
    size: tuple[int, int]
    too_old: int
    runs_lost: int

    @property
    def _growth(self) -> float:
        return (self.size[1] / self.size[0] - 1) * 100

    @property
    def is_met(self) -> bool:
        return (
            self.memory[1] - self.memory[0] <= MEMORY_MB
            and self._growth <= FILE_PERCENT
            and not self.too_old
            and not self.runs_lost
        )

    def __str__(self) -> str:
        return (
            f"{SYNCS} syncs of {MACHINES:,} machines with the window open, from sync {WARM} to the last: memory "
            f"{self.memory[0]:.0f} to {self.memory[1]:.0f} MB (limit +{MEMORY_MB:g}), file "
            f"{self.size[0] / 1e6:.2f} to {self.size[1] / 1e6:.2f} MB ({self._growth:+.1f} %, limit "
            f"{FILE_PERCENT:g} %); of {OLD_ROWS:,} assessments older than {ASSESSMENTS_KEPT.days} days that are no machine's latest {self.too_old} are left, "
            f"of as many installations {self.runs_lost} are gone: {'met' if self.is_met else 'MISSED'}"
        )


def measure(folder: Path, _: int) -> HistoryCounts:
    clock = SteppedClock(EPOCH)
    simulator = build_simulator(
        resources.calendar(),
        resources.read_json("other-updates.json"),
        clock=clock,
        machines=MACHINES,
        quota=10**6,
    )
    memory, size = [], []
    with Stage("light", folder=folder / "day", simulator=simulator) as stage:
        stage.start()
        path = stage.folder / FILE_NAME
        for number in range(1, SYNCS + 1):
            clock.advance(minutes=DEFAULT_SYNC_MINUTES)
            stage.app.actions.sync()
            stage.idle()
            stage.until(lambda: not stage.window.is_syncing)
            stage.settle()
            if number == 1:
                _age(path)
            if number in (WARM, SYNCS):
                memory.append(resident_mb())
                size.append(_size(path))
    with closing(sqlite3.connect(path)) as db:
        old = to_text(EPOCH - ASSESSMENTS_KEPT)
        (too_old,) = db.execute(
            "SELECT count(*) FROM assessments WHERE assessed_at<? AND NOT EXISTS"
            " (SELECT 1 FROM machines WHERE assessment_id=assessments.id)",
            (old,),
        ).fetchone()
        (runs,) = db.execute(
            "SELECT count(*) FROM installations WHERE run_id LIKE 'old-%'"
        ).fetchone()
    return HistoryCounts((memory[0], memory[1]), (size[0], size[1]), too_old, OLD_ROWS - runs)


def _age(path: Path) -> None:
    """Give the file a past beyond the retention rule."""
    old = to_text(EPOCH - ASSESSMENTS_KEPT - timedelta(days=3))
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{OLD_ROWS})"
    with closing(database.open_writer(path)) as db, database.transaction(db):
        db.execute(
            f"{numbers} INSERT INTO assessments (machine_id, activity_id, status, assessed_at, fetched_at)"
            " SELECT (SELECT min(id) FROM machines) + i % 100, 'old-' || i, 'Succeeded', ?, ? FROM n",
            (old, old),
        )
        db.execute(
            f"{numbers} INSERT INTO installations (machine_id, run_id, status, started_at, fetched_at)"
            " SELECT (SELECT min(id) FROM machines) + i % 100, 'old-' || i, 'Succeeded', ?, ? FROM n",
            (old, old),
        )


def _size(path: Path) -> int:
    """Bytes in use, of the file and what still waits to be moved into it."""
    with closing(sqlite3.connect(path)) as db:
        pages, free = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count")
        )
        return int((pages - free) * db.execute("PRAGMA page_size").fetchone()[0])
