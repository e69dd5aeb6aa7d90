"""The days whose installations are known: Azure keeps 30 days, so a longer time without a sync leaves a gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

KEPT_BY_AZURE = timedelta(days=30)
"""How long Resource Graph keeps installation results."""


class Gap(NamedTuple):
    """Days, both included, whose installations no sync could read."""

    first: date
    last: date


def gaps(synced: Iterable[date], first: date, last: date) -> list[Gap]:
    """The gaps between ``first`` and ``last``, from the days with a sync.

    A sync knows its own day and the 30 days before it. Days after the last sync aren't a gap: the next sync may read them.
    """
    days = sorted(synced)
    found = []
    known_until = first - timedelta(days=1)
    for day in days:
        begins = max(first, day - KEPT_BY_AZURE)
        if begins > known_until + timedelta(days=1):
            found.append(
                Gap(known_until + timedelta(days=1), min(last, begins - timedelta(days=1)))
            )
        known_until = max(known_until, day)
        if known_until >= last:
            break
    return [gap for gap in found if gap.first <= gap.last]


class KnownSpan(NamedTuple):
    """The first day from which installations are known; ``has_gaps`` if some later days aren't."""

    since: date
    has_gaps: bool


def known_span(synced: Iterable[Sequence[date]], first: date, last: date) -> KnownSpan | None:
    """The days between ``first`` and ``last`` that are known of all connections; None if one was never synced."""
    days = list(synced)
    if not days or not all(days):
        return None
    found = merged(gap for one in days for gap in gaps(one, first, last))
    since = first
    if found and found[0].first <= first:
        since = found.pop(0).last + timedelta(days=1)
    return KnownSpan(since, bool(found))


def merged(found: Iterable[Gap]) -> list[Gap]:
    """Gaps of several connections as days on which one of them isn't known."""
    result: list[Gap] = []
    for gap in sorted(found):
        if result and gap.first <= result[-1].last + timedelta(days=1):
            result[-1] = Gap(result[-1].first, max(result[-1].last, gap.last))
        else:
            result.append(gap)
    return result
