"""The machines that get hotpatches, the others' paths to it, and the restarts that would be avoided."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.forecast import planned_hotpatches
from hotpatch_gui.domain.hotpatch import HotpatchStatus
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, release_day
from hotpatch_gui.domain.upgrade_paths import PathKind, UpgradePath, upgrade_path
from hotpatch_gui.store import machine_columns, machines
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text
from .row_model import Column, field

tr = translator("CoverageModel")

YEAR = timedelta(days=365)

GLYPHS = {
    PathKind.ON: Glyph.OK,
    PathKind.NOT_CONFIRMED: Glyph.UNKNOWN,
    PathKind.TURN_ON: Glyph.INFO,
    PathKind.ENROLL: Glyph.INFO,
    PathKind.FIX: Glyph.WARNING,
    PathKind.UPGRADE: Glyph.INFO,
    PathKind.REPLACE: Glyph.INFO,
    PathKind.NO_PATH: Glyph.OFF,
    PathKind.NOT_KNOWN: Glyph.UNKNOWN,
}


class CoverageRow(NamedTuple):
    """One machine. ``avoided``: restarts that hotpatch is planned to avoid in 12 months; None if it is on or there is no path."""

    id: int
    name: str
    resource_group: str
    system: str
    path: UpgradePath
    path_text: str
    obstacle: str
    target: str
    avoided: int | None
    location: str
    zone: str | None
    time_zone: str | None


class PathRow(NamedTuple):
    """The machines with the same path; ``avoided`` is their sum."""

    id: int
    kind: PathKind
    label: str
    machines: int
    avoided: int | None
    cost: str


class CoverageData(NamedTuple):
    """Rows of both tables: paths by effort, machines by name."""

    paths: list[PathRow]
    machines: list[CoverageRow]


def read_coverage(db: sqlite3.Connection, calendar: Calendar, clock: Clock) -> CoverageData:
    """Read the path of every machine."""
    today = release_day(clock())
    saved = {p: planned_hotpatches(calendar, p, today, today + YEAR) for p in Product}
    rows = machines.read_rows(db, machines.present(db))
    found = sorted((_row(r, saved) for r in rows), key=lambda r: (r.name.casefold(), r.id))
    return CoverageData(_paths(found), found)


def _row(row: MachineRow, saved: dict[Product, int]) -> CoverageRow:
    machine = machine_columns.machine_of(row)
    path = upgrade_path(machine)
    status = HotpatchStatus(row.hotpatch_status)
    if path.kind is PathKind.ON and status is not HotpatchStatus.ENABLED:
        path = path._replace(kind=PathKind.NOT_CONFIRMED, obstacle=status.meaning)
    avoids = path.kind not in (PathKind.ON, PathKind.NOT_CONFIRMED) and path.product is not None
    return CoverageRow(
        row.id,
        row.display_name,
        row.resource_group,
        machine.os_name.removeprefix("Windows ")
        if machine.os_name
        else machine.image.sku or tr("Not reported"),
        path,
        path.kind.label,
        path.obstacle,
        path.target,
        saved[path.product] if avoids and path.product is not None else None,
        machine.location,
        machine.zone,
        machine.time_zone,
    )


def _paths(rows: list[CoverageRow]) -> list[PathRow]:
    alike: dict[PathKind, list[CoverageRow]] = defaultdict(list)
    for row in rows:
        alike[row.path.kind].append(row)
    return [
        PathRow(n, kind, kind.label, len(of), _total(of), _cost(of))
        for n, kind in enumerate(PathKind)
        if (of := alike.get(kind))
    ]


def _total(rows: list[CoverageRow]) -> int | None:
    known = [r.avoided for r in rows if r.avoided is not None]
    return sum(known) if known else None


def _cost(rows: list[CoverageRow]) -> str:
    """The path's cost; several texts of the same path, one after the other."""
    return " ".join(dict.fromkeys(r.path.cost for r in rows if r.path.cost))


def headline(read: CoverageData) -> str:
    """How many machines get hotpatches, and what the others would save."""
    on = sum(r.path.kind is PathKind.ON for r in read.machines)
    avoided = sum(r.avoided or 0 for r in read.machines)
    covered = tr("Hotpatch is on for {on:,} of %n machine(s).", len(read.machines), on=on)
    if not avoided:
        return covered
    more = tr(
        "On the others it would avoid %n restart(s) in the next 12 months, by Microsoft's plan.",
        avoided,
    )
    return f"{covered} {more}"


def _number(value: int | None) -> str:
    return display_text.NOTHING if value is None else display_text.number(value)


def _avoided(*, hidden: bool) -> Column:
    return Column(
        "avoided",
        tr.mark("Restarts it would avoid"),
        160,
        lambda r, _: _number(r.avoided),
        right=True,
        raw=field("avoided"),
        export_title=tr.mark("Restarts it would avoid in 12 months"),
        tip=lambda *_: tr("In the next 12 months by Microsoft's plan, counted by monthly release"),
        hidden=hidden,
        sort="avoided",
    )


PATHS = (
    Column(
        "label",
        tr.mark("Path to hotpatch"),
        280,
        lambda r, _: r.label,
        glyph=lambda r: GLYPHS[r.kind],
        sort="id",
    ),
    Column(
        "machines",
        tr.mark("Machines"),
        90,
        lambda r, _: display_text.number(r.machines),
        right=True,
        raw=field("machines"),
        sort="machines",
    ),
    _avoided(hidden=False),
    Column(
        "cost",
        tr.mark("Cost"),
        320,
        lambda r, _: r.cost or display_text.NOTHING,
        tip=lambda r, _: r.cost,
    ),
)

MACHINES = (
    Column(
        "name",
        tr.mark("Machine"),
        130,
        lambda r, _: r.name,
        glyph=lambda r: GLYPHS[r.path.kind],
        sort="name",
    ),
    Column(
        "system",
        tr.mark("System"),
        180,
        lambda r, _: r.system,
        tip=lambda r, _: r.system,
        sort="system",
        cut_in_middle=True,
    ),
    Column("path", tr.mark("Path to hotpatch"), 180, lambda r, _: r.path_text, sort="path_text"),
    Column(
        "obstacle",
        tr.mark("Blocker"),
        220,
        lambda r, _: r.obstacle or display_text.NOTHING,
        tip=lambda r, _: r.obstacle,
        hidden=True,
        sort="obstacle",
    ),
    Column(
        "target",
        tr.mark("Target"),
        170,
        lambda r, _: r.target or display_text.NOTHING,
        tip=lambda r, _: r.target,
        hidden=True,
        sort="target",
    ),
    Column(
        "resource_group",
        tr.mark("Resource group"),
        120,
        lambda r, _: r.resource_group,
        hidden=True,
        sort="resource_group",
    ),
    _avoided(hidden=True),
)
