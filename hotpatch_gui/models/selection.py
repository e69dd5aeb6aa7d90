"""The selected machines and their sums; of several machines, calculated off the UI thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.known_days import KnownSpan, known_span
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.releases import ReleaseKind
from hotpatch_gui.domain.situation import Level, Situation
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.store import (
    connections,
    daily_states,
    installations,
    machine_columns,
    machines,
)
from hotpatch_gui.store.history_rows import RunUpdateRow
from hotpatch_gui.store.machine_rows import MachineRow, MachineSummaryRow
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from .display_text import is_counted, level_of, machine_glyph, situation_text
from .permitted_actions import PermittedActions, permitted_actions

tr = translator("SelectionModel")

MAX_NAMES = 12
"""How many machines of a group are named."""


@dataclass(frozen=True, slots=True)
class StatusGroup:
    """Machines with the same situation; ``names`` are the first ones."""

    level: Level
    glyph: Glyph
    situation: str
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SelectionSummary:
    """At least one machine.

    Attributes:
        one: the row of a single machine; None for several.
        assessed: machines with an assessment.
        counted: machines whose updates are counted, with or without a list.
        offered: counted machines with available updates; for a single machine, even if its assessment is too old.
        restarting: machines that wait for a restart, or whose updates restart or may restart.
        permitted: permitted operations by kind.
        updates: updates of the offered machines; ``critical``, ``security`` and ``other`` are of counted machines.
    """

    ids: tuple[int, ...]
    one: MachineRow | None
    permitted: Mapping[OperationKind, PermittedActions]
    level: Level
    assessed: int
    counted: int
    offered: int
    restarting: int
    updates: int
    critical: int
    security: int
    other: int
    last_run: datetime | None
    last_installed: str
    """The updates that the newest run of a single machine installed; empty if it isn't known, or for several machines."""
    resource_groups: tuple[str, ...]
    platforms: tuple[tuple[str | None, str | None, str | None], ...]
    status_groups: tuple[StatusGroup, ...]
    """By level, highest first."""

    @property
    def machine(self) -> Machine | None:
        """The single machine; None for several."""
        return machine_columns.machine_of(self.one) if self.one is not None else None


def read_selection(db: sqlite3.Connection, machine_ids: Sequence[int]) -> SelectionSummary | None:
    """Read the selection; None if none of the machines exists."""
    one = machines.read_row(db, machine_ids[0]) if len(machine_ids) == 1 else None
    rows = [one] if one is not None else machines.read_summaries(db, machine_ids)
    installed = installations.last_installed(db, one.id) if one is not None else []
    return _sum_up(rows, one, _installed_text(installed)) if rows else None


def _installed_text(updates: Sequence[RunUpdateRow]) -> str:
    """The KB of a single update; several are counted, and definitions only if there is nothing else."""
    others = [
        u
        for u in updates
        if Classification.parse(u.classification) is not Classification.DEFINITION
    ]
    if not others:
        return tr("definitions") if updates else ""
    if len(others) == 1:
        return others[0].kb or tr("%n update(s)", 1)
    return tr("%n update(s)", len(others))


class AvoidedRestarts(NamedTuple):
    """Restarts that hotpatches avoided, and the days of which they are known; None if nothing is."""

    restarts: int
    known: KnownSpan | None

    def note(self, year_ago: date) -> str:
        """The days that are counted."""
        if self.known is None:
            return tr("not known")
        if self.known.since <= year_ago and not self.known.has_gaps:
            return tr("in 12 months")
        day = day_name(self.known.since)
        return (
            tr("at least, since {day}", day=day)
            if self.known.has_gaps
            else tr("since {day}", day=day)
        )


def read_avoided(
    db: sqlite3.Connection, machine_ids: Sequence[int], since: datetime, now: datetime
) -> AvoidedRestarts:
    """Each installed hotpatch avoided a restart."""
    synced = daily_states.sync_days(db)
    own = connections.of_machines(db, machine_ids)
    known = known_span((synced.get(c, ()) for c in own), since.date(), now.date())
    count = installations.installed(db, machine_ids, ReleaseKind.HOTPATCH, since)
    return AvoidedRestarts(count, known)


def _sum_up(
    rows: Sequence[MachineRow | MachineSummaryRow], one: MachineRow | None, last_installed: str
) -> SelectionSummary:
    assessed = [r for r in rows if r.assessed_at]
    counted = [r for r in assessed if is_counted(r)]
    offered = [r for r in (assessed if one is not None else counted) if r.updates]
    return SelectionSummary(
        ids=tuple(r.id for r in rows),
        one=one,
        permitted={kind: permitted_actions(rows, kind) for kind in OperationKind},
        level=max(map(level_of, rows)),
        assessed=len(assessed),
        counted=len(counted),
        offered=len(offered),
        restarting=sum(
            bool(r.updates_restarting or r.updates_may_restart or r.restart_pending) for r in rows
        ),
        updates=sum(r.updates for r in offered),
        critical=sum(r.critical for r in counted),
        security=sum(r.security for r in counted),
        other=sum(r.updates - r.important for r in counted),
        last_run=from_text(max((r.last_run_at for r in rows if r.last_run_at), default=None)),
        last_installed=last_installed,
        resource_groups=tuple(sorted({r.resource_group for r in rows})),
        platforms=tuple(dict.fromkeys((r.sku, r.os_name, r.os_version) for r in rows)),
        status_groups=_status_groups(rows),
    )


def _group_text(row: MachineRow | MachineSummaryRow) -> str:
    """The situation; of available updates, whether a monthly one is among them."""
    if row.situation != Situation.BEHIND or row.level == Level.ERROR:
        return situation_text(row)
    return (
        tr("Monthly update available")
        if row.level == Level.WARNING
        else tr("Other updates available")
    )


def _status_groups(rows: Sequence[MachineRow | MachineSummaryRow]) -> tuple[StatusGroup, ...]:
    groups: dict[tuple[int, str], list[MachineRow | MachineSummaryRow]] = {}
    for row in rows:
        groups.setdefault((row.level, _group_text(row)), []).append(row)
    return tuple(
        StatusGroup(
            level_of(alike[0]),
            machine_glyph(alike[0]),
            group_text,
            len(alike),
            tuple(row.display_name for row in alike[:MAX_NAMES]),
        )
        for (_, group_text), alike in sorted(groups.items(), reverse=True)
    )
