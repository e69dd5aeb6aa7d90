"""Operations that ended, grouped by batch, or else by kind and by the minute in which they were queued."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import NamedTuple

from .sql import OPEN
from .tables import DISPLAY_NAME
from .timestamps import from_text, to_text


class EndedGroup(NamedTuple):
    """Operations of a group of which none is open anymore; results may be unknown.

    ``request`` identifies the group; ``machine``, ``note`` and ``code`` are of the first one that failed, or else of the
    first one with an unknown result, or else of the first one.
    """

    kind: str
    request: str
    total: int
    succeeded: int
    failed: int
    unknown: int
    canceled: int
    ended_at: datetime
    machine: str
    note: str
    code: str


_REQUEST = "coalesce('batch ' || o.batch_id, substr(o.created_at, 1, 16))"
"""The group of an operation: its batch, or the minute in which it was queued."""
_GROUPS = f"""
SELECT o.kind, {_REQUEST} AS request, count(*), sum(o.state='succeeded'), sum(o.state='failed'),
    sum(o.state IN ('unknown', 'dismissed')), sum(o.state='canceled'), max(o.ended_at)
FROM operations o
WHERE o.kind IN (SELECT kind FROM operations WHERE ended_at>=:since)
    AND {_REQUEST} IN (SELECT {_REQUEST} FROM operations o WHERE o.ended_at>=:since)
GROUP BY 1, 2 HAVING max(o.ended_at)>=:since AND sum(o.state IN {OPEN} AND o.state<>'unknown')=0
ORDER BY 8
"""
_FIRST = f"""
SELECT {DISPLAY_NAME}, o.note, o.code FROM operations o JOIN machines m ON m.id=o.machine_id
WHERE o.kind=? AND {_REQUEST}=? ORDER BY o.state<>'failed', o.state<>'unknown', o.id LIMIT 1
"""


def last(db: sqlite3.Connection) -> datetime:
    """When the last operation ended; the epoch if none did."""
    (text,) = db.execute("SELECT max(ended_at) FROM operations").fetchone()
    return from_text(text) or datetime.fromtimestamp(0, UTC)


def groups(db: sqlite3.Connection, since: datetime) -> list[EndedGroup]:
    """The groups whose last operation ended at ``since`` or later, oldest first."""
    found = []
    for kind, request, total, good, failed, unknown, canceled, ended in db.execute(
        _GROUPS, {"since": to_text(since)}
    ).fetchall():
        machine, note, code = db.execute(_FIRST, (kind, request)).fetchone()
        at = from_text(ended)
        assert at is not None
        found.append(
            EndedGroup(
                kind, request, total, good, failed, unknown, canceled, at, machine, note, code
            )
        )
    return found
