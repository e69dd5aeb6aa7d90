"""The identity of machines: recreated ones, moved ones, and clones that share a vmId."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.translation import translator

from . import queue
from .sql import IN_JSON, as_list
from .timestamps import to_text

tr = translator("Identity")

REPLACED = tr.mark(
    "Canceled before it was sent: the machine was deleted, and another one has its name."
)
_HISTORY = ("assessments", "installations", "operations", "machine_states")


def retire_replaced(db: sqlite3.Connection, found: Sequence[Machine]) -> None:
    """Release the resource ID of machines whose vmId shows that it belongs to another machine now."""
    now = {m.resource_id.lower(): m for m in found if m.vm_id}
    rows = db.execute(
        f"SELECT id, resource_id, vm_id FROM machines WHERE vm_id IS NOT NULL AND resource_id IN {IN_JSON}",
        (as_list(now),),
    ).fetchall()
    for row_id, resource_id, vm_id in rows:
        new = now[resource_id]
        if new.vm_id == vm_id:
            continue
        at = to_text(new.fetched)
        db.execute(
            "UPDATE machines SET resource_id=resource_id || '#' || id, deleted_at=coalesce(deleted_at, ?)"
            " WHERE id=?",
            (at, row_id),
        )
        queue.cancel_queued(db, [row_id], tr(REPLACED), new.fetched)


def mark_shared_ids(db: sqlite3.Connection, seen: Iterable[str]) -> None:
    """Record which machines of one sync share a vmId, as clones do, because it identifies none of them."""
    ids = as_list(seen)
    db.execute(
        f"UPDATE machines SET shares_vm_id=1 WHERE shares_vm_id=0 AND resource_id IN {IN_JSON} AND vm_id IN"
        f" (SELECT vm_id FROM machines WHERE vm_id IS NOT NULL AND resource_id IN {IN_JSON}"
        " GROUP BY kind, vm_id HAVING count(*)>1)",
        (ids, ids),
    )


def join_moved(db: sqlite3.Connection, connection_id: int) -> int:
    """Give machines that moved to another resource group or subscription their history back.

    A deleted machine and an existing one have the same vmId.

    Returns:
        How many were joined.
    """
    pairs = db.execute(
        "SELECT o.id, n.id FROM machines o JOIN machines n ON n.vm_id=o.vm_id AND n.id<>o.id"
        " AND n.kind=o.kind AND n.deleted_at IS NULL WHERE o.deleted_at IS NOT NULL AND o.vm_id IS NOT NULL"
        " AND NOT o.shares_vm_id AND NOT n.shares_vm_id AND o.connection_id=? AND n.connection_id=?",
        (connection_id, connection_id),
    ).fetchall()
    for old, new in pairs:
        db.execute("UPDATE machines SET assessment_id=NULL WHERE id=?", (old,))
        for table in _HISTORY:
            db.execute(f"UPDATE OR IGNORE {table} SET machine_id=? WHERE machine_id=?", (new, old))
        for child in ("installation_updates", "installation_errors"):
            db.execute(
                f"DELETE FROM {child} WHERE installation_id IN"
                " (SELECT id FROM installations WHERE machine_id=?)",
                (old,),
            )
        for table in (*_HISTORY, "updates"):
            db.execute(f"DELETE FROM {table} WHERE machine_id=?", (old,))
        db.execute("DELETE FROM machines WHERE id=?", (old,))
    return len(pairs)
