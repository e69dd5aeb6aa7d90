"""Maintenance configurations and the machines that follow them."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.machines import PatchMode
from hotpatch_gui.domain.schedules import (
    NO_SCHEDULES,
    AssignmentKind,
    FollowedSchedule,
    MachineSchedules,
    Schedule,
    Scope,
    ScopeTarget,
    matches,
)

from . import additional_lists
from .machine_columns import tags_of
from .sql import IN_JSON, as_list, quoted
from .timestamps import to_text

CERTAIN = quoted((AssignmentKind.DIRECT.value, AssignmentKind.DYNAMIC.value))
"""The kinds of certain assignments, as a list in SQL."""
_FIELDS = Schedule._fields
_RESOURCE_TYPES = {
    "vm": "microsoft.compute/virtualmachines",
    "arc": "microsoft.hybridcompute/machines",
}


class Assignments(NamedTuple):
    """Assignments of schedules.

    Attributes:
        direct: (assignment ID, machine ID, schedule ID), the last two in lower case.
        scopes: dynamic ones.
    """

    direct: list[tuple[str, str, str]]
    scopes: list[Scope]


def save(
    db: sqlite3.Connection,
    connection_id: int,
    schedules: Mapping[str, Schedule | None],
    assigned: Assignments,
    now: datetime,
) -> None:
    """Replace the schedules of the connection's machines.

    ``schedules`` are by lower-case ID, None for one that doesn't patch guests. Assigned ones that are missing couldn't be
    read. Machines that followed a schedule before keep the time since when this is known.
    """
    known = {i: s for i, s in schedules.items() if s is not None}
    others = schedules.keys() - known
    direct = [a for a in assigned.direct if a[2] not in others]
    scopes = [s for s in assigned.scopes if s.schedule_id not in others]
    assigned_ids = {i for _, _, i in direct} | {s.schedule_id for s in scopes}
    unread = {
        i: Schedule(i.rsplit("/", 1)[-1], "", None, None, "") for i in assigned_ids - set(known)
    }
    _keep_windows(db, connection_id, known, now)
    mine = "machine_id IN (SELECT id FROM machines WHERE connection_id=?)"
    followed = db.execute(
        f"SELECT known_since, machine_id, schedule_id FROM machine_schedules WHERE {mine} AND assignment IN {CERTAIN}",
        (connection_id,),
    ).fetchall()
    db.execute(f"DELETE FROM machine_schedules WHERE {mine}", (connection_id,))
    db.execute(
        "DELETE FROM schedules WHERE connection_id=? AND id NOT IN (SELECT schedule_id FROM machine_schedules)",
        (connection_id,),
    )
    columns = ("id", "connection_id", *_FIELDS)
    insert = f"INSERT INTO schedules ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) ON CONFLICT (id) DO "
    rows = {i: (i, connection_id, *_values(s)) for i, s in (known | unread).items()}
    sets = ", ".join(f"{c}=excluded.{c}" for c in columns[1:])
    db.executemany(f"{insert} UPDATE SET {sets}", [rows[i] for i in known])
    db.executemany(f"{insert} NOTHING", [rows[i] for i in unread])  # another connection may read it
    _save_assignments(db, connection_id, direct, scopes)
    _follow(db, [(m, i, AssignmentKind.DIRECT, "") for _, m, i in direct if i in known])
    machines = [target for *_, target in scope_targets(db, connection_id)] if scopes else []
    found = [f for s in scopes if s.schedule_id in known for f in _found(machines, s)]
    _follow(
        db, sorted(found, key=lambda f: f[2] is AssignmentKind.PERHAPS)
    )  # certain assignments take precedence
    _follow(db, [(m, i, AssignmentKind.UNREAD, "") for _, m, i in direct if i in unread])
    for scope in scopes:
        if scope.schedule_id in unread:
            perhaps = _found(machines, scope)
            _follow(db, [(m, i, AssignmentKind.UNREAD, name) for m, i, _, name in perhaps])
    where = f"machine_id=? AND schedule_id=? AND assignment IN {CERTAIN}"
    db.executemany(f"UPDATE machine_schedules SET known_since=? WHERE {where}", followed)
    db.execute(
        f"UPDATE machine_schedules SET known_since=? WHERE known_since IS NULL AND assignment IN {CERTAIN} AND {mine}",
        (to_text(now), connection_id),
    )


def _keep_windows(
    db: sqlite3.Connection, connection_id: int, known: Mapping[str, Schedule], now: datetime
) -> None:
    """Keep the windows that schedules had until now, because their runs are found by them."""
    rows = db.execute(
        "SELECT id, starts, minutes, time_zone, recurs FROM schedules WHERE connection_id=? AND starts<>''",
        (connection_id,),
    ).fetchall()
    changed = [
        (row["id"], to_text(now), *tuple(row)[1:])
        for row in rows
        if row["id"] in known and _window_of(known[row["id"]]) != tuple(row)[1:]
    ]
    db.executemany("INSERT OR REPLACE INTO earlier_schedules VALUES (?, ?, ?, ?, ?, ?)", changed)


def _window_of(schedule: Schedule) -> tuple[object, ...]:
    return schedule.starts, schedule.minutes, schedule.time_zone, schedule.recurs


def _save_assignments(
    db: sqlite3.Connection,
    connection_id: int,
    direct: Iterable[tuple[str, str, str]],
    scopes: Iterable[Scope],
) -> None:
    db.execute("DELETE FROM schedule_assignments WHERE connection_id=?", (connection_id,))
    rows: list[tuple[object, ...]] = [
        (i, connection_id, schedule, machine, None) for i, machine, schedule in direct
    ]
    rows += [(s.azure_id, connection_id, s.schedule_id, None, json.dumps(s)) for s in scopes]
    db.executemany("INSERT OR REPLACE INTO schedule_assignments VALUES (?, ?, ?, ?, ?)", rows)


def stored(
    db: sqlite3.Connection, connection_id: int
) -> tuple[dict[str, Schedule | None], Assignments]:
    """The connection's schedules and assignments as ``save`` takes them."""
    rows = db.execute(
        "SELECT * FROM schedules WHERE connection_id=? AND starts<>''", (connection_id,)
    )
    found = Assignments([], [])
    for row in db.execute(
        "SELECT id, schedule_id, machine, scope FROM schedule_assignments WHERE connection_id=?",
        (connection_id,),
    ):
        if row["machine"] is not None:
            found.direct.append((row["id"], row["machine"], row["schedule_id"]))
        else:
            found.scopes.append(scope_of(row["scope"]))
    return {row["id"]: schedule_of(row) for row in rows}, found


def scope_of(text: str) -> Scope:
    """A stored dynamic scope."""
    fields = [tuple(v) if isinstance(v, list) else v for v in json.loads(text)]
    found = Scope._make(fields)
    return found._replace(tags=tuple((name, tuple(of)) for name, of in found.tags))


def scopes_of(db: sqlite3.Connection, schedule_id: str) -> list[Scope]:
    """The dynamic scopes of a schedule, by name."""
    rows = db.execute(
        "SELECT scope FROM schedule_assignments WHERE schedule_id=? AND scope IS NOT NULL",
        (schedule_id,),
    )
    return sorted((scope_of(row[0]) for row in rows), key=lambda s: s.name.casefold())


def assignments_of(
    db: sqlite3.Connection, schedule_id: str, machine_ids: Sequence[int] | None = None
) -> list[tuple[str, str, bool]]:
    """(assignment ID, machine's or scope's name, whether it is a scope) of a schedule, or its direct ones of these machines."""
    rows = db.execute(
        "SELECT a.id, coalesce(m.name, json_extract(a.scope, '$[0]'), a.machine), a.scope IS NOT NULL, m.id"
        " FROM schedule_assignments a LEFT JOIN machines m ON m.resource_id=a.machine WHERE a.schedule_id=? ORDER BY 2",
        (schedule_id,),
    )
    wanted = None if machine_ids is None else frozenset(machine_ids)
    return [(r[0], r[1], bool(r[2])) for r in rows if wanted is None or r[3] in wanted]


def assigned_to_others(db: sqlite3.Connection, schedule_id: str) -> frozenset[str]:
    """The lower-case IDs of assignments and dynamic scopes of other schedules than this one."""
    rows = db.execute(
        "SELECT id FROM schedule_assignments WHERE schedule_id<>?", (schedule_id.lower(),)
    )
    return frozenset(row[0].lower() for row in rows)


def targets(db: sqlite3.Connection, machine_ids: Iterable[int]) -> list[tuple[str, str, str]]:
    """(resource ID as Azure spells it, name, region) of machines."""
    rows = db.execute(
        f"SELECT azure_id, name, location FROM machines WHERE id IN {IN_JSON} AND deleted_at IS NULL ORDER BY name",
        (as_list(machine_ids),),
    )
    return [tuple(row) for row in rows]


def _follow(db: sqlite3.Connection, found: Iterable[tuple[str, str, AssignmentKind, str]]) -> None:
    """(lower-case resource ID, schedule ID, kind, scope's name); direct assignments take precedence."""
    db.executemany(
        "INSERT INTO machine_schedules SELECT id, ?, ?, ?, NULL FROM machines WHERE resource_id=?"
        " ON CONFLICT DO NOTHING",
        [(i, kind, scope, machine) for machine, i, kind, scope in found],
    )


UNPREPARED = (
    f"m.kind='vm' AND m.patch_mode IS NOT NULL AND (m.patch_mode<>'{PatchMode.AUTOMATIC_BY_PLATFORM}'"
    " OR coalesce(m.bypass_safety_checks, 0)=0)"
)
"""Virtual machines on which Azure runs no schedule.

Source: learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching.
"""


def scope_targets(
    db: sqlite3.Connection, connection_id: int
) -> Iterator[tuple[str, bool, bool, ScopeTarget]]:
    """(name, whether its settings prevent schedules, whether hotpatch is on, as a dynamic scope's filter sees it) of a connection's
    machines."""
    rows = db.execute(
        f"SELECT name, coalesce({UNPREPARED}, 0) AS unprepared, coalesce(hotpatch_enabled, 0) AS hotpatched,"
        " resource_id, kind, resource_group, location, tag_pairs"
        " FROM machines m WHERE deleted_at IS NULL AND connection_id=?",
        (connection_id,),
    )
    for row in rows:
        yield (
            row["name"],
            bool(row["unprepared"]),
            bool(row["hotpatched"]),
            ScopeTarget(
                row["resource_id"],
                _RESOURCE_TYPES.get(row["kind"], ""),
                row["resource_group"],
                row["location"],
                _tags(row["tag_pairs"]),
            ),
        )


def _found(
    machines: Iterable[ScopeTarget], scope: Scope
) -> Iterator[tuple[str, str, AssignmentKind, str]]:
    """(machine's resource ID, schedule ID, kind, scope's name) of the machines in a scope."""
    for target in machines:
        fits = matches(scope, target)
        if fits is not False:
            kind = AssignmentKind.DYNAMIC if fits else AssignmentKind.PERHAPS
            yield target.resource_id, scope.schedule_id, kind, scope.name


def _tags(pairs: str | None) -> Mapping[str, str] | None:
    """The tags; None if unknown."""
    return None if pairs is None else tags_of(pairs)


def _values(s: Schedule) -> tuple[object, ...]:
    lists = {f: " ".join(getattr(s, f)) for f in ("classifications", "include", "exclude")}
    return tuple((s._asdict() | lists).values())


def schedule_of(row: sqlite3.Row) -> Schedule:
    """The schedule of a row of ``schedules``."""
    values = {field: row[field] for field in _FIELDS}
    for field in ("classifications", "include", "exclude"):
        values[field] = tuple(values[field].split())
    restarting = values["exclude_restarting"]
    return Schedule(
        **(values | {"exclude_restarting": None if restarting is None else bool(restarting)})
    )


def of_machines(
    db: sqlite3.Connection, machine_ids: Iterable[int] | None = None
) -> dict[int, MachineSchedules]:
    """Schedules by machine, of these machines or all.

    Machines of a connection whose lists couldn't be read are always included, with the reason; others without schedules are
    missing.
    """
    where = "" if machine_ids is None else f" WHERE f.machine_id IN {IN_JSON}"
    rows = db.execute(
        "SELECT f.machine_id, f.assignment, f.scope, s.* FROM machine_schedules f"
        f" JOIN schedules s ON s.id=f.schedule_id{where} ORDER BY s.name",
        () if machine_ids is None else (as_list(machine_ids),),
    ).fetchall()
    found: dict[int, list[FollowedSchedule]] = defaultdict(list)
    known: dict[str, Schedule] = {}
    for row in rows:
        schedule = known.get(row["id"]) or known.setdefault(row["id"], schedule_of(row))
        kind = next(
            (h for h in AssignmentKind if h.value == row["assignment"]), AssignmentKind.PERHAPS
        )
        found[row["machine_id"]].append(FollowedSchedule(schedule, kind, row["scope"]))
    unread = additional_lists.unread(db, ("schedules", "assignments"))
    places = {} if not unread else _connections(db)
    ids = set(found) | {m for m, c in places.items() if c in unread}
    return {
        i: MachineSchedules(tuple(found.get(i, ())), unread.get(places.get(i, 0), "")) for i in ids
    }


def _connections(db: sqlite3.Connection) -> dict[int, int]:
    rows = db.execute("SELECT id, connection_id FROM machines WHERE deleted_at IS NULL")
    return {row[0]: row[1] for row in rows}


def of_machine(db: sqlite3.Connection, machine_id: int) -> MachineSchedules:
    """The schedules that a machine follows, directly or by a dynamic scope; ``NO_SCHEDULES`` without any."""
    return of_machines(db, [machine_id]).get(machine_id, NO_SCHEDULES)
