"""Exposure: how long a machine or a fleet has been missing released monthly updates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from .release_calendar import Calendar
from .releases import Product, Release, build_revision


class MissingUpdates(NamedTuple):
    """The released monthly updates that are missing on a machine.

    Attributes:
        is_missing: whether there are any; None if that isn't known.
        since: the release day of the first one; None without one.
        includes_baseline: whether one of them is a baseline, which restarts the machine.
    """

    is_missing: bool | None
    since: date | None = None
    includes_baseline: bool = False


NOT_KNOWN = MissingUpdates(None)


@lru_cache(maxsize=4096)
def missing_updates(
    product: Product | None, build: str | None, calendar: Calendar, today: date, read: date
) -> MissingUpdates:
    """The monthly updates that are missing on ``today``, judged by the build that the machine had on the day ``read``.

    The build may be that of a release or of a month's cumulative update.

    A release after the day ``read`` isn't missing: whether it was installed isn't known. A build that no known release has is
    compared by its revision. Cached, because the machines of a fleet share builds.
    """
    revision = build_revision(build)
    if product is None or build is None or revision is None:
        return NOT_KNOWN
    running = calendar.by_build(product, build) or calendar.hotpatch_month_of_lcu(product, build)
    missing = [
        r
        for r in calendar.monthly(product, min(today, read))
        if (r.released > running.released if running else revision < _lowest_revision(r))
    ]
    if missing:
        return MissingUpdates(True, missing[0].released, any(r.kind.is_baseline for r in missing))
    is_complete = not calendar.unknown(product, calendar.complete_until(product), today)
    is_current = all(r.released <= read for r in calendar.monthly(product, today))
    return MissingUpdates(False) if running and is_complete and is_current else NOT_KNOWN


def required_builds(product: Product | None, calendar: Calendar, today: date) -> tuple[str, ...]:
    """The builds of the newest monthly release: the hotpatch's or baseline's, and the month's cumulative update's.

    Empty if it isn't known, because a release is due without data.
    """
    if product is None or calendar.unknown(product, calendar.complete_until(product), today):
        return ()
    newest = calendar.monthly(product, today)[-1:]
    found = (build for r in newest for build in (r.build, r.lcu_build) if build)
    return tuple(dict.fromkeys(found))


def _lowest_revision(release: Release) -> int:
    """The lowest revision that has the month's update; 0 if none is published."""
    known = (build_revision(build) for build in (release.build, release.lcu_build))
    return min((r for r in known if r is not None), default=0)


class Exposure(NamedTuple):
    """The time for which monthly updates have been missing in a fleet.

    Attributes:
        machines: the number of machines on which an update is missing.
        median: days since the release of the first missing one; None if none is missing.
        worst: the longest, in days.
        not_known: machines for which it isn't known.
    """

    machines: int
    median: int | None
    worst: int
    not_known: int


def exposure(missing: Iterable[tuple[bool | None, date | None, int]], today: date) -> Exposure:
    """The exposure as of ``today``, from (``is_missing``, ``since``, machines)."""
    days: list[tuple[int, int]] = []
    not_known = 0
    for is_missing, since, machines in missing:
        if is_missing is None:
            not_known += machines
        elif since is not None:
            days.append(((today - since).days, machines))
    total = sum(machines for _, machines in days)
    worst = max((value for value, _ in days), default=0)
    return Exposure(total, _median(sorted(days), total), worst, not_known)


def _median(days: list[tuple[int, int]], total: int) -> int | None:
    """The lower median of weighted values in ascending order."""
    passed = 0
    for value, machines in days:
        passed += machines
        if 2 * passed >= total:
            return value
    return None
