"""The times of a schedule's windows, and its recurrence in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .phrases import listed
from .schedules import ORDINALS, WEEKDAYS, Schedule, next_run

tr = translator("ScheduleWindows")

MAX_WINDOWS = 500
"""Windows that are looked at; an hourly schedule has more in a month."""
_DAYS = dict(
    zip(
        WEEKDAYS,
        (
            tr.mark("Monday"),
            tr.mark("Tuesday"),
            tr.mark("Wednesday"),
            tr.mark("Thursday"),
            tr.mark("Friday"),
            tr.mark("Saturday"),
            tr.mark("Sunday"),
        ),
        strict=True,
    )
)
_ORDINALS = dict(
    zip(
        (*ORDINALS, "last"),
        (tr.mark("first"), tr.mark("second"), tr.mark("third"), tr.mark("fourth"), tr.mark("last")),
        strict=True,
    )
)


class Window(NamedTuple):
    """The period in which a schedule may install updates, UTC."""

    opens: datetime
    closes: datetime


def windows(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Window]:
    """The windows that open after ``after`` and before ``until``; none if the times or the length aren't known."""
    length = schedule.length
    if length is None:
        return
    opens = next_run(schedule, after)
    for _ in range(MAX_WINDOWS):
        if opens is None or opens >= until:
            return
        yield Window(opens, opens + length)
        opens = next_run(schedule, opens)


def recurrence_text(schedule: Schedule) -> str:
    """The recurrence in words, such as ``Monthly on the third Sunday, 22:00``; Azure's text if it isn't supported."""
    if not schedule.is_understood:
        return schedule.recurs or tr("Not known")
    found = re.fullmatch(
        r"(\d*)\s*(hour|day|week|month)s?\b\s*(.*)", schedule.recurs.strip().casefold()
    )
    if found is None:
        return schedule.recurs
    every, unit, rest = int(found[1] or 1) or 1, found[2], found[3].strip()
    begins = datetime.fromisoformat(schedule.starts)
    at = f"{begins:%H:%M}"
    match unit:
        case "hour":
            return tr("Every hour") if every == 1 else tr("Every %n hours", every)
        case "day":
            text = tr("Daily") if every == 1 else tr("Every %n days", every)
        case "week":
            names = rest or WEEKDAYS[begins.weekday()]
            days = listed([tr(_DAYS[name.strip()]) for name in names.split(",")])
            often = tr("Weekly") if every == 1 else tr("Every %n weeks", every)
            text = tr("{often} on {days}", often=often, days=days)
        case _:
            often = tr("Monthly") if every == 1 else tr("Every %n months", every)
            days = _month_days(rest or f"day{begins.day}")
            text = (
                tr("{often}, {days}", often=often, days=days)
                if "offset" in rest
                else tr("{often} on {days}", often=often, days=days)
            )
    return tr("{text}, {at}", text=text, at=at)


def _month_days(rest: str) -> str:
    """The days of a month: by number, or by week and weekday."""
    if rest.startswith("day"):
        numbers = [int(n) for n in re.findall(r"-?\d+", rest)]
        names = [
            tr("day {number}", number=n)
            if n > 0
            else tr("the last day")
            if n == -1
            else tr("%n day(s) before the last", -n - 1)
            for n in numbers
        ]
        return listed(names)
    found = re.fullmatch(r"(\w+)\s+(\w+)(?:\s+offset\s*(-?\d+))?", rest)
    if found is None:
        return rest
    day = tr("the {which} {weekday}", which=tr(_ORDINALS[found[1]]), weekday=tr(_DAYS[found[2]]))
    offset = int(found[3] or 0)
    if offset > 0:
        return tr("%n day(s) after {day}", offset, day=day)
    return tr("%n day(s) before {day}", -offset, day=day) if offset else day
