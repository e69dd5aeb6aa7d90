"""Each machine's state by day, and daily counts: what was known on a past day."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from hotpatch_gui.domain.machines import GRAPH_KEEPS_ASSESSMENTS
from hotpatch_gui.domain.records import ASSESSMENTS_KEPT
from hotpatch_gui.domain.situation import DEPEND_ON_ASSESSMENT, Situation

from .sql import as_list, quoted
from .timestamps import to_text

_STATE = "situation, updates, restart_pending, os_version, assessed_at"
_SAME = " AND ".join(f"m.{column} IS s.{column}" for column in _STATE.split(", ")[:-1])
_VALID_DAYS = f"{GRAPH_KEEPS_ASSESSMENTS.days}"
_RECORD = f"""
INSERT INTO machine_states AS kept (machine_id, day, {_STATE})
SELECT m.id, CASE WHEN {_SAME} AND coalesce(julianday(m.assessed_at) - julianday(s.assessed_at), 0) <= {_VALID_DAYS}
        THEN s.day ELSE :day END, m.situation, m.updates, m.restart_pending, m.os_version, m.assessed_at
FROM machines m LEFT JOIN machine_states s ON s.machine_id=m.id
    AND s.day=(SELECT max(day) FROM machine_states WHERE machine_id=m.id AND day<=:day)
WHERE m.id IN (SELECT value FROM json_each(:ids)) AND m.situation<>''
ON CONFLICT (machine_id, day) DO UPDATE SET situation=excluded.situation, updates=excluded.updates,
    restart_pending=excluded.restart_pending, os_version=excluded.os_version, assessed_at=excluded.assessed_at
"""


def record(db: sqlite3.Connection, machine_ids: Sequence[int], now: datetime) -> None:
    """Keep the states that differ from the last kept ones. The last state of a day counts.

    The same state is kept again if an assessment confirms it after more than GRAPH_KEEPS_ASSESSMENTS, because in between the last
    assessment was too old to count. ``assessed_at`` is the last assessment that found the state. Call it inside a transaction.
    """
    db.execute(_RECORD, {"ids": as_list(machine_ids), "day": day_of(now)})


def count_day(db: sqlite3.Connection, connection_id: int, now: datetime) -> None:
    """Count the connection's machines by situation for the day. Call it inside a transaction."""
    day = day_of(now)
    db.execute("DELETE FROM daily_counts WHERE day=? AND connection_id=?", (day, connection_id))
    db.execute(
        "INSERT INTO daily_counts SELECT ?, connection_id, situation, count(*) FROM machines"
        " WHERE connection_id=? AND deleted_at IS NULL GROUP BY 3",
        (day, connection_id),
    )
    # Without machines, an empty row says that the day had a sync.
    db.execute("INSERT OR IGNORE INTO daily_counts VALUES (?, ?, '', 0)", (day, connection_id))


def forget_old(db: sqlite3.Connection, now: datetime) -> None:
    """Delete counts and states older than ASSESSMENTS_KEPT, but keep each machine's last state up to the cutoff day."""
    first = day_of(now - ASSESSMENTS_KEPT)
    db.execute("DELETE FROM daily_counts WHERE day<?", (first,))
    db.execute(
        "DELETE FROM machine_states WHERE day<? AND EXISTS (SELECT 1 FROM machine_states later"
        " WHERE later.machine_id=machine_states.machine_id AND later.day>machine_states.day AND later.day<=?)",
        (first, first),
    )


class SituationCount(NamedTuple):
    """Machines in a situation on a day."""

    day: date
    situation: str
    machines: int


def trend(db: sqlite3.Connection, first: date, last: date) -> list[SituationCount]:
    """Compliance as known on each day with a sync, from ``first`` to ``last``; days without one are missing.

    A connection that wasn't read that day counts as it was last known, until it is removed. If that is longer ago than
    GRAPH_KEEPS_ASSESSMENTS, situations that depend on an assessment count as STALE.
    """
    rows = db.execute(
        "SELECT d.day, d.connection_id, d.situation, d.machines, c.removed_at FROM daily_counts d"
        " JOIN connections c ON c.id=d.connection_id WHERE d.day<=? ORDER BY d.day, d.connection_id",
        (last.isoformat(),),
    )
    known: dict[int, tuple[date, str, list[tuple[str, int]]]] = {}
    found = []
    for text, counts in groupby(rows, key=itemgetter(0)):
        day = date.fromisoformat(text)
        for connection_id, own in groupby(counts, key=itemgetter(1)):
            values = list(own)
            removed = (values[0][4] or "9999-12-31")[:10]
            known[connection_id] = (day, removed, [(v[2], v[3]) for v in values])
        if day >= first:
            total: Counter[str] = Counter()
            for read, removed, situations in known.values():
                if removed > text:
                    is_old = day - read > GRAPH_KEEPS_ASSESSMENTS
                    total.update(_aged(situations) if is_old else dict(situations))
            found += [SituationCount(day, *item) for item in total.items() if item[1]]
    return found


def _aged(situations: Sequence[tuple[str, int]]) -> Counter[str]:
    """Counts after the assessments became too old."""
    aged: Counter[str] = Counter()
    for situation, machines in situations:
        aged[Situation.STALE if situation in DEPEND_ON_ASSESSMENT else situation] += machines
    return aged


class PastState(NamedTuple):
    """A machine's state as known on a past day."""

    machine_id: int
    connection_id: int
    day: date
    situation: str
    updates: int
    restart_pending: bool
    os_version: str | None
    assessed_at: str | None


KNOWN_ON = """machines m CROSS JOIN machine_states s ON s.machine_id=m.id
    AND s.day=(SELECT max(day) FROM machine_states WHERE machine_id=m.id AND day<=:day)
WHERE (m.deleted_at IS NULL OR m.deleted_at>=:end)"""
"""The last known state, at the end of a day, of each machine ``m`` that existed then, as SQL with ``on(day)`` as parameters."""


SITUATION_ON = f"""CASE WHEN s.situation IN {quoted(s.value for s in DEPEND_ON_ASSESSMENT)}
    AND coalesce(s.assessed_at, '')<:oldest THEN '{Situation.STALE}' ELSE s.situation END"""
"""The situation at the end of a day, with ``on(day)`` as parameters: an assessment becomes too old without a sync."""


def on(day: date) -> dict[str, str | None]:
    """The parameters of KNOWN_ON and SITUATION_ON."""
    end = datetime.fromisoformat(f"{day + timedelta(days=1)}T00:00:00+00:00")
    return {
        "day": day.isoformat(),
        "end": to_text(end),
        "oldest": to_text(end - GRAPH_KEEPS_ASSESSMENTS),
    }


def states_on(db: sqlite3.Connection, day: date) -> list[PastState]:
    """The last known state, at the end of ``day``, of each machine that existed then."""
    rows = db.execute(
        f"SELECT s.machine_id, m.connection_id, s.day, {SITUATION_ON}, s.updates, s.restart_pending, s.os_version,"
        " s.assessed_at"
        f" FROM {KNOWN_ON} ORDER BY s.machine_id",
        on(day),
    )
    return [
        PastState(i, c, date.fromisoformat(d), situation, updates, bool(pending), version, assessed)
        for i, c, d, situation, updates, pending, version, assessed in rows
    ]


def versions_on(db: sqlite3.Connection, day: date) -> list[tuple[int, str | None, str | None, int]]:
    """The machines at the end of ``day`` by connection, product and OS version: (connection ID, product, version, machines)."""
    return db.execute(
        f"SELECT m.connection_id, m.product, s.os_version, count(*) FROM {KNOWN_ON} GROUP BY 1, 2, 3",
        on(day),
    ).fetchall()


def last_synced(db: sqlite3.Connection, day: date) -> dict[int, date]:
    """The last day with a sync, on or before ``day``, of each connection that existed then and had one."""
    rows = db.execute(
        "SELECT d.connection_id, max(d.day) FROM daily_counts d JOIN connections c ON c.id=d.connection_id"
        " WHERE d.day<=:day AND (c.removed_at IS NULL OR c.removed_at>=:end) GROUP BY 1",
        on(day),
    )
    return {row[0]: date.fromisoformat(row[1]) for row in rows}


def sync_days(db: sqlite3.Connection) -> dict[int, list[date]]:
    """The days with a sync by existing connection, oldest first."""
    found: dict[int, list[date]] = {}
    for connection_id, day in db.execute(
        "SELECT DISTINCT d.connection_id, d.day FROM daily_counts d JOIN connections c ON c.id=d.connection_id"
        " WHERE c.removed_at IS NULL ORDER BY 1, 2"
    ):
        found.setdefault(connection_id, []).append(date.fromisoformat(day))
    return found


def first_day(db: sqlite3.Connection) -> date | None:
    """The first day with counts; None without any."""
    (day,) = db.execute("SELECT min(day) FROM daily_counts").fetchone()
    return date.fromisoformat(day) if day else None


def pending_since(db: sqlite3.Connection) -> date | None:
    """The earliest day since which a machine is known to wait for a restart; None if none waits."""
    (day,) = db.execute(
        "SELECT min(begun) FROM (SELECT (SELECT min(s.day) FROM machine_states s WHERE s.machine_id=m.id"
        " AND s.restart_pending=1 AND s.day>coalesce((SELECT max(z.day) FROM machine_states z"
        " WHERE z.machine_id=m.id AND z.restart_pending=0), '')) AS begun"
        " FROM machines m WHERE m.restart_pending=1 AND m.deleted_at IS NULL)"
    ).fetchone()
    return date.fromisoformat(day) if day else None


def day_of(now: datetime) -> str:
    """The day of a time, UTC, as stored."""
    return now.date().isoformat()
