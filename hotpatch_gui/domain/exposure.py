"""The exposure of a fleet: how long released monthly updates are missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from .release_calendar import Calendar
from .releases import Product, ReleaseKind


class BuildCount(NamedTuple):
    """How many machines of a product run a build; ``key`` is the group's, for a MachineFilter."""

    product: Product | None
    build: str | None
    machines: int
    key: str


class Exposure(NamedTuple):
    """Days since the release of the first missing monthly update.

    Attributes:
        machines: machines that miss one; ``keys`` are their groups' by PRODUCT.
        median: None if no machine misses one.
        not_known: machines whose release can't be determined by the build.
    """

    machines: int
    median: int | None
    worst: int
    not_known: int
    keys: tuple[str, ...]


def exposure(builds: Iterable[BuildCount], calendar: Calendar, today: date) -> Exposure:
    """The fleet's exposure as of ``today``, by the builds that run."""
    days: list[tuple[int, int]] = []
    keys: list[str] = []
    not_known = 0
    for product, build, machines, key in builds:
        running = calendar.by_build(product, build) if product else None
        if running is None:
            not_known += machines
            continue
        monthly = (
            r for r in calendar.behind(running, today) if r.kind is not ReleaseKind.OUT_OF_BAND
        )
        first = next(monthly, None)
        if first is not None:
            days.append(((today - first.released).days, machines))
            keys.append(key)
    total = sum(machines for _, machines in days)
    worst = max((value for value, _ in days), default=0)
    return Exposure(total, _median(sorted(days), total), worst, not_known, tuple(keys))


def _median(days: list[tuple[int, int]], total: int) -> int | None:
    """The lower median of weighted values in ascending order."""
    passed = 0
    for value, machines in days:
        passed += machines
        if 2 * passed >= total:
            return value
    return None
