"""Machines to assign to a schedule, and those that a dynamic scope would include."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from hotpatch_gui.domain.phrases import listed_some
from hotpatch_gui.domain.schedules import Scope, matches
from hotpatch_gui.domain.settings import Orchestration, SettingsChange
from hotpatch_gui.store import machine_columns, machines, schedule_rows, schedules
from hotpatch_gui.translation import translator

from . import display_text
from .checked import CheckedRow

tr = translator("ScheduleTargets")

MAX_NAMES = 5


class AssignableMachines(NamedTuple):
    """The machines of a connection that don't certainly follow a schedule yet.

    Attributes:
        unprepared: row IDs of those whose settings keep Azure from running a schedule.
        hotpatched: row IDs of those on which hotpatch is on, which the preparation turns off.
    """

    rows: tuple[CheckedRow, ...]
    unprepared: frozenset[int]
    hotpatched: frozenset[int]


def read_candidates(
    db: sqlite3.Connection, connection_id: int, schedule_id: str
) -> AssignableMachines:
    """Read the machines of a connection, by name."""
    ids = schedule_rows.not_following(db, connection_id, schedule_id)
    found = machines.read_rows(db, ids)
    rows, unprepared, hotpatched = [], set(), set()
    for row in found:
        machine = machine_columns.machine_of(row)
        is_ready = machine.arc is not None or (
            Orchestration.of(machine.settings) is Orchestration.CUSTOMER_SCHEDULES
        )
        if not is_ready:
            unprepared.add(row.id)
            if machine.settings.hotpatch_enabled:
                hotpatched.add(row.id)
        remark = tr("Ready") if is_ready else tr("Not Customer Managed Schedules")
        cells = (
            row.display_name,
            row.resource_group,
            display_text.hotpatch_text(row.hotpatch_status),
            remark,
        )
        rows.append(CheckedRow(row.id, cells))
    return AssignableMachines(tuple(rows), frozenset(unprepared), frozenset(hotpatched))


PREPARATION = SettingsChange(orchestration=Orchestration.CUSTOMER_SCHEDULES)


def preparation(
    candidates: AssignableMachines, machine_ids: list[int]
) -> list[tuple[list[int], SettingsChange]]:
    """Which machines get which settings so that a schedule can run there. Hotpatch excludes that mode."""
    ids = [i for i in machine_ids if i in candidates.unprepared]
    off = [i for i in ids if i in candidates.hotpatched]
    others = [i for i in ids if i not in candidates.hotpatched]
    changes = [(others, PREPARATION), (off, PREPARATION._replace(hotpatch=False))]
    return [(ids, change) for ids, change in changes if ids]


class ScopePreview(NamedTuple):
    """The machines that a dynamic scope includes now, and of how many that isn't known.

    Attributes:
        unprepared: how many of them have settings that prevent schedules.
        hotpatched: how many of these have hotpatch on, which those settings exclude.
    """

    names: tuple[str, ...]
    perhaps: int
    unprepared: int
    hotpatched: int = 0

    @property
    def text(self) -> str:
        """How many, with the first names."""
        more = tr(", perhaps %n more", self.perhaps) if self.perhaps else ""
        if not self.names:
            return tr("No machine matches now{more}.", more=more)
        text = tr(
            "%n machine(s) match now{more}: {named}.",
            len(self.names),
            more=more,
            named=listed_some(self.names, MAX_NAMES),
        )
        if not self.unprepared:
            return text
        waiting = tr(
            "Azure runs no schedule on %n of them until their settings change.", self.unprepared
        )
        if self.hotpatched:
            turned = tr("That turns hotpatch off on %n of them.", self.hotpatched)
            waiting = f"{waiting} {turned}"
        return f"{text} {waiting}"


def preview_scope(db: sqlite3.Connection, connection_id: int, scope: Scope) -> ScopePreview:
    """Compare the filter with all machines of a connection."""
    names, perhaps, unprepared, hotpatched = [], 0, 0, 0
    for name, is_unprepared, is_on, target in schedules.scope_targets(db, connection_id):
        fits = matches(scope, target)
        if fits:
            names.append(name)
            unprepared += is_unprepared
            hotpatched += is_unprepared and is_on
        perhaps += fits is None
    return ScopePreview(tuple(sorted(names, key=str.casefold)), perhaps, unprepared, hotpatched)
