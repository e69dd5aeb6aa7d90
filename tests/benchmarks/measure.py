"""Pairs of measurements, taken in turn, and their report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from PySide6.QtCore import Qt, QTimer

GAP_MS = 5


@dataclass(frozen=True, slots=True)
class Ratio:
    """Seconds of the program and of its floor, pair by pair; ``limit`` is the most the ratio may be."""

    name: str
    pairs: list[tuple[float, float]]
    limit: float

    @property
    def ratios(self) -> list[float]:
        return [ours / floor for ours, floor in self.pairs]

    @property
    def is_met(self) -> bool:
        return median(self.ratios) <= self.limit

    def __str__(self) -> str:
        ours = median(o for o, _ in self.pairs)
        floor = median(f for _, f in self.pairs)
        low, _, high = quantiles(self.ratios, n=4)
        verdict = "met" if self.is_met else "MISSED"
        return (
            f"{self.name}: {ours:.3f} s / floor {floor:.3f} s = {median(self.ratios):.2f} "
            f"(middle half {low:.2f}-{high:.2f}, all {min(self.ratios):.2f}-{max(self.ratios):.2f}, "
            f"{len(self.pairs)} pairs); limit {self.limit:.2f}: {verdict}"
        )


def in_turns(
    name: str, ours: Callable[[], float], floor: Callable[[], float], *, limit: float, pairs: int
) -> Ratio:
    """Measure both in turns after one unmeasured round, so that both meet the same machine."""
    ours()
    floor()
    return Ratio(name, [(ours(), floor()) for _ in range(pairs)], limit)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


class Gaps:
    """How long the UI thread did not come to a timer that is due every 5 ms, from now until ``stop``."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(GAP_MS)
        self._timer.timeout.connect(self._tick)
        self._last = time.perf_counter()
        self.gaps: list[float] = []
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self._last = now

    def stop(self) -> Gaps:
        self._tick()
        self._timer.stop()
        return self

    @property
    def longest(self) -> float:
        return max(self.gaps)

    @property
    def p99(self) -> float:
        return quantiles(self.gaps, n=100)[98] if len(self.gaps) > 1 else self.gaps[0]
