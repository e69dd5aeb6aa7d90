"""The export of the Overview page: evidence of now, or of what was known on a past day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from hotpatch_gui.domain.clock import Span
from hotpatch_gui.domain.compliance_group import ComplianceGroup
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.exposure import MissingUpdates, missing_updates, required_builds
from hotpatch_gui.domain.horizon import horizon_notes
from hotpatch_gui.domain.machine_filter import FAILURE_DAYS
from hotpatch_gui.domain.machines import GRAPH_KEEPS_ASSESSMENTS, build_of
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.store import daily_states, lists, machines
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.tokens import LIGHT
from hotpatch_gui.translation import translated, translator

from . import display_text, export_sheets
from .columns import HISTORY, OPERATIONS
from .compliance_trend import compliance_days
from .exports import ExportContext, Make
from .ledger import RESTARTS, read_ledger
from .overview import (
    TILES,
    TREND_DAYS,
    OverviewData,
    OverviewQuery,
    figures,
    headline,
    read_overview,
    share_text,
)
from .overview_groups import COLUMN_GROUPS, GROUPS, group_rows
from .report import Report, Sheet
from .row_model import Column, field
from .schedule_columns import SCHEDULES
from .schedules import read_schedules

tr = translator("OverviewReport")


class PastRow(NamedTuple):
    """A machine's state as known at the end of a day; None for what no assessment showed.

    ``required`` names the builds of the newest monthly release on that day, of the releases that are known now;
    ``assessed`` is the last assessment that found the state, and ``known`` the day on which it was recorded: a change, or a
    confirmation after a gap.
    """

    id: int
    name: str
    resource_group: str
    group: str
    situation: str
    updates: int | None
    missing: MissingUpdates
    restart: bool | None
    build: str
    required: str
    assessed: datetime | None
    known: date


class TrendRow(NamedTuple):
    """The machines of a day by compliance."""

    day: date
    up_to_date: int
    updates: int
    attention: int
    no_hotpatch: int
    not_known: int


TREND = (
    Column("day", tr.mark("Day"), 120, lambda r, _: day_name(r.day), raw=field("day")),
    *GROUPS[2:],
)
PAST = (
    Column("name", tr.mark("Machine"), 200, lambda r, _: r.name),
    Column("resource_group", tr.mark("Resource group"), 140, lambda r, _: r.resource_group),
    Column("group", tr.mark("Compliance"), 140, lambda r, _: r.group),
    Column("situation", tr.mark("Status"), 160, lambda r, _: translated(r.situation)),
    Column(
        "updates",
        tr.mark("Updates"),
        80,
        lambda r, _: display_text.number(r.updates),
        raw=field("updates"),
    ),
    Column(
        "missing",
        tr.mark("Monthly update missing"),
        120,
        lambda r, _: export_sheets.missing_text(r.missing.is_missing),
    ),
    Column("since", tr.mark("Missing since"), 120, lambda r, _: "", raw=lambda r: r.missing.since),
    Column(
        "restart",
        tr.mark("Restart pending"),
        120,
        lambda r, _: export_sheets.missing_text(r.restart),
    ),
    Column("build", tr.mark("Build"), 112, lambda r, _: r.build),
    Column("required", tr.mark("Required build"), 112, lambda r, _: r.required),
    Column("assessed", tr.mark("Assessed"), 120, lambda r, _: "", raw=lambda r: r.assessed),
    Column("known", tr.mark("Recorded"), 120, lambda r, _: day_name(r.known), raw=field("known")),
)


class KeyNumberRow(NamedTuple):
    """A figure with its note."""

    name: str
    figure: str
    note: str


SUMMARY = (
    Column("name", tr.mark("Key number"), 240, lambda r, _: r.name),
    Column("figure", tr.mark("Value"), 120, lambda r, _: r.figure),
    Column("note", tr.mark("Note"), 320, lambda r, _: r.note),
)


EXCEPTIONS = (
    Column("name", tr.mark("Machine"), 200, lambda r, _: r.row.name),
    Column("group", tr.mark("Compliance"), 140, lambda r, _: r.group),
    Column("situation", tr.mark("Status"), 160, lambda r, _: translated(r.row.situation)),
    Column("why", tr.mark("Why"), 320, lambda r, _: r.why),
    Column("assessed", tr.mark("Assessed"), 120, lambda r, _: "", raw=lambda r: r.assessed),
)
DEFINITIONS = (
    Column("term", tr.mark("Term"), 140, lambda r, _: r[0]),
    Column("meaning", tr.mark("Meaning"), 600, lambda r, _: r[1]),
)


def definitions(*, has_exceptions: bool, has_machines: bool) -> list[tuple[str, str]]:
    """(term, meaning) of the compliance groups, and of what the sheets name."""
    found = [(group.label, group.meaning) for group in ComplianceGroup]
    if has_exceptions:
        meaning = tr(
            "Machines that need attention, don't have hotpatch, are missing a monthly update, are reported as unhealthy, or "
            "whose state isn't known."
        )
        found.append((tr("Exceptions"), meaning))
    if has_machines:
        meaning = tr("The build of the product's newest monthly release. A newer build is as good.")
        found.append((tr("Required build"), meaning))
    return found


def overview_report(
    query: OverviewQuery, origin: ExportContext, *, with_audit: bool = False, is_short: bool = False
) -> Make:
    """The evidence of now, or of what was known at the end of a past day: figures first, then machine by machine.

    ``with_audit`` adds the audit log. A short one has the figures, exceptions and failures only.
    """
    now, calendar, demo = origin

    def make(db: sqlite3.Connection) -> Report:
        read = read_overview(db, query)
        groups = group_rows(read.groups)
        day = query.day or now.date()
        figures = replace(
            export_sheets.sheet_of(tr("Summary"), SUMMARY, summary(read), now), is_figures=True
        )
        sheets = [
            figures,
            _charted(query.dimension.grouped_label, GROUPS, groups, now),
            _charted(tr("Compliance over time"), TREND, trend_rows(db, day), now),
            *(
                _past_sheets(db, query.day, calendar, now, is_short=is_short)
                if query.day is not None
                else _current_sheets(db, calendar, now, is_short=is_short)
            ),
        ]
        terms = definitions(has_exceptions=query.day is None, has_machines=not is_short)
        sheets.append(export_sheets.sheet_of(tr("Definitions"), DEFINITIONS, terms, now))
        if with_audit:
            sheets.append(export_sheets.sheet("audit", db, None, calendar, now))
        title = tr("Compliance on {day}", day=day_name(day))
        scope = tr("Scope: %n machine(s), of all connections.", read.machines)
        known = (
            export_sheets.ages(db, now)
            if query.day is None
            else [
                tr("As known at the end of {day}, UTC.", day=day_name(query.day)),
                tr(
                    "Failed installations and restarts are those that Azure dates before the end "
                    "of the day, even if they were read later."
                ),
            ]
        )
        short = [
            tr("Short report: key numbers, charts, exceptions, failures and open operations.")
            if query.day is None
            else tr("Short report: key numbers, charts and failures, without individual machines.")
        ]
        notes = (
            scope,
            *(short if is_short else []),
            *([demo] if demo else []),
            *known,
            *horizon_notes(calendar, now),
        )
        return Report(title, now, (*notes, *release_notes(calendar)), sheets)

    return make


def _charted(title: str, columns: Sequence[Column], rows: Sequence[Any], now: datetime) -> Sheet:
    """A sheet with a chart of its compliance columns."""
    sheet = export_sheets.sheet_of(title, columns, rows, now)
    places = (n for n, column in enumerate(columns) if column.key in COLUMN_GROUPS)
    stacked = dict(zip(places, LIGHT.compliance, strict=True))
    return replace(sheet, rows=list(sheet.rows), stacked=stacked)


def _current_sheets(
    db: sqlite3.Connection, calendar: Calendar, now: datetime, *, is_short: bool
) -> list[Sheet]:
    operations = export_sheets.rows_of(
        db, lists.OPERATIONS, lists.open_operations(), *lists.OPERATIONS.default_sort
    )
    exceptions = export_sheets.sheet_of(
        tr("Exceptions"), EXCEPTIONS, export_sheets.exceptions(db, calendar, now), now
    )
    still_open = export_sheets.sheet_of(tr("Open operations"), OPERATIONS, operations, now)
    if is_short:
        return [exceptions, _failed_runs(db, now, now), still_open]
    return [
        export_sheets.sheet("machines", db, None, calendar, now),
        exceptions,
        replace(
            export_sheets.sheet("compliance", db, None, calendar, now), title=tr("Missing updates")
        ),
        _failed_runs(db, now, now),
        still_open,
        export_sheets.sheet_of(
            tr("Schedules"),
            SCHEDULES,
            read_schedules(db, calendar, lambda: now).entries,
            now,
        ),
        export_sheets.sheet("restarts", db, None, calendar, now),
    ]


def _past_sheets(
    db: sqlite3.Connection, day: date, calendar: Calendar, now: datetime, *, is_short: bool
) -> list[Sheet]:
    end = datetime.combine(day + timedelta(days=1), time(), UTC)
    if is_short:
        return [_failed_runs(db, end, now)]
    ledger = read_ledger(db, calendar, None, export_sheets.EVER)
    restarts = [row for row in ledger.rows if (w := from_text(row.when)) is not None and w < end]
    return [
        export_sheets.sheet_of(tr("Machines"), PAST, past_rows(db, day, calendar), now),
        _failed_runs(db, end, now),
        export_sheets.sheet_of(tr("Restarts"), RESTARTS, restarts, now),
    ]


def _failed_runs(db: sqlite3.Connection, end: datetime, now: datetime) -> Sheet:
    """The installations that failed in the FAILURE_DAYS before ``end``."""
    span = Span(end - timedelta(days=FAILURE_DAYS), end)
    where = lists.history_where(span=span, statuses=("Failed",))
    runs = export_sheets.rows_of(db, lists.HISTORY, where, *lists.HISTORY.default_sort)
    return export_sheets.sheet_of(tr("Failed installations"), HISTORY, runs, now)


def release_notes(calendar: Calendar) -> list[str]:
    """Until when the releases of each product are known."""
    return [
        tr(
            "{product}: releases are known through {day}.",
            product=product.label,
            day=day_name(calendar.complete_until(product)),
        )
        for product in Product
    ]


def summary(read: OverviewData) -> list[KeyNumberRow]:
    """The sentence, the machines by compliance, and the tiles."""
    sentence = headline(read)
    captions = dict(TILES)
    return [
        KeyNumberRow(sentence.headline, "", sentence.detail),
        KeyNumberRow(tr("Machines"), f"{read.machines:,}", ""),
        *(
            KeyNumberRow(group.label, f"{count:,}", share_text(count, read.machines))
            for group, count in read.compliance.items()
        ),
        *(
            KeyNumberRow(translated(captions[key]), figure.figure, figure.note)
            for key, figure in figures(read).items()
            if key != "not-known"  # a compliance group
        ),
    ]


def trend_rows(db: sqlite3.Connection, until: date) -> list[TrendRow]:
    """Compliance on the TREND_DAYS up to ``until``; days without a sync are missing."""
    counts = daily_states.trend(db, until - timedelta(days=TREND_DAYS - 1), until)
    return [TrendRow(d.day, *d.machines) for d in compliance_days(counts)]


def past_rows(db: sqlite3.Connection, day: date, calendar: Calendar) -> Iterator[PastRow]:
    """The states as known at the end of ``day``, by the machines' names."""
    names, synced = machines.labels(db), daily_states.last_synced(db, day)
    end = datetime.combine(day + timedelta(days=1), time(), UTC)
    states = daily_states.states_on(db, day)
    for state in sorted(states, key=lambda s: (names[s.machine_id][0].casefold(), s.machine_id)):
        name, resource_group, product = names[state.machine_id]
        build = build_of(state.os_version)
        of = (
            Product.of_build(build) if product else None
        )  # that day's: it may have been upgraded since
        missing = missing_updates(of, build, calendar, day, synced.get(state.connection_id, day))
        group = ComplianceGroup.of(state.situation)
        assessed = from_text(state.assessed_at)
        is_known = (
            group is not ComplianceGroup.NOT_KNOWN
            and assessed is not None
            and end - assessed <= GRAPH_KEEPS_ASSESSMENTS
        )
        yield PastRow(
            state.machine_id,
            name,
            resource_group,
            group.label,
            state.situation,
            state.updates if is_known else None,
            missing,
            state.restart_pending if is_known or state.restart_pending else None,
            build or display_text.NOTHING,
            export_sheets.builds_text(required_builds(of, calendar, day)),
            assessed,
            state.day,
        )
