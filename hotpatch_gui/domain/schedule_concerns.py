"""Concerns about a schedule: its length, its selection, its time in the month, and its machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .dates import day_name
from .installs import RestartSetting
from .phrases import listed_some
from .release_calendar import Calendar
from .releases import RELEASE_HOUR, Product
from .schedule_windows import Window, windows
from .schedules import Schedule
from .situation import Level
from .updates import Classification

tr = translator("ScheduleConcerns")

SHORTEST_MIN, LONGEST_MIN = 90, 235
"""A guest schedule's shortest and longest window, in minutes.

Source: learn.microsoft.com/azure/virtual-machines/maintenance-configurations (25 September 2026).
"""
LOOK_AHEAD = timedelta(days=92)
"""How far ahead windows and releases are considered."""
LATE = timedelta(days=14)
"""A release that waits longer for a window is named; this program's choice."""


class Concern(NamedTuple):
    """A sentence, and how serious it is."""

    level: Level
    text: str


def concerns(
    schedule: Schedule, calendar: Calendar, products: Iterable[Product], now: datetime
) -> Iterator[Concern]:
    """The concerns about a schedule for machines of these products; none if it has ended."""
    if schedule.has_ended(now):
        return
    if not schedule.is_understood:
        yield Concern(
            Level.UNKNOWN, tr("Its recurrence isn't supported, so its windows aren't known.")
        )
    if schedule.assumes_utc:
        yield Concern(
            Level.UNKNOWN,
            tr("Its time zone “{zone}” isn't known; UTC is assumed.", zone=schedule.time_zone),
        )
    yield from _length(schedule)
    yield from _selection(schedule)
    yield from _late(schedule, calendar, products, now)


def _length(schedule: Schedule) -> Iterator[Concern]:
    minutes = schedule.minutes
    if minutes is None:
        yield Concern(Level.UNKNOWN, tr("The length of its window isn't reported."))
    elif not SHORTEST_MIN <= minutes <= LONGEST_MIN:
        yield Concern(
            Level.WARNING,
            tr(
                "Its window lasts %n min; Azure allows 1 h 30 min to 3 h 55 min. Updates start only until 25 "
                "minutes before its end.",
                minutes,
            ),
        )


def _selection(schedule: Schedule) -> Iterator[Concern]:
    selected = {Classification.parse(c) for c in schedule.classifications}
    if schedule.classifications and Classification.SECURITY not in selected:
        yield Concern(
            Level.WARNING,
            tr("It doesn't install security updates, and therefore no hotpatches or baselines."),
        )
    if schedule.exclude_restarting:
        yield Concern(
            Level.WARNING,
            tr(
                "It excludes updates that restart, so it never installs a baseline. After the next baseline, its "
                "machines receive no hotpatches."
            ),
        )
    elif schedule.restart is not None and (
        RestartSetting.parse(schedule.restart) is RestartSetting.NEVER
    ):
        yield Concern(
            Level.WARNING,
            tr(
                "It never restarts machines, so a baseline stays incomplete until someone "
                "restarts them."
            ),
        )


def _late(
    schedule: Schedule, calendar: Calendar, products: Iterable[Product], now: datetime
) -> Iterator[Concern]:
    """Planned releases of the next three months that wait long for a window."""
    days = sorted({e.day for p in products for e in calendar.expected(p, now.date(), 3)})
    for day in days:
        released = datetime.combine(day, RELEASE_HOUR)
        if released > now + LOOK_AHEAD:
            return
        first = next(windows(schedule, released, released + LOOK_AHEAD), None)
        if first is not None and first.opens - released > LATE:
            yield Concern(
                Level.WARNING,
                tr(
                    "The release planned for {day} waits %n days for the next window, on {opens}.",
                    (first.opens - released).days,
                    day=day_name(day),
                    opens=day_name(first.opens.date()),
                ),
            )
            return


def upcoming_windows(schedule: Schedule, now: datetime) -> list[Window]:
    """The windows of the next three months."""
    return list(windows(schedule, now, now + LOOK_AHEAD))


def overlaps(one: Iterable[Window], other: Iterable[Window]) -> Window | None:
    """The first common time of the windows of two schedules; None if there is none."""
    mine, others = iter(one), iter(other)
    a, b = next(mine, None), next(others, None)
    while a is not None and b is not None:
        opens, closes = max(a.opens, b.opens), min(a.closes, b.closes)
        if opens < closes:
            return Window(opens, closes)
        if a.closes <= b.closes:
            a = next(mine, None)
        else:
            b = next(others, None)
    return None


def overlap_text(name: str, window: Window, machines: int) -> str:
    """The concern that another schedule updates the same machines at the same time."""
    return tr(
        "It overlaps with {name} on {day}, on %n machine(s). Azure runs one of them first, and the other when it ends.",
        machines,
        name=name,
        day=day_name(window.opens.date()),
    )


def idle_text(names: Sequence[str], window: Window, named: int) -> str:
    """The concern that machines with missing updates installed nothing in the last window."""
    return tr(
        "In the last window, on {day}, %n machine(s) installed nothing although an update is "
        "missing: {names}. Check that they were running and set to Customer Managed Schedules, "
        "and that the schedule installs the missing updates.",
        len(names),
        day=day_name(window.opens.date()),
        names=listed_some(names, named),
    )


def stopped_text(machines: int) -> str:
    """The concern that some of a schedule's machines aren't running."""
    return tr(
        "%n machine(s) aren't running. Nothing is installed on them unless they run when the maintenance window starts.",
        machines,
    )


def unprepared_text(machines: int, names: Sequence[str], named: int) -> str:
    """The concern that settings prevent a schedule from patching some of its machines."""
    return tr(
        "%n machine(s) aren't set to Customer Managed Schedules, so nothing is installed on them: {names}. That mode "
        "excludes hotpatch on virtual machines.",
        machines,
        names=listed_some(names, named),
    )
