"""Permissions of each connection's account by scope: the lower-case ID of a resource group or machine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from hotpatch_gui.domain.permissions import Grant

from .timestamps import to_text

FRESH = timedelta(hours=24)
"""How long permissions stay valid; viewing a machine reads them at once."""
_GROUP = "substr(m.resource_id, 1, instr(m.resource_id, '/providers/') - 1)"
"""The group's ID in Python's lower case; SQLite's ``lower`` only handles ASCII."""
JOIN = (
    " LEFT JOIN permissions g ON g.connection_id=m.connection_id"
    f" AND g.scope={_GROUP}"
    " LEFT JOIN permissions o ON o.connection_id=m.connection_id AND o.scope=m.resource_id"
)
"""Joins a machine's row with its group's grants and its own, which take precedence."""
GRANTS = "coalesce(o.grants, g.grants)"


def save(
    db: sqlite3.Connection, connection_id: int, scope: str, grants: Sequence[Grant], now: datetime
) -> None:
    """Store the grants at a scope."""
    db.execute(
        "INSERT INTO permissions VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET grants=excluded.grants,"
        " fetched_at=excluded.fetched_at",
        (connection_id, scope.lower(), json.dumps(grants), to_text(now)),
    )


@lru_cache(maxsize=512)
def grants_of(text: str | None) -> tuple[Grant, ...] | None:
    """Decode the column; None if nothing is known."""
    try:
        return tuple(Grant(tuple(a), tuple(n)) for a, n in json.loads(text or ""))
    except (ValueError, TypeError):
        return None


def due(
    db: sqlite3.Connection, connection_id: int, now: datetime, limit: int
) -> list[tuple[str, str]]:
    """(subscription ID, resource group) with machines whose permissions are unknown or outdated."""
    rows = db.execute(
        "SELECT DISTINCT m.subscription_id, m.resource_group FROM machines m LEFT JOIN permissions g"
        f" ON g.connection_id=m.connection_id AND g.scope={_GROUP}"
        " WHERE m.connection_id=? AND m.deleted_at IS NULL AND coalesce(g.fetched_at, '')<? LIMIT ?",
        (connection_id, to_text(now - FRESH), limit),
    )
    return [(row[0], row[1]) for row in rows]


def read_all(
    db: sqlite3.Connection, connection_id: int
) -> list[tuple[str, tuple[Grant, ...], str]]:
    """(scope, grants, when they were read) of a connection, resource groups first."""
    rows = db.execute(
        "SELECT scope, grants, fetched_at FROM permissions WHERE connection_id=?"
        " ORDER BY scope LIKE '%/providers/%', scope",
        (connection_id,),
    )
    found = ((row[0], grants_of(row[1]), row[2]) for row in rows)
    return [(scope, grants, fetched) for scope, grants, fetched in found if grants is not None]


def kinds_at(db: sqlite3.Connection, connection_id: int) -> dict[str, set[str]]:
    """The kinds of machines at each scope."""
    found: dict[str, set[str]] = {}
    rows = db.execute(
        f"SELECT {_GROUP}, m.resource_id, m.kind FROM machines m WHERE m.connection_id=? AND m.deleted_at IS NULL",
        (connection_id,),
    )
    for group, own, kind in rows:
        found.setdefault(group, set()).add(kind)
        found.setdefault(own, set()).add(kind)
    return found
