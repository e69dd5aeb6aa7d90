"""Schedules with their machines and runs, for the Schedules page."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.schedules import AssignmentKind, Schedule

from .run_sql import GOOD_RUNS
from .schedules import CERTAIN, UNPREPARED, schedule_of
from .sql import as_list, quoted
from .tables import DISPLAY_NAME
from .timestamps import to_text

MAX_NAMES = 5
"""Machines that are named in a sentence."""


class ScheduleRow(NamedTuple):
    """A maintenance configuration with its machines. ``changes_allowed``: changes are allowed for its connection.

    Attributes:
        grants: the account's permissions on its resource group as JSON; None if not known.
        by_assignment: machines by the kind of their assignment.
        unprepared: machines that certainly follow it, but whose settings prevent it, and some of their names.
        stopped: machines that certainly follow it and aren't running.
        earlier: earlier windows, each with the time until which it applied, oldest first.
    """

    resource_id: str
    connection_id: int
    connection: str
    changes_allowed: bool
    grants: str | None
    schedule: Schedule
    by_assignment: dict[AssignmentKind, int]
    products: tuple[Product, ...]
    unprepared: int
    unprepared_names: tuple[str, ...]
    stopped: int
    earlier: tuple[tuple[datetime, Schedule], ...]

    @property
    def group(self) -> str:
        """The schedule's resource group, in lower case."""
        parts = self.resource_id.split("/")
        return parts[4] if len(parts) > 4 else ""

    @property
    def machines(self) -> int:
        """Machines that certainly follow it."""
        return self.by_assignment.get(AssignmentKind.DIRECT, 0) + self.by_assignment.get(
            AssignmentKind.DYNAMIC, 0
        )


class ScheduleRun(NamedTuple):
    """One run on several machines: Azure gives their installations the same maintenance run ID.

    Attributes:
        schedule: the schedule's resource ID, in lower case.
        installed: updates, like ``failed`` and ``pending``.
    """

    schedule: str
    run: str
    started_at: str
    modified_at: str | None
    machines: int
    good: int
    bad: int
    running: int
    installed: int
    failed: int
    pending: int


class ScheduleMachine(NamedTuple):
    """A machine that follows a schedule, with its last run of the schedule. ``is_unprepared``: its settings prevent it."""

    id: int
    name: str
    resource_group: str
    power: str
    assignment: str
    scope: str
    is_unprepared: int
    run_at: str | None
    status: str | None


_DOWN = quoted(
    p.value
    for p in (
        PowerState.STOPPED,
        PowerState.STOPPING,
        PowerState.DEALLOCATED,
        PowerState.DEALLOCATING,
        PowerState.DISCONNECTED,
    )
)
_FOLLOWERS = f"""
SELECT f.schedule_id, f.assignment, count(*), group_concat(DISTINCT m.product),
    sum({UNPREPARED}), group_concat(CASE WHEN {UNPREPARED} THEN m.name END, char(10)), sum(m.power IN {_DOWN})
FROM machine_schedules f JOIN machines m ON m.id=f.machine_id
WHERE m.deleted_at IS NULL GROUP BY 1, 2
"""


def read_all(db: sqlite3.Connection) -> list[ScheduleRow]:
    """All schedules by name, with the machines assigned to them."""
    followers: dict[str, list[tuple[AssignmentKind, int, str, int, str, int]]] = defaultdict(list)
    for schedule_id, kind, count, products, unprepared, names, stopped in db.execute(_FOLLOWERS):
        found = (
            AssignmentKind(kind),
            count,
            products or "",
            unprepared or 0,
            names or "",
            stopped or 0,
        )
        followers[schedule_id].append(found)
    rows = db.execute(
        "SELECT s.*, c.name AS connection, c.changes_allowed, g.grants FROM schedules s"
        " JOIN connections c ON c.id=s.connection_id LEFT JOIN permissions g ON g.connection_id=s.connection_id"
        " AND g.scope=substr(s.id, 1, instr(s.id, '/providers/') - 1)"
        " WHERE c.removed_at IS NULL ORDER BY s.name COLLATE NOCASE, s.id"
    )
    earlier: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in db.execute("SELECT * FROM earlier_schedules ORDER BY until"):
        earlier[row["schedule_id"]].append(row)
    return [_row(row, followers.get(row["id"], []), earlier.get(row["id"], ())) for row in rows]


def _row(
    row: sqlite3.Row,
    groups: list[tuple[AssignmentKind, int, str, int, str, int]],
    earlier: Iterable[sqlite3.Row],
) -> ScheduleRow:
    schedule = schedule_of(row)
    certain = [g for g in groups if g[0] in (AssignmentKind.DIRECT, AssignmentKind.DYNAMIC)]
    known = {p.value: p for p in Product}
    products = {known[name] for g in groups for name in g[2].split(",") if name in known}
    names = sorted(name for g in certain for name in g[4].split("\n") if name)
    return ScheduleRow(
        row["id"],
        row["connection_id"],
        row["connection"],
        bool(row["changes_allowed"]),
        row["grants"],
        schedule,
        {kind: count for kind, count, *_ in groups},
        tuple(sorted(products)),
        sum(g[3] for g in certain),
        tuple(names),
        sum(g[5] for g in certain),
        tuple(
            (
                datetime.fromisoformat(e["until"]),
                schedule._replace(
                    starts=e["starts"],
                    minutes=e["minutes"],
                    time_zone=e["time_zone"],
                    recurs=e["recurs"],
                ),
            )
            for e in earlier
        ),
    )


def resource_groups(db: sqlite3.Connection) -> list[tuple[int, str, str, str, str]]:
    """(connection ID, connection, subscription ID, subscription, resource group) where changes are allowed, by name."""
    rows = db.execute(
        "SELECT DISTINCT c.id, c.name, m.subscription_id, coalesce(s.name, m.subscription_id), m.resource_group"
        " FROM machines m JOIN connections c ON c.id=m.connection_id"
        " LEFT JOIN subscriptions s ON s.id=m.subscription_id AND s.connection_id=c.id"
        " WHERE m.deleted_at IS NULL AND c.removed_at IS NULL AND c.changes_allowed=1 ORDER BY 5, 4, 1"
    )
    return [tuple(row) for row in rows]


def subscription_names(db: sqlite3.Connection) -> dict[str, str]:
    """Display names by subscription ID, for subscriptions that a connection can read."""
    return dict(tuple(row) for row in db.execute("SELECT id, name FROM subscriptions"))


def locations(db: sqlite3.Connection) -> dict[int, list[str]]:
    """The regions of a connection's machines."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = db.execute(
        "SELECT DISTINCT connection_id, location FROM machines WHERE deleted_at IS NULL AND location<>'' ORDER BY 2"
    )
    for connection_id, location in rows:
        found[connection_id].append(location)
    return found


def not_following(db: sqlite3.Connection, connection_id: int, schedule_id: str) -> list[int]:
    """Row IDs of a connection's machines that aren't directly assigned to the schedule, by name."""
    rows = db.execute(
        "SELECT m.id FROM machines m WHERE m.connection_id=? AND m.deleted_at IS NULL AND m.resource_id NOT IN"
        " (SELECT machine FROM schedule_assignments WHERE schedule_id=? AND machine IS NOT NULL)"
        " ORDER BY m.name COLLATE NOCASE, m.id",
        (connection_id, schedule_id),
    )
    return [row[0] for row in rows]


def shared(db: sqlite3.Connection) -> list[tuple[str, str, int]]:
    """(resource ID, resource ID, machines) of each pair of schedules that certainly have machines in common."""
    return [
        tuple(row)
        for row in db.execute(
            "SELECT f.schedule_id, g.schedule_id, count(*) FROM machine_schedules f JOIN machine_schedules g"
            " ON g.machine_id=f.machine_id AND g.schedule_id>f.schedule_id"
            " JOIN machines m ON m.id=f.machine_id WHERE m.deleted_at IS NULL"
            f" AND f.assignment IN {CERTAIN} AND g.assignment IN {CERTAIN} GROUP BY 1, 2"
        )
    ]


_RUNS = f"""
WITH sizes AS (
    SELECT maintenance_run_id AS run, count(DISTINCT machine_id) AS machines FROM installations
    WHERE started_at>=:since AND maintenance_run_id<>'' GROUP BY 1)
SELECT f.schedule_id, i.maintenance_run_id, min(i.started_at) AS started, max(i.modified_at), count(DISTINCT i.machine_id),
    sum(i.status IN {GOOD_RUNS}), sum(i.status='Failed'), sum(i.status='InProgress'),
    coalesce(sum(i.installed), 0), coalesce(sum(i.failed), 0), coalesce(sum(i.pending), 0)
FROM machine_schedules f
JOIN installations i ON i.machine_id=f.machine_id AND i.started_at>=:since
JOIN sizes z ON z.run=i.maintenance_run_id
GROUP BY 1, 2 HAVING count(DISTINCT i.machine_id)=max(z.machines) ORDER BY started DESC
"""


def runs(db: sqlite3.Connection, since: datetime) -> list[ScheduleRun]:
    """Runs since a time whose machines all follow a schedule, newest first.

    Azure doesn't report a run's schedule. A run with other machines, such as one of automatic guest patching, isn't the
    schedule's. Nor is one that didn't start in one of its windows, which the caller checks.
    """
    return [ScheduleRun(*row) for row in db.execute(_RUNS, {"since": to_text(since)})]


_IDLE = f"""
SELECT m.name FROM machine_schedules f JOIN machines m ON m.id=f.machine_id JOIN sync_state y ON y.scope=m.connection_id
WHERE f.schedule_id=:schedule AND f.assignment IN {CERTAIN} AND f.known_since<:opens AND m.deleted_at IS NULL
    AND m.update_missing=1 AND m.missing_since<date(:opens) AND y.finished_at>:until AND m.lists_read=1
    AND NOT EXISTS (SELECT 1 FROM installations i WHERE i.machine_id=m.id AND i.started_at>=:opens AND i.started_at<:until)
ORDER BY m.name COLLATE NOCASE
"""


def idle_machines(
    db: sqlite3.Connection, schedule_id: str, opens: datetime, until: datetime
) -> list[str]:
    """Names of machines that installed nothing in a past window that they followed, although an update is missing.

    ``until`` is the latest time at which an installation of this window can have started. Machines that weren't read since then
    are left out.
    """
    values = {"schedule": schedule_id, "opens": to_text(opens), "until": to_text(until)}
    return [row[0] for row in db.execute(_IDLE, values)]


_LAST = """(SELECT i.{column} FROM installations i WHERE i.machine_id=m.id AND i.maintenance_run_id IN (SELECT value FROM
    json_each(:runs)) ORDER BY i.started_at DESC LIMIT 1)"""


def machines_of(
    db: sqlite3.Connection, schedule_id: str, runs: Sequence[str]
) -> list[ScheduleMachine]:
    """The machines that follow a schedule, unprepared ones first, with their last of its ``runs``."""
    rows = db.execute(
        f"SELECT m.id, {DISPLAY_NAME}, m.resource_group, m.power, f.assignment, f.scope, coalesce({UNPREPARED}, 0) AS unprepared,"
        f" {_LAST.format(column='started_at')}, {_LAST.format(column='status')}"
        " FROM machine_schedules f JOIN machines m ON m.id=f.machine_id"
        " WHERE f.schedule_id=:schedule AND m.deleted_at IS NULL ORDER BY unprepared DESC, m.name COLLATE NOCASE, m.id",
        {"schedule": schedule_id, "runs": as_list(runs)},
    )
    return [ScheduleMachine(*row) for row in rows]
