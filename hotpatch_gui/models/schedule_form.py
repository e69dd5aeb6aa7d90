"""The choices of the schedule dialog, and the checks of its input."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timedelta
from typing import NamedTuple

from hotpatch_gui.domain.off_peak import zone_of
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import BASELINE_MONTHS, Product
from hotpatch_gui.domain.schedule_concerns import LONGEST_MIN, SHORTEST_MIN, concerns
from hotpatch_gui.domain.schedule_windows import recurrence_text, windows
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.store import schedule_rows
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translated, translator

from . import display_text, schedule_text
from .schedules import window_text

tr = translator("ScheduleForm")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,88}[A-Za-z0-9_-]|[A-Za-z0-9]")
"""A name that Azure accepts for a resource of this kind."""
SHORTEST_INTERVAL_H = 6
WINDOWS = 3


LOOK_AHEAD = timedelta(days=400)


class Preset(NamedTuple):
    """A recurrence to choose; ``meaning`` says what Azure can't express. It starts in one of ``months``, if there are any."""

    label: str
    recurs: str
    meaning: str = ""
    months: tuple[int, ...] = ()


PRESETS = (
    Preset(tr.mark("Every day"), "Day"),
    Preset(tr.mark("Every Saturday"), "Week Saturday"),
    Preset(tr.mark("Every Sunday"), "Week Sunday"),
    Preset(tr.mark("Every Saturday and Sunday"), "Week Saturday,Sunday"),
    Preset(tr.mark("Every second Saturday"), "2Weeks Saturday"),
    Preset(
        tr.mark("Every month, 3 days after Patch Tuesday"),
        "Month Second Tuesday Offset3",
        tr.mark("Follows the second Tuesday of each month, the release day."),
    ),
    Preset(tr.mark("Every month on the last Sunday"), "Month Last Sunday"),
    Preset(
        tr.mark("Baseline months only, 3 days after Patch Tuesday"),
        "3Months Second Tuesday Offset3",
        tr.mark(
            "Repeats every three months from the start's month, so start in January, April, July or October. Azure "
            "can't follow the release calendar: an unplanned baseline waits for the next window, and the months in "
            "between install nothing."
        ),
        BASELINE_MONTHS,
    ),
    Preset(
        tr.mark("Other"),
        "",
        tr.mark(
            "As Azure writes it, such as Day, 3Days, Week Saturday,Sunday, 2Weeks, Month Third Sunday Offset2, Month "
            "day1,day15 or 6Hours."
        ),
    ),
)


def known_resource_ids(db: sqlite3.Connection) -> frozenset[str]:
    """The lower-case resource IDs of all known schedules."""
    return frozenset(row.resource_id for row in schedule_rows.read_all(db))


def first_start(now: datetime, time_zone: str) -> datetime:
    """Tomorrow at 22:00 in a time zone, without the zone."""
    zone = zone_of(time_zone)
    here = now.astimezone(zone) if zone is not None else now
    return (here + timedelta(days=1)).replace(
        hour=22, minute=0, second=0, microsecond=0, tzinfo=None
    )


def problem(schedule: Schedule, now: datetime, *, has_moved: bool) -> str:
    """Why Azure would refuse the schedule; empty if it wouldn't. ``has_moved``: its start is new."""
    if not NAME.fullmatch(schedule.name):
        return tr("Enter a name of letters, digits, periods, underscores and hyphens.")
    if not schedule.location:
        return tr("Choose a region.")
    if not schedule.classifications and not schedule.include:
        return tr("Select at least one classification, or include a KB.")
    if not SHORTEST_MIN <= (schedule.minutes or 0) <= LONGEST_MIN:
        return tr("The window must last 90 to 235 minutes.")
    hourly = re.fullmatch(r"(\d*)\s*hours?", schedule.recurs.strip().casefold())
    if not schedule.is_understood or (
        hourly is not None and int(hourly[1] or 1) < SHORTEST_INTERVAL_H
    ):
        return tr(
            "Azure doesn't accept this recurrence. It can't repeat more often than every six hours."
        )
    starts = datetime.fromisoformat(schedule.starts).date()
    if has_moved and starts < now.astimezone(schedule.zone).date():
        return tr("The start must be today or later, but is {starts}.", starts=schedule.starts)
    if schedule.has_ended(now):
        return tr("The end must be in the future.")
    return ""


def preview(
    schedule: Schedule, calendar: Calendar, now: datetime
) -> list[tuple[Glyph, str, str, str]]:
    """(glyph, its meaning, title, detail): the recurrence, the next windows and the concerns."""
    upcoming_windows = windows(schedule, now, now + LOOK_AHEAD)
    texts = [
        window_text(w, schedule) for _, w in zip(range(WINDOWS), upcoming_windows, strict=False)
    ]
    points = [(Glyph.INFO, "", tr("Repeats"), recurrence_text(schedule))]
    if texts:
        points.append((Glyph.INFO, "", tr("Next windows"), "\n".join(texts)))
    points += schedule_text.selection(schedule, now)
    for concern in concerns(schedule, calendar, tuple(Product), now):
        glyph = display_text.LEVEL_GLYPHS[concern.level]
        points.append((glyph, display_text.level_text(concern.level), tr("Problem"), concern.text))
    return points


def preset_of(recurs: str, month: int) -> int:
    """The position of the preset with this recurrence that starts in this month (0: any); the last one if there is none."""
    fits = (
        n
        for n, p in enumerate(PRESETS)
        if p.recurs == recurs and (not month or not p.months or month in p.months)
    )
    return next(fits, len(PRESETS) - 1)


def meaning(position: int) -> str:
    """A preset's meaning, and the part of it that Azure can't express."""
    text = PRESETS[position].meaning
    return translated(text) if text else ""
