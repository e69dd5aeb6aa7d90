"""Maintenance configurations of in-guest scope: a customer's own times for updates.

``recurs`` is Azure's ``recurEvery``: ``Day``, ``3Days``, ``Week Saturday,Sunday``, ``Month Third Sunday``,
``Month Second Tuesday Offset4`` or ``2Months day23,day24`` (Microsoft.Maintenance, maintenanceConfigurations).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from .off_peak import zone_of

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ORDINALS = ("first", "second", "third", "fourth")
AHEAD = 800
"""Days that are looked at for the next run: more than two years."""


class Schedule(NamedTuple):
    """``starts`` is the first run in ``time_zone``, as ``2026-08-22 22:00``; ``minutes`` the window's length."""

    name: str
    starts: str
    minutes: int | None
    time_zone: str | None
    recurs: str


def next_run(schedule: Schedule, after: datetime) -> datetime | None:
    """The first run later than ``after``, UTC; None where the schedule cannot be read or has none."""
    try:
        first = datetime.fromisoformat(schedule.starts)
    except ValueError:
        return None
    falls_on = _recurrence(schedule.recurs, first.date())
    if falls_on is None:
        return None
    zone = zone_of(schedule.time_zone) or UTC
    begin = max(first.date(), after.astimezone(zone).date())
    for day in (begin + timedelta(days=n) for n in range(AHEAD)):
        run = datetime.combine(day, first.time(), zone).astimezone(UTC)
        if falls_on(day) and run > after:
            return run
    return None


def _recurrence(text: str, first: date) -> Callable[[date], bool] | None:
    """Whether a schedule runs on a day; None for what is not understood."""
    found = re.fullmatch(r"(\d*)\s*(day|week|month)s?\b\s*(.*)", text.strip().casefold())
    if found is None:
        return None
    every, rest = int(found[1] or 1) or 1, found[3].strip()
    match found[2]:
        case "day":
            return None if rest else lambda day: (day - first).days % every == 0
        case "week":
            return _weekly(every, rest, first)
    return _monthly(every, rest, first)


def _weekly(every: int, rest: str, first: date) -> Callable[[date], bool] | None:
    names = [name.strip() for name in rest.split(",")] if rest else [WEEKDAYS[first.weekday()]]
    if not set(names) <= set(WEEKDAYS):
        return None
    days = {WEEKDAYS.index(name) for name in names}
    start = first - timedelta(days=first.weekday())

    def falls_on(day: date) -> bool:
        weeks = (day - timedelta(days=day.weekday()) - start).days // 7
        return weeks % every == 0 and day.weekday() in days

    return falls_on


def _monthly(every: int, rest: str, first: date) -> Callable[[date], bool] | None:
    in_month = _day_of_month(rest or f"day{first.day}")
    if in_month is None:
        return None

    def falls_on(day: date) -> bool:
        months = (day.year - first.year) * 12 + day.month - first.month
        return months % every == 0 and in_month(day)

    return falls_on


def _day_of_month(text: str) -> Callable[[date], bool] | None:
    numbers = re.fullmatch(r"day(-?\d+)(?:\s*,\s*day(-?\d+))*", text)
    if numbers is not None:
        days = {int(n) for n in re.findall(r"-?\d+", text)}
        return lambda day: day.day in days or day.day - _length(day) - 1 in days
    found = re.fullmatch(
        rf"({'|'.join(ORDINALS)}|last)\s+({'|'.join(WEEKDAYS)})(?:\s+offset(-?\d+))?", text
    )
    if found is None:
        return None
    weekday, offset = WEEKDAYS.index(found[2]), timedelta(days=int(found[3] or 0))

    def falls_on(day: date) -> bool:
        named = day - offset
        nth = (named.day - 1) // 7
        right = (
            named.day + 7 > _length(named)
            if found[1] == "last"
            else nth == ORDINALS.index(found[1])
        )
        return named.weekday() == weekday and right

    return falls_on


def _length(day: date) -> int:
    following = day.replace(day=28) + timedelta(days=4)
    return (following - timedelta(days=following.day)).day
