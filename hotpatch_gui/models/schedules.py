"""Schedules as rows: when they run, what they install, on how many machines, and their problems."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.dates import day_name, moment_name
from hotpatch_gui.domain.permissions import allows
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, release_day
from hotpatch_gui.domain.schedule_changes import ChangeKind
from hotpatch_gui.domain.schedule_concerns import (
    Concern,
    concerns,
    idle_text,
    overlap_text,
    overlaps,
    stopped_text,
    unprepared_text,
    upcoming_windows,
)
from hotpatch_gui.domain.schedule_windows import Window, recurrence_text, windows
from hotpatch_gui.domain.schedules import AssignmentKind, Schedule, Scope
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.store import additional_lists, schedule_changes, schedule_rows
from hotpatch_gui.store import schedules as stored_schedules
from hotpatch_gui.store.permissions import grants_of
from hotpatch_gui.store.schedule_changes import OpenChanges
from hotpatch_gui.store.schedule_rows import ScheduleMachine, ScheduleRow, ScheduleRun
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text, schedule_text
from .chart_data import StripData, StripInstall
from .schedule_text import scope_text
from .strip import release_marks

tr = translator("SchedulesModel")

RUNS_SINCE = timedelta(days=90)
WINDOW_RANGE = timedelta(days=60)
"""How far the strip looks ahead and the idle check looks back."""
AFTERWARDS = timedelta(hours=2)
"""How long after a window's end an installation that began in it may start; updates in progress aren't interrupted."""
NEXT = 3


class ScheduleEntry(NamedTuple):
    """A schedule in the list.

    Attributes:
        id: from the resource ID, because row IDs change with each sync.
        next: the next windows, soonest first.
        runs: newest first.
    """

    id: int
    row: ScheduleRow
    name: str
    recurrence: str
    opens: datetime | None
    next: tuple[Window, ...]
    concerns: tuple[Concern, ...]
    runs: tuple[ScheduleRun, ...]
    is_ended: bool

    @property
    def machines(self) -> int:
        """Machines that certainly follow it."""
        return self.row.machines

    @property
    def group(self) -> str:
        """The schedule's resource group, in lower case."""
        return self.row.group

    @property
    def level(self) -> Level:
        """The most serious concern; OK without any."""
        return max((c.level for c in self.concerns), default=Level.OK)


class SchedulesData(NamedTuple):
    """All schedules, those that have ended last; ``unread_reason`` is why some connections' schedules aren't known."""

    entries: list[ScheduleEntry]
    unread_reason: str
    changes: OpenChanges

    @property
    def notice(self) -> tuple[Level, str, str] | None:
        """A notice of unknown or changing data: level, headline and detail; None if all is known."""
        if self.changes.unknown:
            headline = tr("The result of %n change(s) isn't known", self.changes.unknown)
            return Level.UNKNOWN, headline, self.changes.note
        if self.unread_reason:
            return Level.UNKNOWN, tr("Some schedules aren't known"), self.unread_reason
        if self.changes.waiting:
            headline = tr("%n change(s) in progress", self.changes.waiting)
            return Level.INFO, headline, self.changes.note
        return None


def read_schedules(db: sqlite3.Connection, calendar: Calendar, clock: Clock) -> SchedulesData:
    """Read all schedules."""
    now = clock()
    rows = schedule_rows.read_all(db)
    common = _overlaps(rows, schedule_rows.shared(db), now)
    runs = schedule_rows.runs(db, now - RUNS_SINCE)
    for row in rows:
        idle = _idle(db, row, now)
        if idle is not None:
            common.setdefault(row.resource_id, []).append(idle)
    entries = [_entry(row, calendar, runs, common.get(row.resource_id, []), now) for row in rows]
    entries.sort(key=lambda e: (e.is_ended, e.opens is None, e.opens or now))
    unread = additional_lists.unread(db, ("schedules", "assignments"))
    known = " ".join(dict.fromkeys(unread.values()))
    return SchedulesData(entries, known, schedule_changes.still_open(db))


def row_id(text: str) -> int:
    """A row's ID from an ID of Azure; it fits into a signal's int."""
    return crc32(text.encode()) & 0x7FFFFFFF


def _overlaps(
    rows: Sequence[ScheduleRow], shared: Iterable[tuple[str, str, int]], now: datetime
) -> dict[str, list[Concern]]:
    by_id = {row.resource_id: row for row in rows}
    ahead = {row.resource_id: upcoming_windows(row.schedule, now) for row in rows}
    found: dict[str, list[Concern]] = {}
    for one, other, machines in shared:
        a, b = by_id.get(one), by_id.get(other)
        window = overlaps(ahead.get(one, ()), ahead.get(other, ()))
        if window is None or a is None or b is None:
            continue
        for of, with_ in ((a, b), (b, a)):
            text = overlap_text(with_.schedule.name, window, machines)
            found.setdefault(of.resource_id, []).append(Concern(Level.WARNING, text))
    return found


def _past_windows(row: ScheduleRow, now: datetime) -> Iterable[Window]:
    """The windows that the schedule had, oldest first, also before it was changed."""
    begin = now - WINDOW_RANGE
    for until, schedule in (*row.earlier, (now, row.schedule)):
        if until > begin:
            yield from windows(schedule, begin, until)
            begin = until


def _idle(db: sqlite3.Connection, row: ScheduleRow, now: datetime) -> Concern | None:
    """The concern about machines that installed nothing in the schedule's last window.

    None if every machine installed something or had nothing to install, or if it isn't known.
    """
    past = list(_past_windows(row, now))
    last = next((w for w in reversed(past) if w.closes + AFTERWARDS < now), None)
    if last is None:
        return None
    names = schedule_rows.idle_machines(db, row.resource_id, last.opens, last.closes + AFTERWARDS)
    if not names:
        return None
    return Concern(Level.WARNING, idle_text(names, last, schedule_rows.MAX_NAMES))


def _entry(
    row: ScheduleRow,
    calendar: Calendar,
    runs: Iterable[ScheduleRun],
    common: Sequence[Concern],
    now: datetime,
) -> ScheduleEntry:
    schedule = row.schedule
    is_unread = AssignmentKind.UNREAD in row.by_assignment and not schedule.starts
    upcoming = tuple(_first(windows(schedule, now, now + 6 * WINDOW_RANGE)))
    return ScheduleEntry(
        row_id(row.resource_id),
        row,
        schedule.name,
        tr("Not known: your account can't read it") if is_unread else _recurrence(schedule, now),
        upcoming[0].opens if upcoming else None,
        upcoming,
        tuple(_concerns(row, calendar, common, now, is_unread=is_unread)),
        tuple(r for r in runs if r.schedule == row.resource_id and _is_in_a_window(r, row)),
        schedule.has_ended(now),
    )


def _recurrence(schedule: Schedule, now: datetime) -> str:
    """The recurrence, with the schedule's time zone if the reader's differs."""
    text = recurrence_text(schedule)
    there = now.astimezone(schedule.zone).utcoffset()
    if there == display_text.local(now).utcoffset():
        return text
    return tr("{text} ({zone})", text=text, zone=schedule.time_zone or "UTC")


def _first(found: Iterable[Window]) -> Iterable[Window]:
    for _, window in zip(range(NEXT), found, strict=False):
        yield window


def _concerns(
    row: ScheduleRow,
    calendar: Calendar,
    common: Sequence[Concern],
    now: datetime,
    *,
    is_unread: bool,
) -> Iterable[Concern]:
    if is_unread:
        yield Concern(
            Level.UNKNOWN,
            tr(
                "Your account can't read this configuration. It may be of a kind "
                "that doesn't install updates."
            ),
        )
        return
    if row.unprepared:
        yield Concern(
            Level.ERROR,
            unprepared_text(row.unprepared, row.unprepared_names, schedule_rows.MAX_NAMES),
        )
    if row.stopped:
        yield Concern(Level.WARNING, stopped_text(row.stopped))
    yield from concerns(row.schedule, calendar, row.products or tuple(Product), now)
    yield from common
    if not row.by_assignment:
        yield Concern(Level.INFO, tr("No known machine follows this schedule."))


def _is_in_a_window(run: ScheduleRun, row: ScheduleRow) -> bool:
    """Whether the run started in one of the windows that the schedule had then."""
    started = from_text(run.started_at)
    if started is None:
        return False
    schedule = next((s for until, s in row.earlier if started < until), row.schedule)
    if schedule.length is None:
        return False
    length = schedule.length + AFTERWARDS
    window = next(windows(schedule, started - length, started + timedelta(seconds=1)), None)
    return window is not None


def what_text(schedule: Schedule) -> str:
    """The updates that it installs, in short."""
    found = (Classification.parse(c) for c in schedule.classifications)
    names = [k.label if k else c for k, c in zip(found, schedule.classifications, strict=True)]
    return ", ".join([*names, *schedule.include]) or tr("Not reported")


_CONCERN_TITLES = {
    Level.ERROR: tr.mark("Problem"),
    Level.WARNING: tr.mark("Problem"),
    Level.UNKNOWN: tr.mark("Not known"),
    Level.INFO: tr.mark("Note"),
}


def details(entry: ScheduleEntry, now: datetime) -> list[tuple[Glyph, str, str, str]]:
    """(glyph, its meaning, title, detail) of the schedule: its concerns, windows and selection."""
    glyphs = display_text.LEVEL_GLYPHS
    points = [
        (glyphs[c.level], display_text.level_text(c.level), tr(_CONCERN_TITLES[c.level]), c.text)
        for c in entry.concerns
    ]
    for number, window in enumerate(entry.next):
        title = tr("Next window") if number == 0 else tr("Then")
        points.append((Glyph.NONE, "", title, window_text(window, entry.row.schedule)))
    return [*points, *schedule_text.selection(entry.row.schedule, now)]


def window_text(window: Window, schedule: Schedule) -> str:
    """A window in the reader's time zone and in the schedule's."""
    own = window.opens.astimezone(schedule.zone)
    here, length = display_text.moment_text(window.opens), schedule_text.length(schedule.minutes)
    there = moment_name(own)
    if there == here:
        return tr("{here} for {length}", here=here, length=length)
    zone = schedule.time_zone or "UTC"
    return tr(
        "{here} for {length} ({there} in {zone})", here=here, length=length, there=there, zone=zone
    )


def disabled_reason(row: ScheduleRow, kind: ChangeKind) -> str:
    """Why a change isn't possible; empty if it is. Unknown permissions prevent nothing."""
    if not row.changes_allowed:
        return tr(
            "Changes are off for {name}. Turn them on in Settings › Connections.",
            name=row.connection,
        )
    grants = grants_of(row.grants) if kind.is_of_schedule else None
    if grants is not None and not allows(grants, kind.action):
        return tr("Your account isn't permitted: {action} is missing.", action=kind.action)
    return ""


def strip(entry: ScheduleEntry, calendar: Calendar, now: datetime) -> StripData:
    """The schedule's windows of the next two months against the releases."""
    today = release_day(now)
    first, last = now.date() - timedelta(days=7), (now + WINDOW_RANGE).date()
    products = entry.row.products or tuple(Product)
    marks = [m for m in release_marks(calendar, products[0], first, last, today) if m.day >= first]
    found = windows(entry.row.schedule, now - timedelta(days=7), now + WINDOW_RANGE)
    opening = [
        StripInstall(w.opens, failed=False, tooltip=window_text(w, entry.row.schedule))
        for w in found
    ]
    return StripData(first, last, now.date(), marks, opening)


def schedule_strip_description(entry: ScheduleEntry, data: StripData) -> str:
    """The strip as text."""
    return tr(
        "%n window(s) of {name} from {first} to {last}.",
        len(data.installs),
        name=entry.name,
        first=day_name(data.first),
        last=day_name(data.last),
    )


def run_text(run: ScheduleRun) -> str:
    """A run's result over its machines."""
    if run.running:
        return tr("In progress on %n machine(s)", run.running)
    if run.bad:
        return tr("Failed on {bad:,} of %n machine(s)", run.machines, bad=run.bad)
    if run.good == run.machines:
        return tr("Succeeded on %n machine(s)", run.machines)
    return tr("Not known on {rest:,} of %n machine(s)", run.machines, rest=run.machines - run.good)


def run_glyph(run: ScheduleRun) -> Glyph:
    """The glyph of ``run_text``."""
    if run.running:
        return Glyph.RUNNING
    if run.bad:
        return Glyph.ERROR
    return Glyph.OK if run.good == run.machines else Glyph.UNKNOWN


class ScopeRow(NamedTuple):
    """A dynamic scope in the table."""

    id: int
    scope: Scope
    name: str
    below: str
    filter_text: str


class ScheduleMachinesData(NamedTuple):
    """The machines that follow a schedule, those whose settings prevent it first, and its dynamic scopes."""

    rows: list[ScheduleMachine]
    scopes: list[ScopeRow]

    @property
    def removable(self) -> list[int]:
        """Row IDs of the machines that are directly assigned."""
        return [
            row.id
            for row in self.rows
            if row.assignment in (AssignmentKind.DIRECT, AssignmentKind.UNREAD) and not row.scope
        ]


def read_machines(
    db: sqlite3.Connection, schedule_id: str, runs: Sequence[str]
) -> ScheduleMachinesData:
    """Read the machines and dynamic scopes of a schedule; ``runs`` are its run IDs, newest first."""
    names = schedule_rows.subscription_names(db)
    scopes = [
        ScopeRow(row_id(s.azure_id), s, s.name, _within(s.below, names), scope_text(s))
        for s in stored_schedules.scopes_of(db, schedule_id)
    ]
    return ScheduleMachinesData(schedule_rows.machines_of(db, schedule_id, runs), scopes)


def _within(below: str, names: dict[str, str]) -> str:
    """The subscription or resource group of a scope in words."""
    parts = below.strip("/").split("/")
    subscription = names.get(parts[1].lower(), parts[1]) if len(parts) > 1 else below
    return f"{parts[3]} · {subscription}" if len(parts) > 3 else subscription
