"""Connections and their subscriptions. Nothing stored here is secret."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from hotpatch_gui.domain.clouds import cloud_of
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.translation import translator

from . import queue
from .sql import IN_JSON, as_list
from .timestamps import to_text

tr = translator("ConnectionsStore")

_COLUMNS = (
    "name",
    "cloud",
    "endpoint",
    "authority",
    "audience",
    "method",
    "tenant",
    "client_id",
    "certificate",
    "changes_allowed",
)
_SELECT = (
    "SELECT c.*, (SELECT json_group_array(s.id) FROM subscriptions s"
    " WHERE s.connection_id=c.id AND s.selected=1) AS selected"
    " FROM connections c WHERE c.removed_at IS NULL"
)


def read_all(db: sqlite3.Connection) -> list[Connection]:
    """All connections that weren't removed, oldest first.

    Rows that can't be read, as in a damaged file, are left out.
    """
    found = (_connection_of(row) for row in db.execute(f"{_SELECT} ORDER BY c.id"))
    return [connection for connection in found if connection is not None]


def read(db: sqlite3.Connection, connection_id: int) -> Connection | None:
    """The connection with this ID; None if there is none or it was removed."""
    row = db.execute(f"{_SELECT} AND c.id=?", (connection_id,)).fetchone()
    return _connection_of(row) if row else None


def of_machines(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[int]:
    """The IDs of the connections that these machines belong to, each once."""
    rows = db.execute(
        f"SELECT DISTINCT connection_id FROM machines WHERE id IN {IN_JSON} ORDER BY 1",
        (as_list(machine_ids),),
    )
    return [row[0] for row in rows]


def of_machine(db: sqlite3.Connection, machine_id: int) -> int | None:
    """The ID of the connection that a machine belongs to; None if there is no such machine."""
    row = db.execute("SELECT connection_id FROM machines WHERE id=?", (machine_id,)).fetchone()
    return row[0] if row else None


def may_act_on(db: sqlite3.Connection, machine_id: int) -> bool:
    """Whether changes are allowed for the machine's connection."""
    row = db.execute(
        "SELECT c.changes_allowed FROM machines m JOIN connections c ON c.id=m.connection_id WHERE m.id=?"
        " AND c.removed_at IS NULL",
        (machine_id,),
    ).fetchone()
    return row is not None and bool(row[0])


def _connection_of(row: sqlite3.Row) -> Connection | None:
    import json  # noqa: PLC0415 - not before the first paint

    try:
        cloud = cloud_of(row["cloud"], row["endpoint"], row["authority"], row["audience"])
        method = SignInMethod(row["method"])
        selected = (
            tuple(str(i) for i in json.loads(row["selected"]))
            if not row["every_subscription"]
            else ()
        )
    except (ValueError, TypeError):
        return None
    return Connection(
        row["name"],
        cloud,
        method,
        row["id"],
        row["tenant"],
        row["client_id"],
        row["certificate"],
        selected,
        bool(row["changes_allowed"]),
        row["account"],
        row["record"],
    )


def save(db: sqlite3.Connection, connection: Connection) -> int:
    """Insert a connection, under its ID if it has one, or update the one with its ID.

    Returns:
        Its ID.
    """
    cloud = connection.cloud
    values = (
        connection.name,
        cloud.key,
        cloud.endpoint,
        cloud.authority,
        cloud.audience,
        connection.method,
        connection.tenant,
        connection.client_id,
        connection.certificate,
        connection.changes_allowed,
    )
    marks = ", ".join("?" * len(_COLUMNS))
    sets = ", ".join(f"{c}=excluded.{c}" for c in _COLUMNS)
    row = db.execute(
        f"INSERT INTO connections (id, {', '.join(_COLUMNS)}) VALUES (nullif(?, 0), {marks})"
        f" ON CONFLICT(id) DO UPDATE SET {sets} RETURNING id",
        (connection.id, *values),
    ).fetchone()
    return int(row[0])


def was_made(db: sqlite3.Connection, connection_id: int) -> bool:
    """Whether a connection with this ID exists or existed."""
    row = db.execute("SELECT 1 FROM connections WHERE id=?", (connection_id,)).fetchone()
    return row is not None


def ensure(db: sqlite3.Connection, connection: Connection) -> None:
    """Create a connection to this address unless there is one, whose changes by the user are kept."""
    if not any(c.cloud.endpoint == connection.cloud.endpoint for c in read_all(db)):
        save(db, connection)


def remove(db: sqlite3.Connection, connection_id: int, now: datetime) -> None:
    """Remove a connection and its machines; their history stays."""
    db.execute(
        "UPDATE connections SET removed_at=?, account=NULL, record=NULL, certificate=NULL WHERE id=?",
        (to_text(now), connection_id),
    )
    db.execute(
        "UPDATE machines SET deleted_at=? WHERE connection_id=? AND deleted_at IS NULL",
        (to_text(now), connection_id),
    )
    own = [
        r[0] for r in db.execute("SELECT id FROM machines WHERE connection_id=?", (connection_id,))
    ]
    queue.cancel_queued(db, own, tr("Canceled, because its connection was removed."), now)
    queue.mark_unknown(db, own, tr("Its connection was removed while it was in progress."), now)
    from . import deployments, schedule_changes  # noqa: PLC0415 - not in the first paint

    schedule_changes.end_all(db, connection_id, now)
    deployments.end_all(db, connection_id, now)
    db.execute("DELETE FROM subscriptions WHERE connection_id=?", (connection_id,))
    db.execute("DELETE FROM sync_state WHERE scope=?", (str(connection_id),))


def rename(db: sqlite3.Connection, connection_id: int, name: str) -> None:
    """Change the connection's name."""
    db.execute("UPDATE connections SET name=? WHERE id=?", (name, connection_id))


def allow_changes(db: sqlite3.Connection, connection_id: int, *, changes_allowed: bool) -> None:
    """Allow or prohibit changes through the connection."""
    db.execute(
        "UPDATE connections SET changes_allowed=? WHERE id=?", (changes_allowed, connection_id)
    )


def signed_in(
    db: sqlite3.Connection, connection_id: int, account: str | None, record: str | None
) -> None:
    """Store the signed-in account; both None after a sign-out.

    An existing ``record`` stays if there is no new one.
    """
    keep = "coalesce(?, record)" if account else "?"
    db.execute(
        f"UPDATE connections SET account=?, record={keep} WHERE id=?",
        (account, record, connection_id),
    )


def save_subscriptions(
    db: sqlite3.Connection, connection_id: int, pairs: Iterable[tuple[str, str]]
) -> None:
    """Store (lower-case ID, name) of the readable subscriptions.

    A new one is selected unless the user made a selection. One that isn't readable anymore stays, like its data.
    """
    db.executemany(
        "INSERT INTO subscriptions SELECT id, ?, ?, every_subscription FROM connections WHERE id=?"
        " ON CONFLICT DO UPDATE SET name=excluded.name",
        [(i, name, connection_id) for i, name in pairs],
    )


def choose_subscriptions(
    db: sqlite3.Connection, connection_id: int, subscription_ids: Sequence[str]
) -> None:
    """Select subscriptions; none selects all that the account can read, now and later.

    An unknown ID serves as its own name until it is read.
    """
    ids = [i.lower() for i in subscription_ids]
    db.execute("UPDATE connections SET every_subscription=? WHERE id=?", (not ids, connection_id))
    save_new = "INSERT INTO subscriptions VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING"
    db.executemany(save_new, [(connection_id, i, i) for i in ids])
    db.execute(
        f"UPDATE subscriptions SET selected=(? OR id IN {IN_JSON}) WHERE connection_id=?",
        (not ids, as_list(ids), connection_id),
    )


def subscriptions(db: sqlite3.Connection, connection_id: int) -> list[tuple[str, str, bool]]:
    """(ID, name, whether it is selected), by name."""
    rows = db.execute(
        "SELECT id, name, selected FROM subscriptions WHERE connection_id=? ORDER BY name COLLATE NOCASE, id",
        (connection_id,),
    )
    return [(row[0], row[1], bool(row[2])) for row in rows]
