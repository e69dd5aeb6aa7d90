"""Additional lists: which couldn't be read, and why.

Resource Health, schedules, assignments and permissions never make a sync fail: everything else is read, and what is missing
is named.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .timestamps import from_text, to_text

tr = translator("AdditionalLists")


class UnreadList(NamedTuple):
    """A list that couldn't be read in a connection's last sync."""

    connection: str
    what: str
    problem: str


def save(
    db: sqlite3.Connection,
    connection_id: int,
    what: str,
    problem: str,
    now: datetime,
    *,
    is_read: bool,
) -> None:
    """Store the result of reading a list; ``problem`` is empty if every row was read.

    The stored time is when the list was read last, or couldn't be read first.
    """
    db.execute(
        "INSERT INTO additional_lists (connection_id, what, problem, read_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET problem=excluded.problem, read_at=CASE"
        " WHEN problem<>'' AND NOT ? THEN read_at ELSE excluded.read_at END",
        (connection_id, what, problem, to_text(now), is_read),
    )


def unread_since(db: sqlite3.Connection, connection_id: int, what: str) -> datetime | None:
    """Since when a list couldn't be read; None if the last sync read it."""
    row = db.execute(
        "SELECT read_at FROM additional_lists WHERE connection_id=? AND what=? AND problem<>''",
        (connection_id, what),
    ).fetchone()
    return from_text(row[0]) if row else None


def missing(db: sqlite3.Connection) -> list[UnreadList]:
    """Lists that the last syncs couldn't read."""
    rows = db.execute(
        "SELECT c.name, s.what, s.problem FROM additional_lists s JOIN connections c ON c.id=s.connection_id"
        " WHERE s.problem<>'' AND c.removed_at IS NULL ORDER BY c.id, s.what"
    )
    return [UnreadList(*row) for row in rows]


def unread(db: sqlite3.Connection, whats: Sequence[str]) -> dict[int, str]:
    """The reason why one of these lists isn't known, by connection: it failed, or wasn't read yet."""
    marks = ", ".join("?" * len(whats))
    rows = db.execute(
        f"SELECT connection_id, problem FROM additional_lists WHERE problem<>'' AND what IN ({marks})"
        " UNION SELECT id, ? FROM connections WHERE removed_at IS NULL AND id NOT IN"
        " (SELECT connection_id FROM additional_lists WHERE what=?)",
        (*whats, tr("Not read yet."), whats[0]),
    )
    return {row[0]: row[1] for row in rows}
