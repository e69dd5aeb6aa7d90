"""The export of the Overview page: groups now, or what was known of each machine on a past day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from hotpatch_gui.domain.compliance_group import ComplianceGroup
from hotpatch_gui.domain.machine_filter import Dimension
from hotpatch_gui.domain.machines import build_of
from hotpatch_gui.domain.releases import day_name
from hotpatch_gui.store import daily_states
from hotpatch_gui.translation import translated, translator

from . import display_text, export_sheets
from .export_writers import Report
from .exports import Make, Origin
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


def overview_report(
    day: date | None, groups: Sequence[GroupRow], dimension: Dimension, origin: Origin
) -> Make:
    """The groups, or the machines as known at the end of ``day``."""
    now, calendar, demo = origin

    def make(db: sqlite3.Connection) -> Report:
        if day is None:
            title = tr("Machines by {dimension}", dimension=dimension.label)
            sheet = export_sheets.sheet_of(title, GROUPS, groups, now)
        else:
            title = tr("Compliance on {day}", day=day_name(day))
            sheet = export_sheets.sheet_of(title, PAST, past_rows(db, day), now)
        return export_sheets.report(db, title, [sheet], now, calendar, demo=demo)

    return make


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
