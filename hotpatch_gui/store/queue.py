"""The queue in the operations table: adding, canceling and sending in waves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.operations import OperationKind, OperationState, Standby
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.translation import translator

from . import audit
from .audit import Event
from .sql import BEFORE_OTHERS, FAILED_OR_UNKNOWN, IN_JSON, OPEN, UNDER_WAY, as_list
from .timestamps import to_text
from .unhealthy import IS_UNHEALTHY

tr = translator("Queue")

CANCELED = tr.mark("Canceled before it was sent.")
EXPIRED = tr.mark(
    "Not sent: it waited more than an hour because nothing could be sent. Request it "
    "again if needed."
)
DISMISSED = tr.mark("Its result isn't known.")
PROGRAM = "Hotpatch Dashboard"
"""The requester of follow-up operations."""


class NewOperation(NamedTuple):
    """An operation to queue: the machine's row ID, the JSON to send, and its wave."""

    machine_id: int
    body: str | None
    wave: int = 0
    wave_name: str = ""


def begin_batch(
    db: sqlite3.Connection, kind: OperationKind, waves: Waves, now: datetime
) -> int | None:
    """Store the batch for an action's waves, and return its ID; None, without a batch, if all go at once without stopping."""
    if waves.mode is WaveMode.ALL and not waves.stop_after:
        return None
    made = db.execute(
        "INSERT INTO batches (kind, created_at, mode, size, stop_after) VALUES (?, ?, ?, ?, ?)",
        (kind, to_text(now), waves.mode, waves.size, waves.stop_after),
    )
    return made.lastrowid


def rule_of(db: sqlite3.Connection, operation_id: int) -> str:
    """The waves' rule and the operation's wave, for the audit log; empty without waves."""
    row = db.execute(
        "SELECT b.mode, b.size, b.stop_after, o.wave_name FROM operations o JOIN batches b ON b.id=o.batch_id"
        " WHERE o.id=?",
        (operation_id,),
    ).fetchone()
    if row is None:
        return ""
    mode, size, stop_after, name = row
    wave = tr(" In the group “{name}”.", name=name) if name else ""
    return f"{Waves(WaveMode(mode), size, stop_after).text}{wave}"


def add(
    db: sqlite3.Connection,
    kind: OperationKind,
    new: Sequence[NewOperation],
    now: datetime,
    requested_by: str,
    *,
    standby: Standby = Standby.NO,
    batch_id: int | None = None,
    action_id: int | None = None,
) -> list[int]:
    """Queue one operation per machine. Call it inside a transaction.

    Machines with an open operation of the same kind are skipped, so a double-click queues once. ``action_id`` is the first
    operation of the same action; None begins a new one.

    Returns:
        The new row IDs.
    """
    busy = {
        row[0]
        for row in db.execute(
            f"SELECT machine_id FROM operations WHERE ended_at IS NULL AND kind=? AND machine_id IN {IN_JSON}"
            f" AND state IN {OPEN}",
            (kind, as_list(n.machine_id for n in new)),
        )
    }
    queued = []
    for one in new:
        if one.machine_id in busy:
            continue
        busy.add(one.machine_id)
        made = db.execute(
            "INSERT INTO operations (machine_id, kind, state, request, created_at, requested_by, standby, batch_id,"
            " wave, wave_name) VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)",
            (
                one.machine_id,
                kind,
                one.body,
                to_text(now),
                requested_by,
                standby,
                batch_id,
                one.wave,
                one.wave_name,
            ),
        )
        queued.append(int(made.lastrowid or 0))
    if queued:
        db.execute(
            f"UPDATE operations SET action_id=? WHERE id IN {IN_JSON}",
            (action_id or queued[0], as_list(queued)),
        )
    return queued


def requeue(
    db: sqlite3.Connection, operation_id: int, resource_id: str, now: datetime, requested_by: str
) -> int | None:
    """Queue a rejected operation again, to be sent when Azure accepts it. Call it inside a transaction.

    Returns:
        The new row ID; 0 if another operation of its kind is open on the machine, None if the operation doesn't allow it.
    """
    row = db.execute(
        "SELECT kind, machine_id, request FROM operations WHERE id=? AND standby='offered'"
        f" AND {_ON_MACHINE}",
        (operation_id, resource_id),
    ).fetchone()
    if row is None:
        return None
    again = NewOperation(row["machine_id"], row["request"])
    kind = OperationKind(row["kind"])
    queued = add(db, kind, [again], now, requested_by, standby=Standby.WAITS)
    if not queued:
        return 0
    db.execute("UPDATE operations SET standby='' WHERE id=?", (operation_id,))
    return queued[0]


_ON_MACHINE = "EXISTS (SELECT 1 FROM machines m WHERE m.id=operations.machine_id AND m.azure_id=? COLLATE NOCASE)"
"""Matches the resource ID as well, because row IDs differ in another file."""


def cancel(db: sqlite3.Connection, operation_id: int, resource_id: str, now: datetime) -> bool:
    """Cancel a queued operation on that machine. Call it inside a transaction.

    Returns:
        False if it isn't queued.
    """
    found = _on_machine(db, operation_id, resource_id)
    return bool(cancel_all(db, found, tr(CANCELED), now))


def dismiss(db: sqlite3.Connection, operation_id: int, resource_id: str, now: datetime) -> bool:
    """Stop resolving an unknown operation on that machine. Call it inside a transaction.

    Returns:
        False if it isn't unknown.
    """
    found = _on_machine(db, operation_id, resource_id)
    return bool(_end(db, found, _DISMISSAL, tr(DISMISSED), now))


def _on_machine(db: sqlite3.Connection, operation_id: int, resource_id: str) -> list[int]:
    rows = db.execute(
        f"SELECT id FROM operations WHERE id=? AND {_ON_MACHINE}", (operation_id, resource_id)
    )
    return [row[0] for row in rows]


_CANCELLATION = OperationState.QUEUED, OperationState.CANCELED, Event.CANCELED
_DISMISSAL = OperationState.UNKNOWN, OperationState.DISMISSED, Event.DISMISSED


def cancel_all(
    db: sqlite3.Connection, operation_ids: Iterable[int], note: str, now: datetime
) -> int:
    """Cancel those that are still queued. Call it inside a transaction.

    Returns:
        How many were canceled.
    """
    return _end(db, operation_ids, _CANCELLATION, note, now)


def _end(
    db: sqlite3.Connection,
    operation_ids: Iterable[int],
    change: tuple[OperationState, OperationState, Event],
    note: str,
    now: datetime,
) -> int:
    """Move operations from ``change``'s first state to its second, final one, each with a line in the audit log."""
    was, state, event = change
    rows = db.execute(
        f"UPDATE operations SET state=?, ended_at=?, note=? WHERE state=? AND id IN {IN_JSON} RETURNING id",
        (state, to_text(now), note, was, as_list(operation_ids)),
    ).fetchall()
    for row in rows:
        audit.add(db, row[0], event, now, result=note)
    return len(rows)


def cancel_queued(
    db: sqlite3.Connection, machine_ids: Iterable[int], note: str, now: datetime
) -> None:
    """Cancel whatever is queued on these machines. Call it inside a transaction."""
    rows = db.execute(
        f"SELECT id FROM operations WHERE state='queued' AND machine_id IN {IN_JSON}",
        (as_list(machine_ids),),
    ).fetchall()
    cancel_all(db, [r[0] for r in rows], note, now)


def mark_unknown(
    db: sqlite3.Connection, machine_ids: Iterable[int], note: str, now: datetime
) -> None:
    """Mark operations sent to these machines as unknown, because they can't be followed. Call it inside a transaction."""
    rows = db.execute(
        f"UPDATE operations SET state='unknown', note=? WHERE state IN {UNDER_WAY} AND state<>'unknown'"
        f" AND machine_id IN {IN_JSON} RETURNING id",
        (note, as_list(machine_ids)),
    ).fetchall()
    for row in rows:
        audit.add(db, row[0], Event.LOST, now, result=note)


def expire(db: sqlite3.Connection, operation_ids: Iterable[int], now: datetime) -> None:
    """Cancel queued operations that are too old to be sent. Call it inside a transaction."""
    cancel_all(db, operation_ids, tr(EXPIRED), now)


def expire_older(db: sqlite3.Connection, before: datetime, now: datetime) -> None:
    """Cancel queued operations created up to ``before``, except waves and those with “wait and retry”. Call it inside a transaction."""
    rows = db.execute(
        "SELECT id FROM operations WHERE state='queued' AND standby='' AND coalesce(batch_id, 0)=0"
        " AND created_at<=?",
        (to_text(before),),
    ).fetchall()
    expire(db, [row[0] for row in rows], now)


def any_queued(db: sqlite3.Connection) -> bool:
    """Whether any operation is stored and not sent, of any session."""
    return (
        db.execute("SELECT 1 FROM operations WHERE state='queued' LIMIT 1").fetchone() is not None
    )


def batches_with_waiting(db: sqlite3.Connection) -> list[int]:
    """IDs of the batches that have operations to send."""
    rows = db.execute(
        "SELECT DISTINCT batch_id FROM operations WHERE batch_id>0 AND state='queued'"
    )
    return [row[0] for row in rows]


class BatchProgress(NamedTuple):
    """A batch's progress: the wave, its last started row ID, and earlier rows that were skipped because their connection
    wasn't set up."""

    wave: int
    last_id: int
    skipped: frozenset[int] = frozenset()


NOT_STARTED = BatchProgress(-1, 0)


class NextOperations(NamedTuple):
    """Due operations, oldest first, and the batch's new progress."""

    ids: list[int]
    progress: BatchProgress


_UNFINISHED = (
    f"(o.state IN {BEFORE_OTHERS} OR (o.state='unknown' AND o.kind='{OperationKind.INSTALL.value}' AND EXISTS ("
    "SELECT 1 FROM machines x JOIN connections c ON c.id=x.connection_id WHERE x.id=o.machine_id"
    " AND x.deleted_at IS NULL AND c.removed_at IS NULL AND (coalesce(x.viewed_at, '')<=o.sent_at OR EXISTS ("
    "SELECT 1 FROM installations i WHERE i.machine_id=x.id AND i.status='InProgress'"
    " AND i.started_at>coalesce(o.known_until, ''))))))"
)
"""Whether operation ``o`` hasn't ended: it is queued, sent or running.

An installation with an unknown result counts until a later read shows none in progress.
"""


def next_of_batch(
    db: sqlite3.Connection, batch_id: int, connection_ids: Iterable[int], progress: BatchProgress
) -> NextOperations:
    """The batch's next operations beyond ``progress``, on machines of connections that are available.

    An unknown result blocks nothing once a read shows no installation in progress. Operations of connections that aren't
    available don't count toward the limit, but a group starts only when no operation of an earlier group is queued, sent or
    running, whatever its connection.
    """
    batch = db.execute("SELECT mode, size FROM batches WHERE id=?", (batch_id,)).fetchone()
    mode = WaveMode(batch["mode"])
    limit, wave = -1, 0
    if mode is WaveMode.SOME:
        # In progress: sent, running, or started here and not yet sent.
        (busy,) = db.execute(
            f"SELECT count(*) FROM operations o WHERE batch_id=? AND {_UNFINISHED} AND (state<>'queued'"
            f" OR (id<=? AND id NOT IN {IN_JSON})) AND EXISTS (SELECT 1 FROM machines m WHERE m.id=o.machine_id"
            f" AND m.connection_id IN {IN_JSON})",
            (batch_id, progress.last_id, as_list(progress.skipped), as_list(connection_ids)),
        ).fetchone()
        limit = max(0, batch["size"] - busy)
    elif mode is WaveMode.GROUPS:
        (first,) = db.execute(
            f"SELECT min(wave) FROM operations o WHERE batch_id=? AND ended_at IS NULL AND {_UNFINISHED}",
            (batch_id,),
        ).fetchone()
        wave = progress.wave if first is None else first
    last_id = progress.last_id if wave == progress.wave else 0
    # Operations that weren't started yet, or were skipped because their connection wasn't set up.
    in_wave = "AND o.wave=?3" if mode is WaveMode.GROUPS else ""
    rows = db.execute(
        "SELECT o.id FROM operations o JOIN machines m ON m.id=o.machine_id WHERE o.batch_id=?1"
        " AND (o.id>?2 OR o.id IN (SELECT value FROM json_each(?6)))"
        f" AND o.ended_at IS NULL AND o.state='queued' {in_wave} AND m.connection_id IN"
        " (SELECT value FROM json_each(?4)) ORDER BY o.id LIMIT ?5",
        (batch_id, last_id, wave, as_list(connection_ids), limit, as_list(progress.skipped)),
    )
    ids = [row[0] for row in rows]
    return NextOperations(
        ids, BatchProgress(wave, max(last_id, *ids, 0), progress.skipped.difference(ids))
    )


_LEFT_UNHEALTHY = (
    f"(o.kind='{OperationKind.INSTALL.value}' AND o.state='{OperationState.SUCCEEDED.value}' AND {IS_UNHEALTHY}"
    " AND m.resource_health_at>=o.sent_at)"
)


def stop_batch(db: sqlite3.Connection, batch_id: int, now: datetime) -> int:
    """Cancel the batch's remaining operations if enough of those that were sent went wrong.

    They failed, have an unknown result, or left a machine that Resource Health has reported as unhealthy since the
    installation. Call it inside a transaction.

    Returns:
        How many were canceled.
    """
    (stop_after,) = db.execute("SELECT stop_after FROM batches WHERE id=?", (batch_id,)).fetchone()
    (failures,) = db.execute(
        "SELECT count(*) FROM operations o LEFT JOIN machines m ON m.id=o.machine_id WHERE o.batch_id=?"
        f" AND o.sent_at IS NOT NULL AND (o.state IN {FAILED_OR_UNKNOWN} OR {_LEFT_UNHEALTHY})",
        (batch_id,),
    ).fetchone()
    if not stop_after or failures < stop_after:
        return 0
    rows = db.execute(
        "SELECT id FROM operations WHERE batch_id=? AND state='queued'", (batch_id,)
    ).fetchall()
    if rows:
        note = tr(
            "Not sent: sending stopped after %n of the operations requested together failed, had an unknown result, or left "
            "the machine unhealthy.",
            failures,
        )
        ids = [row[0] for row in rows]
        cancel_all(db, ids, note, now)
        db.execute("UPDATE batches SET stopped_at=? WHERE id=?", (to_text(now), batch_id))
    return len(rows)


def follow_up(
    db: sqlite3.Connection, kind: OperationKind, machine_id: int, now: datetime
) -> list[int]:
    """Queue what follows another operation, unless it is open already. Call it inside a transaction.

    Returns:
        The new row IDs.
    """
    return add(db, kind, [NewOperation(machine_id, None)], now, PROGRAM)
