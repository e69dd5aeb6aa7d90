"""The export of the Overview page: evidence of now, or of what was known on a past day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from hotpatch_gui.domain.compliance_group import ComplianceGroup
from hotpatch_gui.domain.machine_filter import FAILURE_DAYS
from hotpatch_gui.domain.machines import build_of
from hotpatch_gui.domain.releases import day_name
from hotpatch_gui.store import daily_states, lists
from hotpatch_gui.store.timestamps import to_text
from hotpatch_gui.translation import translated, translator

from . import display_text, export_sheets
from .columns import HISTORY, OPERATIONS
from .export_writers import Report
from .exports import Make, Origin
from .overview import (
    TILES,
    OverviewQuery,
    OverviewRead,
    figures,
    headline,
    read_overview,
    share_text,
)
from .overview_groups import GROUPS, GroupRow
from .row_model import Column, field

tr = translator("OverviewReport")


class PastRow(NamedTuple):
    """A machine's state as known at the end of a day; ``known`` is the day of its last change."""

    id: int
    name: str
    group: str
    situation: str
    updates: int
    restart: bool
    build: str
    known: date


PAST = (
    Column("name", tr.mark("Machine"), 200, lambda r, _: r.name),
    Column("group", tr.mark("Compliance"), 140, lambda r, _: r.group),
    Column("situation", tr.mark("Status"), 160, lambda r, _: translated(r.situation)),
    Column("updates", tr.mark("Updates"), 80, lambda r, _: str(r.updates), raw=field("updates")),
    Column(
        "restart",
        tr.mark("Restart pending"),
        120,
        lambda r, _: tr("Yes") if r.restart else tr("No"),
    ),
    Column("build", tr.mark("Build"), 112, lambda r, _: r.build),
    Column(
        "known", tr.mark("Unchanged since"), 120, lambda r, _: day_name(r.known), raw=field("known")
    ),
)


class SummaryRow(NamedTuple):
    """A figure with its note."""

    name: str
    figure: str
    note: str


SUMMARY = (
    Column("name", tr.mark("Figure"), 240, lambda r, _: r.name),
    Column("figure", tr.mark("Value"), 120, lambda r, _: r.figure),
    Column("note", tr.mark("Note"), 320, lambda r, _: r.note),
)


def overview_report(query: OverviewQuery, groups: Sequence[GroupRow], origin: Origin) -> Make:
    """The evidence of now, or of what was known at the end of a past day: figures first, then machine by machine."""
    now, calendar, demo = origin

    def make(db: sqlite3.Connection) -> Report:
        read = read_overview(db, query)
        day = query.day or now.date()
        title = tr("Compliance on {day}", day=day_name(day))
        sheet = export_sheets.sheet_of
        sheets = [
            sheet(tr("Summary"), SUMMARY, summary(read), now),
            sheet(tr("By {name}", name=query.dimension.label.lower()), GROUPS, groups, now),
        ]
        if query.day is not None:
            sheets.append(sheet(tr("Machines"), PAST, past_rows(db, query.day), now))
        else:
            since = to_text(now - timedelta(days=FAILURE_DAYS))
            failed = lists.history_where(since=since, statuses=("Failed",))
            runs = export_sheets.rows_of(db, lists.HISTORY, failed, *lists.HISTORY.default_sort)
            open_ones = lists.open_operations()
            operations = export_sheets.rows_of(
                db, lists.OPERATIONS, open_ones, *lists.OPERATIONS.default_sort
            )
            sheets += [
                export_sheets.sheet("machines", db, None, calendar, now),
                sheet(tr("Failed installations"), HISTORY, runs, now),
                sheet(tr("Open operations"), OPERATIONS, operations, now),
                export_sheets.sheet("restarts", db, None, calendar, now),
            ]
        return export_sheets.report(db, title, sheets, now, calendar, demo=demo)

    return make


def summary(read: OverviewRead) -> list[SummaryRow]:
    """The sentence, the machines by compliance, and the tiles."""
    sentence = headline(read)
    captions = dict(TILES)
    return [
        SummaryRow(sentence.headline, "", sentence.detail),
        SummaryRow(tr("Machines"), f"{read.machines:,}", ""),
        *(
            SummaryRow(group.label, f"{count:,}", share_text(count, read.machines))
            for group, count in read.compliance.items()
        ),
        *(
            SummaryRow(translated(captions[key]), figure.figure, figure.note)
            for key, figure in figures(read).items()
        ),
    ]


def past_rows(db: sqlite3.Connection, day: date) -> Iterator[PastRow]:
    """The states as known at the end of ``day``, in the machines' order."""
    names = dict(db.execute("SELECT id, name FROM machines"))
    for state in daily_states.states_on(db, day):
        yield PastRow(
            state.machine_id,
            names[state.machine_id],
            ComplianceGroup.of(state.situation).label,
            state.situation,
            state.updates,
            state.restart_pending,
            build_of(state.os_version) or display_text.NOTHING,
            state.day,
        )
