"""The windows of all schedules in a month, between the releases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import RELEASE_HOUR, Product, ReleaseKind, release_day
from hotpatch_gui.domain.schedule_windows import Window, windows
from hotpatch_gui.store import schedule_rows
from hotpatch_gui.store.schedule_rows import ScheduleRow
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text, schedule_text
from .row_model import Column, field

tr = translator("ScheduleCalendar")

BEFORE = timedelta(days=45)
"""How long before the month the last release is looked for."""


class CalendarRow(NamedTuple):
    """A window, or a release.

    Attributes:
        machines: that certainly follow the schedule; None for a release.
        note: for a window, the release before it and the windows that overlap it on the same machines.
    """

    id: int
    when: datetime
    what: str
    group: str
    length: str
    machines: int | None
    note: str
    glyph: Glyph


class _Due(NamedTuple):
    at: datetime
    text: str
    restarts: bool
    is_released: bool


def read_month(
    db: sqlite3.Connection, calendar: Calendar, clock: Clock, first: date
) -> list[CalendarRow]:
    """The month that begins on ``first`` in the reader's time zone, in order of time."""
    zone = display_text.local(clock()).tzinfo
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine((first + timedelta(days=31)).replace(day=1), time(), zone)
    rows = [row for row in schedule_rows.read_all(db) if row.schedule.starts]
    due = list(_releases(calendar, (begin - BEFORE).date(), end.date(), clock()))
    opening = [
        (window, row)
        for row in rows
        for window in windows(row.schedule, begin - timedelta(seconds=1), end)
    ]
    shared = _shared(db)
    found = [(w.opens, _window_row(w, row, opening, shared, due)) for w, row in opening]
    found += [(d.at, _release_row(d)) for d in due if begin <= d.at < end]
    found.sort(key=lambda pair: (pair[0], pair[1].what))
    return [row._replace(id=n) for n, (_, row) in enumerate(found)]


def _shared(db: sqlite3.Connection) -> dict[frozenset[str], int]:
    """How many machines two schedules share."""
    return {frozenset((one, other)): machines for one, other, machines in schedule_rows.shared(db)}


def _releases(calendar: Calendar, first: date, last: date, now: datetime) -> Iterator[_Due]:
    """Release days by the published plan, with the kinds of each product; of past days, the kinds that were released."""
    released = {
        r.released for r in calendar.releases if r.on_train and r.released <= release_day(now)
    }
    by_day: dict[date, dict[ReleaseKind, list[str]]] = {}
    for product in Product:
        for expected in calendar.plan(product, first, last):
            known = [
                r.kind
                for r in calendar.releases
                if r.product is product and r.on_train and r.released == expected.day
            ]
            kind = known[0] if known and expected.day in released else expected.kind
            by_day.setdefault(expected.day, {}).setdefault(kind, []).append(product.value[2:])
    for day, kinds in sorted(by_day.items()):
        texts = [
            tr("{kind}: Server {years}", kind=kind.display_name, years=", ".join(years))
            for kind, years in kinds.items()
        ]
        restarts = any(kind.is_baseline for kind in kinds)
        at = datetime.combine(day, RELEASE_HOUR)
        yield _Due(at, "; ".join(texts), restarts, day in released)


def _release_row(due: _Due) -> CalendarRow:
    note = tr("Released") if due.is_released else tr("Release day by the published plan")
    glyph = Glyph.RESTART if due.restarts else Glyph.OK if due.is_released else Glyph.INFO
    return CalendarRow(0, due.at, due.text, "", "", None, note, glyph)


def _window_row(
    window: Window,
    row: ScheduleRow,
    opening: list[tuple[Window, ScheduleRow]],
    shared: Mapping[frozenset[str], int],
    due: list[_Due],
) -> CalendarRow:
    overlaps = [
        tr(
            "Overlaps with {name} on %n machine(s)",
            shared[frozenset((row.resource_id, other.resource_id))],
            name=other.schedule.name,
        )
        for at, other in opening
        if at.opens < window.closes
        and window.opens < at.closes
        and frozenset((row.resource_id, other.resource_id)) in shared
    ]
    before = [d for d in due if d.at <= window.opens]
    after = _after(window, before[-1]) if before else ""
    return CalendarRow(
        0,
        window.opens,
        row.schedule.name,
        row.group,
        schedule_text.length(row.schedule.minutes),
        row.machines,
        ". ".join([*overlaps, *([after] if after else [])]),
        Glyph.WARNING if overlaps else Glyph.NONE,
    )


def _after(window: Window, due: _Due) -> str:
    days = (window.opens - due.at).days
    if days == 0:
        return tr("Less than a day after the release of {day}", day=day_name(due.at.date()))
    return tr("%n day(s) after the release of {day}", days, day=day_name(due.at.date()))


COLUMNS = (
    Column(
        "when",
        tr.mark("Opens"),
        150,
        lambda r, _: display_text.moment_text(r.when),
        raw=field("when"),
        sort="when",
    ),
    Column(
        "what",
        tr.mark("Schedule or release"),
        240,
        lambda r, _: r.what,
        glyph=lambda r: r.glyph,
        sort="what",
    ),
    Column(
        "group",
        tr.mark("Resource group"),
        120,
        lambda r, _: r.group or display_text.NOTHING,
        sort="group",
    ),
    Column(
        "length", tr.mark("Length"), 80, lambda r, _: r.length or display_text.NOTHING, right=True
    ),
    Column(
        "machines",
        tr.mark("Machines"),
        80,
        lambda r, _: (
            display_text.NOTHING if r.machines is None else display_text.number(r.machines)
        ),
        right=True,
        raw=field("machines"),
        sort="machines",
    ),
    Column("note", tr.mark("Note"), 320, lambda r, _: r.note, tip=lambda r, _: r.note),
)
