"""The result of each connection's last sync."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from hotpatch_gui.domain.sync_state import SyncState
from hotpatch_gui.translation import translator

from .timestamps import from_text, to_text

if TYPE_CHECKING:
    from hotpatch_gui.domain.problems import Problem

tr = translator("SyncStateStore")

MAX_NAMES = 2
"""How many subscriptions the header names; more are counted."""


def sync_started(db: sqlite3.Connection, connection_id: int, now: datetime) -> None:
    """Record the start of a sync; the end of the last one stays until this one ends."""
    db.execute(
        "INSERT INTO sync_state (scope, started_at) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET started_at=excluded.started_at",
        (str(connection_id), to_text(now)),
    )


def forget_problem(db: sqlite3.Connection, connection_id: int) -> None:
    """Clear the problem, because it doesn't apply anymore."""
    db.execute(
        "UPDATE sync_state SET problem='', next_step='', problem_kind='' WHERE scope=?",
        (str(connection_id),),
    )


def sync_ended(
    db: sqlite3.Connection,
    connection_id: int,
    now: datetime,
    problem: Problem | None,
    unreadable: int = 0,
) -> None:
    """Record the end of a sync; a failed one keeps the time of the last successful one."""
    scope = str(connection_id)
    values = (
        (problem.sentence, problem.next_step, problem.kind.value)
        if problem is not None
        else ("", "", "")
    )
    db.execute("INSERT INTO sync_state (scope) VALUES (?) ON CONFLICT DO NOTHING", (scope,))
    db.execute(
        "UPDATE sync_state SET finished_at=CASE WHEN ?='' THEN ? ELSE finished_at END, unreadable=?,"
        " problem=?, next_step=?, problem_kind=? WHERE scope=?",
        (values[0], to_text(now), unreadable, *values, scope),
    )


class SyncTimes(NamedTuple):
    """When a connection's last successful full sync started, and its last successful sync of any kind."""

    full_sync_at: datetime | None
    changes_from: datetime | None

    def changes_since(self, now: datetime, full_sync_every: timedelta) -> datetime | None:
        """Since when changes must be read.

        Returns:
            None if everything must be read: nothing is known, the last full sync was ``full_sync_every`` ago or earlier,
            or the clock went back.
        """
        if self.full_sync_at is None or self.changes_from is None:
            return None
        if now - self.full_sync_at >= full_sync_every or now < self.full_sync_at:
            return None
        return min(self.changes_from, now) - OVERLAP


OVERLAP = timedelta(hours=1)
"""Changes from this long before the last sync are read again, because Resource Graph lags."""


def last_reads(db: sqlite3.Connection, connection_id: int) -> SyncTimes:
    """The times of the connection's last syncs."""
    row = db.execute(
        "SELECT full_sync_at, changes_from FROM sync_state WHERE scope=?", (str(connection_id),)
    ).fetchone()
    return (
        SyncTimes(from_text(row[0]), from_text(row[1]))
        if row is not None
        else SyncTimes(None, None)
    )


def record_read(db: sqlite3.Connection, connection_id: int, begun: datetime, *, full: bool) -> None:
    """Record that a sync that started at ``begun`` read the changes, or everything if ``full``."""
    db.execute(
        "UPDATE sync_state SET changes_from=?1, full_sync_at=CASE WHEN ?2 THEN ?1 ELSE full_sync_at END WHERE scope=?3",
        (to_text(begun), full, str(connection_id)),
    )


def require_full_sync(db: sqlite3.Connection, connection_id: int) -> None:
    """Make the next sync read everything, because the connection has other machines now."""
    db.execute("UPDATE sync_state SET full_sync_at=NULL WHERE scope=?", (str(connection_id),))


def sync_states(db: sqlite3.Connection) -> list[SyncState]:
    """The state of each connection, oldest connection first."""
    rows = db.execute(
        "SELECT c.id, c.name, c.account, s.started_at, s.finished_at, s.problem, s.next_step, s.problem_kind,"
        " s.unreadable FROM connections c LEFT JOIN sync_state s ON s.scope=CAST(c.id AS TEXT)"
        " WHERE c.removed_at IS NULL ORDER BY c.id"
    )
    return [
        SyncState(
            row[0],
            row[1],
            row[2],
            from_text(row[3]),
            from_text(row[4]),
            row[5] or "",
            row[6] or "",
            row[7] or "",
            row[8] or 0,
        )
        for row in rows
    ]


def sync_state(db: sqlite3.Connection) -> SyncState:
    """The combined state of all connections.

    The first problem, with its connection's name if there are several connections, and the earliest of the times at which they
    were last synced.
    """
    states = sync_states(db)
    if len(states) < 2:
        return states[0] if states else SyncState()
    bad = next((s for s in states if s.problem), None)
    ends = [s.finished for s in states]
    known = [e for e in ends if e is not None]
    return SyncState(
        bad.connection_id if bad else 0,
        started=max((s.started for s in states if s.started), default=None),
        finished=min(known) if len(known) == len(ends) else None,
        problem=f"{bad.name}: {bad.problem}" if bad else "",
        next_step=bad.next_step if bad else "",
        problem_kind=bad.problem_kind if bad else "",
        unreadable=sum(s.unreadable for s in states),
    )


def connection_names(db: sqlite3.Connection) -> list[str]:
    """Each connection with the number of its subscriptions, or their names if it is the only one and they are few."""
    rows = db.execute(
        "SELECT c.name, count(s.id), group_concat(s.name, ', ') FROM connections c LEFT JOIN"
        " (SELECT * FROM subscriptions WHERE selected=1 ORDER BY name) s ON s.connection_id=c.id"
        " WHERE c.removed_at IS NULL GROUP BY c.id ORDER BY c.id"
    ).fetchall()
    is_one = len(rows) == 1
    return [
        f"{name} / {some if is_one and count <= MAX_NAMES else _many(count)}" if count else name
        for name, count, some in rows
    ]


def _many(count: int) -> str:
    return tr("%n subscription(s)", count)


def latest_time(db: sqlite3.Connection) -> datetime | None:
    """The latest time at which anything was read: the best estimate of a cloud's clock before it answers; None if nothing was."""
    row = db.execute(
        "SELECT max(t) FROM (SELECT max(fetched_at) AS t FROM machines UNION ALL"
        " SELECT started_at FROM sync_state UNION ALL SELECT max(created_at) FROM operations)"
    ).fetchone()
    return from_text(row[0])
