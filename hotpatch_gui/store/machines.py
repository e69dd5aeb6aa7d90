"""Machines and their derived values, so that lists sort and filter without joins."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple, TypeVar

from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.resource_health import MAY_BE_RUNNING
from hotpatch_gui.domain.situation import Level

from . import permissions
from .identity import retire_replaced
from .machine_columns import COLUMNS, machine_from, values_of
from .machine_rows import InstallRow, MachineRow, MachineSummaryRow
from .rows import fields, typed
from .run_sql import FINAL_RUNS
from .sql import IN_JSON, as_list, quoted
from .tables import DISPLAY_NAME
from .timestamps import to_text

_KEPT = ("agent_ready", "update_domain", "vm_id")
"""Columns that keep their value if a response omits them; only the instance view has the first two."""
_PENDING = "CASE WHEN excluded.pending_at IS NOT NULL THEN min(coalesce(pending_at, excluded.pending_at), excluded.pending_at) END"
"""Since when an enrollment is pending: the earliest time seen, cleared when it ends."""
_STARTED = f"power NOT IN {quoted(MAY_BE_RUNNING)} AND excluded.power IN {quoted(MAY_BE_RUNNING)}"
_HEALTH = (
    f"resource_health=CASE WHEN {_STARTED} THEN NULL ELSE resource_health END,"
    f" resource_health_at=CASE WHEN {_STARTED} THEN fetched_at ELSE resource_health_at END"
)
"""Clears Resource Health's report when a stopped machine starts, because it no longer applies.

``resource_health_at`` then holds the time at which the machine was last seen stopped, so that an older report isn't stored again.
"""
_UPSERT = (
    f"INSERT INTO machines ({', '.join(COLUMNS)}, level)"
    f" VALUES ({', '.join('?' * len(COLUMNS))}, {int(Level.UNKNOWN)})"
    " ON CONFLICT (resource_id) DO UPDATE SET lists_read=CASE WHEN coalesce(deleted_at, hidden_at) IS NULL THEN lists_read"
    " ELSE 0 END, deleted_at=NULL, hidden_at=NULL, connection_id=CASE WHEN deleted_at IS NULL"
    " THEN coalesce(connection_id, excluded.connection_id) ELSE excluded.connection_id END, "
    + ", ".join(
        f"{c}=coalesce(excluded.{c}, {c})"
        if c in _KEPT
        else f"{c}={_PENDING if c == 'pending_at' else f'excluded.{c}'}"
        for c in COLUMNS[2:]
    )
    + f", {_HEALTH}"
)


def save(db: sqlite3.Connection, connection_id: int, machines: Iterable[Machine]) -> None:
    """Insert or update machines; a deleted one that returns is restored.

    A machine that two connections see stays with the first. One that was recreated under a deleted machine's name is a new
    machine, and the old one keeps its history.
    """
    found = list(machines)
    retire_replaced(db, found)
    db.executemany(_UPSERT, [values_of(connection_id, m) for m in found])


def save_resource_health(
    db: sqlite3.Connection,
    connection_id: int,
    states: Iterable[tuple[str, str, datetime | None]],
    now: datetime,
) -> None:
    """Replace the Resource Health states of a connection's machines; those that it calls available have none.

    ``states`` are (lower-case resource ID, availability state, since). A time after ``now`` is stored as not known, and a state
    that began before the machine was last seen stopped isn't stored.
    """
    db.execute(
        "UPDATE machines SET resource_health=NULL, resource_health_at=NULL WHERE resource_health IS NOT NULL AND connection_id=?",
        (connection_id,),
    )
    db.executemany(
        "UPDATE machines SET resource_health=?1, resource_health_at=?2 WHERE resource_id=?3 AND connection_id=?4"
        " AND coalesce(?2, '9999')>=coalesce(resource_health_at, '')",
        [
            (state, to_text(since) if since and since <= now else None, i, connection_id)
            for i, state, since in states
        ],
    )


class Unseen(NamedTuple):
    """Row IDs of machines that a complete read of the machines didn't return, by reason.

    Attributes:
        deselected: their subscription isn't selected anymore.
        unreadable: the account can't read their subscription anymore.
        missing: the reason isn't known; each is read individually.
    """

    deselected: list[int]
    unreadable: list[int]
    missing: list[int]


def unseen(
    db: sqlite3.Connection,
    connection_id: int,
    seen: AbstractSet[str],
    subscription_ids: AbstractSet[str],
) -> Unseen:
    """Machines that a complete read of the machines didn't return.

    ``seen`` resource IDs and readable ``subscription_ids`` are in lower case.
    """
    if known_resource_ids(db, connection_id) <= seen:
        return Unseen([], [], [])
    rows = db.execute(
        "SELECT m.id, m.resource_id, m.subscription_id, coalesce(s.selected, 1) FROM machines m"
        " LEFT JOIN subscriptions s ON s.connection_id=m.connection_id AND s.id=m.subscription_id"
        " WHERE m.deleted_at IS NULL AND m.connection_id=? ORDER BY m.subscription_id, m.resource_group, m.id",
        (connection_id,),
    )
    found = Unseen([], [], [])
    for machine_id, resource_id, subscription_id, is_selected in rows.fetchall():
        if resource_id not in seen:
            group = found.missing if subscription_id in subscription_ids else found.unreadable
            (group if is_selected else found.deselected).append(machine_id)
    return found


def mark_deleted(db: sqlite3.Connection, machine_ids: Iterable[int], now: datetime) -> None:
    """Record that machines are no longer listed; their history stays."""
    db.executemany(
        "UPDATE machines SET deleted_at=? WHERE id=?", [(to_text(now), i) for i in machine_ids]
    )


def mark_hidden(db: sqlite3.Connection, machine_ids: Iterable[int], now: datetime) -> None:
    """Record since when the account can't read machines; their data stays."""
    db.executemany(
        "UPDATE machines SET hidden_at=coalesce(hidden_at, ?) WHERE id=?",
        [(to_text(now), i) for i in machine_ids],
    )


def ids(db: sqlite3.Connection, resource_ids: Iterable[str]) -> dict[str, int]:
    """Row IDs by lower-case resource ID, of known machines."""
    rows = db.execute(
        f"SELECT resource_id, id FROM machines WHERE resource_id IN {IN_JSON}",
        (as_list(dict.fromkeys(resource_ids)),),
    )
    return {row[0]: row[1] for row in rows}


def links(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[tuple[str, str, int]]:
    """(Name, resource ID, connection) of these machines, including deleted ones, by name."""
    return list(
        db.execute(
            f"SELECT name, azure_id, connection_id FROM machines WHERE id IN {IN_JSON} ORDER BY name",
            (as_list(machine_ids),),
        )
    )


def labels(db: sqlite3.Connection) -> dict[int, tuple[str, str, str | None]]:
    """(Name, resource group, product) by row ID, of all machines, deleted ones included."""
    rows = db.execute("SELECT id, name, resource_group, product FROM machines")
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def arm_ids(db: sqlite3.Connection, machine_ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """(Resource ID, whether it is Arc-enabled) by row ID, of these machines, including deleted ones."""
    rows = db.execute(
        f"SELECT id, azure_id, kind='arc' FROM machines WHERE id IN {IN_JSON}",
        (as_list(machine_ids),),
    )
    return {row[0]: (row[1], bool(row[2])) for row in rows}


def resource_ids(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[str]:
    """Lower-case resource IDs of these machines, including deleted ones, in the order of their row IDs."""
    rows = db.execute(
        f"SELECT resource_id FROM machines WHERE id IN {IN_JSON} ORDER BY id",
        (as_list(machine_ids),),
    )
    return [row[0] for row in rows]


def known_resource_ids(db: sqlite3.Connection, connection_id: int) -> set[str]:
    """Lower-case resource IDs of a connection's existing machines."""
    rows = db.execute(
        "SELECT resource_id FROM machines WHERE connection_id=? AND deleted_at IS NULL",
        (connection_id,),
    )
    return {row[0] for row in rows}


def never_read(db: sqlite3.Connection, connection_id: int) -> list[str]:
    """Lower-case resource IDs of machines whose lists weren't read since they appeared."""
    rows = db.execute(
        "SELECT resource_id FROM machines WHERE connection_id=? AND deleted_at IS NULL AND hidden_at IS NULL"
        " AND lists_read=0 ORDER BY 1",
        (connection_id,),
    )
    return [row[0] for row in rows]


def mark_results_read(db: sqlite3.Connection, connection_id: int) -> None:
    """Record that a sync read all lists of the connection's machines."""
    db.execute(
        "UPDATE machines SET lists_read=1 WHERE connection_id=? AND lists_read=0 AND deleted_at IS NULL",
        (connection_id,),
    )


def with_open_runs(db: sqlite3.Connection, connection_id: int) -> list[str]:
    """Lower-case resource IDs of machines with an unfinished installation."""
    rows = db.execute(
        "SELECT DISTINCT m.resource_id FROM installations i JOIN machines m ON m.id=i.machine_id"
        f" WHERE i.status NOT IN {FINAL_RUNS} AND m.connection_id=? AND m.deleted_at IS NULL ORDER BY 1",
        (connection_id,),
    )
    return [row[0] for row in rows]


def mark_instance_view_read(db: sqlite3.Connection, machine_id: int, now: datetime) -> None:
    """Record that the machine's instance view was read."""
    db.execute("UPDATE machines SET viewed_at=? WHERE id=?", (to_text(now), machine_id))


def read(db: sqlite3.Connection, machine_id: int) -> Machine | None:
    """The machine; None if there is no such row."""
    row = db.execute("SELECT * FROM machines WHERE id=?", (machine_id,)).fetchone()
    return machine_from(row.__getitem__) if row else None


def read_row(db: sqlite3.Connection, machine_id: int) -> MachineRow | None:
    """The machine's row; None if there is none."""
    return next(iter(read_rows(db, [machine_id])), None)


def read_rows(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[MachineRow]:
    """Rows of these machines in this order, without missing ones."""
    return _rows(db, machine_ids, MachineRow)


def read_summaries(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[MachineSummaryRow]:
    """Like ``read_rows``, for summaries."""
    return _rows(db, machine_ids, MachineSummaryRow)


def read_for_install(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[InstallRow]:
    """Like ``read_rows``, for installation plans."""
    return _rows(db, machine_ids, InstallRow)


_COMPUTED = {
    "display_name": DISPLAY_NAME,
    "subscription_name": "coalesce(s.name, m.subscription_id)",
    "connection_name": "c.name",
    "changes_allowed": "coalesce(c.changes_allowed, 0)",
    "grants": permissions.GRANTS,
}
_Row = TypeVar("_Row", MachineRow, MachineSummaryRow, InstallRow)


def _rows(
    db: sqlite3.Connection, machine_ids: Sequence[int], row: Callable[..., _Row]
) -> list[_Row]:
    cursor = db.execute(
        f"SELECT {fields(row, 'm', **_COMPUTED)} FROM machines m LEFT JOIN connections c ON c.id=m.connection_id"
        " LEFT JOIN subscriptions s ON s.connection_id=m.connection_id AND s.id=m.subscription_id"
        f"{permissions.JOIN} WHERE m.id IN {IN_JSON}",
        (as_list(machine_ids),),
    )
    found = {one.id: one for one in typed(cursor, row)}
    return [found[i] for i in machine_ids if i in found]


def without_graph_assessment(
    db: sqlite3.Connection, connection_id: int, viewed_before: datetime, limit: int
) -> list[int]:
    """Machines without an assessment in Resource Graph, whose instance view may have an older one.

    Only those not read since ``viewed_before``: first those without any known assessment, then the longest unread.
    """
    rows = db.execute(
        "SELECT id FROM machines WHERE in_graph=0 AND deleted_at IS NULL AND hidden_at IS NULL"
        " AND connection_id=? AND coalesce(viewed_at, '')<? ORDER BY assessed_at IS NOT NULL, viewed_at LIMIT ?",
        (connection_id, to_text(viewed_before), limit),
    )
    return [r[0] for r in rows]


def name_order(db: sqlite3.Connection) -> dict[int, int]:
    """Each machine's position in the order of their names."""
    rows = db.execute("SELECT id FROM machines ORDER BY name COLLATE NOCASE, id")
    return {row[0]: number for number, row in enumerate(rows)}


def without_assessment(db: sqlite3.Connection, except_ids: Collection[int]) -> list[str]:
    """Names of existing machines without a current assessment, except ``except_ids``."""
    rows = db.execute(
        "SELECT name FROM machines WHERE deleted_at IS NULL AND (assessed_at IS NULL OR NOT in_graph)"
        f" AND id NOT IN {IN_JSON} ORDER BY name COLLATE NOCASE",
        (as_list(list(except_ids)),),
    )
    return [row[0] for row in rows]


def present(db: sqlite3.Connection, connection_id: int | None = None) -> list[int]:
    """Row IDs of existing machines, of one connection or all."""
    rows = db.execute(
        "SELECT id FROM machines WHERE deleted_at IS NULL AND connection_id=coalesce(?, connection_id)",
        (connection_id,),
    )
    return [r[0] for r in rows]
