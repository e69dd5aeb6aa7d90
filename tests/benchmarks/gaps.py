"""How long a sync of a whole fleet blocks the UI thread, with visible views.

The program's own window and worker. Each round begins with the program at rest: only where its own longest gap
stays under QUIET_MS, so that the machine itself is quiet, the round counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from hotpatch_gui.captures.stage import Stage

from .fleet import record
from .measure import Gaps

MACHINES = 10_000
LONGEST_MS, P99_MS = 25.0, 12.0
QUIET_MS, QUIET_S = 10.0, 1.0
ATTEMPTS = 4
"""Rounds tried for one that counts."""


@dataclass(frozen=True, slots=True)
class Round:
    """Gaps in ms: the longest at rest, then the longest and the 99th percentile while syncing."""

    view: str
    rest: float
    longest: float
    p99: float

    @property
    def counts(self) -> bool:
        return self.rest < QUIET_MS


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    rounds: list[Round]

    @property
    def counted(self) -> list[Round]:
        return [r for r in self.rounds if r.counts]

    @property
    def is_met(self) -> bool:
        return bool(self.counted) and (
            median(r.longest for r in self.counted) <= LONGEST_MS
            and median(r.p99 for r in self.counted) <= P99_MS
        )

    def __str__(self) -> str:
        lines = [f"UI thread while {MACHINES:,} machines are synced, gaps of a 5 ms timer in ms:"]
        lines += [
            f"  {r.view:12} at rest {r.rest:5.1f}; longest {r.longest:6.1f} ({r.longest / r.rest:.1f} x), "
            f"99th percentile {r.p99:5.1f}{'' if r.counts else '   not counted: the machine was not quiet'}"
            for r in self.rounds
        ]
        verdict = "met" if self.is_met else "MISSED"
        if self.counted:
            longest = median(r.longest for r in self.counted)
            p99 = median(r.p99 for r in self.counted)
            lines.append(
                f"  medians: longest {longest:.1f} (limit {LONGEST_MS:.0f}), "
                f"99th percentile {p99:.1f} (limit {P99_MS:.0f}): {verdict}"
            )
        else:
            lines.append("  no round counts: the machine is not quiet enough to say anything")
        return "\n".join(lines)


def measure(folder: Path, rounds: int) -> HistoryCounts:
    """``rounds`` that count for each view, where the machine allows."""
    fleet = record(MACHINES)
    found: list[Round] = []
    with Stage("light", folder=folder / "gaps", simulator=fleet) as stage:
        stage.start()
        for view in _views(stage):
            stage.settle()
            counted = 0
            for _ in range(rounds * ATTEMPTS):
                found.append(_round(stage, view))
                counted += found[-1].counts
                if counted == rounds:
                    break
    return HistoryCounts(found)


def _views(stage: Stage) -> Iterator[str]:
    blade = stage.window.machines.blade
    for number, name in enumerate(("status", "compliance", "history")):
        blade.tabs.setCurrentIndex(number)
        yield name
    stage.window.show_page("updates")
    yield "all updates"
    stage.window.show_page("history")
    yield "all history"


def _round(stage: Stage, view: str) -> Round:
    stage.settle()
    with _gaps() as rest:
        stage._spin(round(QUIET_S * 1000))
    ended = []
    stage.app.events.sync_ended.connect(lambda _: ended.append(True))
    with _gaps() as busy:
        stage.app.actions.sync(full=True)
        stage.until(lambda: ended and not stage.window.is_syncing)
    return Round(view, rest.longest, busy.longest, busy.p99)


@contextmanager
def _gaps() -> Iterator[Gaps]:
    gaps = Gaps()
    yield gaps
    gaps.stop()
