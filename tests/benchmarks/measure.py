"""Pairs of measurements, taken in turns, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles


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
