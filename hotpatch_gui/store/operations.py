"""The operations table: the queue, and the record of every operation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from hotpatch_gui.domain.operations import Operation, OperationKind, OperationState, Standby

from .rows import OperationRow, fields, first, typed
from .sql import BEFORE_OTHERS, FAILED_OR_UNKNOWN, IN_JSON, KINDS, OPEN, as_list
from .tables import DISPLAY_NAME
from .timestamps import from_text, to_text

_FIELDS = fields(OperationRow, "o", machine_name=DISPLAY_NAME, azure_id="m.azure_id")
_SELECT = f"SELECT {_FIELDS} FROM operations o JOIN machines m ON m.id=o.machine_id "


SKEW = timedelta(minutes=1)
"""How far the local clock may be ahead of Azure's."""


class WrongTransitionError(RuntimeError):
    """A change of state that isn't allowed: a bug."""


def set_request(db: sqlite3.Connection, operation_id: int, request: str) -> None:
    """Store the JSON to send, if the machine's state decides it now. Call it before ``claim``."""
    db.execute(
        "UPDATE operations SET request=? WHERE id=? AND state='queued'", (request, operation_id)
    )


def claim(db: sqlite3.Connection, operation_id: int, at: datetime, note: str) -> bool:
    """Move a queued operation to *sent*, so that nobody else sends it. Call it inside a durable transaction.

    Also records how far the machine's history is known. If the response is lost, the first later run that belongs to no other
    operation is this one's. For an installation this uses only Azure's times. For an assessment, a successful one counts
    if it started after both the newest known one and the request (minus SKEW).

    Returns:
        False if the operation isn't queued anymore.
    """
    done = db.execute(
        "UPDATE operations SET state='sent', sent_at=?1, note=?2, known_until=CASE kind"
        " WHEN 'install' THEN (SELECT max(started_at) FROM installations i"
        "  WHERE i.machine_id=operations.machine_id)"
        " WHEN 'assess' THEN max(?3, coalesce((SELECT max(coalesce(started_at, assessed_at)) FROM assessments a"
        "  WHERE a.machine_id=operations.machine_id), '')) END"
        " WHERE id=?4 AND state='queued'",
        (to_text(at), note, to_text(at - SKEW), operation_id),
    )
    return done.rowcount == 1


def any_in(
    db: sqlite3.Connection, operation_ids: Sequence[int], states: Iterable[OperationState]
) -> bool:
    """Whether one of these operations is in one of the states."""
    row = db.execute(
        f"SELECT 1 FROM operations WHERE id IN {IN_JSON} AND state IN {IN_JSON} LIMIT 1",
        (as_list(operation_ids), as_list(states)),
    ).fetchone()
    return row is not None


def failed_installations(
    db: sqlite3.Connection, operation_ids: Sequence[int]
) -> list[tuple[int, str]]:
    """(Row ID of the machine, request's JSON) of the failed installations among these operations."""
    rows = db.execute(
        "SELECT machine_id, coalesce(request, '') FROM operations WHERE kind='install' AND state='failed'"
        f" AND id IN {IN_JSON} ORDER BY id",
        (as_list(operation_ids),),
    )
    return [(row[0], row[1]) for row in rows]


class OpenInstallation(NamedTuple):
    """An installation that is queued, or that Azure may be working on. ``request`` is JSON."""

    id: int
    machine_id: int
    state: OperationState
    request: str


def open_installations(db: sqlite3.Connection) -> list[OpenInstallation]:
    """The installations without an end, oldest first."""
    rows = db.execute(
        "SELECT id, machine_id, state, coalesce(request, '') FROM operations WHERE kind='install' AND ended_at IS NULL"
        " ORDER BY id"
    )
    return [OpenInstallation(i, m, OperationState.parse(state), body) for i, m, state, body in rows]


def machines_being_created(db: sqlite3.Connection) -> list[str]:
    """Names of the new machines whose deployments are queued, sent or in progress, oldest first."""
    rows = db.execute(
        "SELECT subject FROM deployments WHERE ended_at IS NULL AND state IN ('queued', 'sent', 'running') ORDER BY id"
    )
    return [row[0] for row in rows]


def in_state(
    db: sqlite3.Connection, operation_ids: Sequence[int], state: OperationState
) -> list[int]:
    """The IDs among these of operations in this state."""
    return [i for i, found in states(db, operation_ids).items() if found is state]


def states(db: sqlite3.Connection, operation_ids: Sequence[int]) -> dict[int, OperationState]:
    """States by operation ID; operations that don't exist are left out."""
    rows = db.execute(
        f"SELECT id, state FROM operations WHERE id IN {IN_JSON} ORDER BY id",
        (as_list(operation_ids),),
    )
    return {row[0]: OperationState.parse(row[1]) for row in rows}


def read_all(db: sqlite3.Connection, operation_ids: Sequence[int]) -> list[OperationRow]:
    """Rows of these operations, oldest first."""
    cursor = db.execute(
        f"{_SELECT} WHERE o.id IN {IN_JSON} ORDER BY o.id", (as_list(operation_ids),)
    )
    return typed(cursor, OperationRow)


class OpenOperations(NamedTuple):
    """Operations that are queued or in progress: their number, the oldest, and how many of each kind; also unknown ones by kind."""

    total: int = 0
    first: OperationRow | None = None
    by_kind: Mapping[str, int] = MappingProxyType({})
    unknown: Mapping[str, int] = MappingProxyType({})


def work(db: sqlite3.Connection, machine_ids: Sequence[int] | None = None) -> OpenOperations:
    """Operations that are queued or in progress on these machines, or on all.

    The time depends on the machines, not on the length of the history.
    """
    of: str = ""
    values: tuple[str, ...] = ()
    if machine_ids is not None:
        of, values = f" AND machine_id IN {IN_JSON}", (as_list(machine_ids),)
    kinds = db.execute(
        "SELECT kind, count(*), count(*) FILTER (WHERE state='unknown'),"
        f" min(id) FILTER (WHERE state IN {BEFORE_OTHERS}) FROM operations"
        f" WHERE ended_at IS NULL AND kind IN {KINDS}{of} GROUP BY kind",
        values,
    ).fetchall()
    busy = [oldest for *_, oldest in kinds if oldest is not None]
    return OpenOperations(
        total=sum(count - lost for _, count, lost, _ in kinds),
        first=read_row(db, min(busy)) if busy else None,
        by_kind={kind: count - lost for kind, count, lost, _ in kinds if count > lost},
        unknown={kind: lost for kind, _, lost, _ in kinds if lost},
    )


def is_any_open(db: sqlite3.Connection) -> bool:
    """Whether any operation is queued, in progress or unknown."""
    row = db.execute("SELECT 1 FROM operations WHERE ended_at IS NULL LIMIT 1").fetchone()
    return row is not None


def is_any_queued_or_in_progress(db: sqlite3.Connection) -> bool:
    """Whether any operation hasn't ended; unknown results don't count."""
    row = db.execute(
        "SELECT 1 FROM operations WHERE ended_at IS NULL AND state!='unknown' LIMIT 1"
    ).fetchone()
    return row is not None


def last_ended(db: sqlite3.Connection) -> OperationRow | None:
    """The operation that finished last; None without one."""
    cursor = db.execute(
        f"{_SELECT} WHERE o.ended_at IS NOT NULL ORDER BY o.ended_at DESC, o.id DESC LIMIT 1"
    )
    return first(cursor, OperationRow)


def last_failures(db: sqlite3.Connection, most: int) -> list[OperationRow]:
    """Operations that failed or have an unknown result, latest first."""
    cursor = db.execute(
        f"{_SELECT} WHERE o.state IN {FAILED_OR_UNKNOWN} ORDER BY o.id DESC LIMIT ?", (most,)
    )
    return typed(cursor, OperationRow)


def open_ids(db: sqlite3.Connection, connection_id: int) -> list[int]:
    """IDs of unfinished operations of a connection's machines, oldest first.

    Invalid kinds in a damaged file are left out.
    """
    rows = db.execute(
        "SELECT o.id FROM operations o JOIN machines m ON m.id=o.machine_id WHERE o.ended_at IS NULL"
        f" AND o.state IN {OPEN} AND o.kind IN {KINDS} AND m.connection_id=? ORDER BY o.id",
        (connection_id,),
    )
    return [row[0] for row in rows]


def read_open(db: sqlite3.Connection, operation_ids: Sequence[int]) -> list[Operation]:
    """The unfinished operations among these, oldest first."""
    cursor = db.execute(
        f"{_SELECT} WHERE o.id IN {IN_JSON} AND o.ended_at IS NULL ORDER BY o.id",
        (as_list(operation_ids),),
    )
    return [operation_of(row) for row in typed(cursor, OperationRow)]


def read(db: sqlite3.Connection, operation_id: int) -> Operation:
    """The operation.

    Raises:
        LookupError: there is no operation with this ID.
    """
    row = read_row(db, operation_id)
    if row is None:
        raise LookupError(f"no operation {operation_id}")
    return operation_of(row)


def move(
    db: sqlite3.Connection,
    operation_id: int,
    state: OperationState,
    *,
    at: datetime | None = None,
    token: str | None = None,
    latest_end: datetime | None = None,
    run_id: str | None = None,
    note: str | None = None,
    code: str | None = None,
    request_id: str | None = None,
    standby: Standby | None = None,
) -> bool:
    """Change the state. ``at`` is stored as the time it finished.

    Returns:
        False if it had already ended.

    Raises:
        WrongTransitionError: the change is never allowed.
    """
    now = OperationState(
        db.execute("SELECT state FROM operations WHERE id=?", (operation_id,)).fetchone()[0]
    )
    if now.is_final:
        return False
    if state not in now.may_change_to:
        raise WrongTransitionError(f"operation {operation_id}: {now} -> {state}")
    db.execute(
        "UPDATE operations SET state=:state,"
        " ended_at=CASE WHEN :final THEN :at ELSE ended_at END,"
        " token=coalesce(:token, token), latest_end_at=coalesce(:latest, latest_end_at),"
        " run_id=coalesce(:run, run_id), note=coalesce(:note, note), code=coalesce(:code, code),"
        " request_id=coalesce(:request, request_id), standby=coalesce(:standby, standby) WHERE id=:id",
        {
            "state": state,
            "final": state.is_final,
            "at": to_text(at),
            "token": token,
            "latest": to_text(latest_end),
            "run": run_id.lower() if run_id else None,
            "note": note,
            "code": code,
            "request": request_id,
            "standby": standby,
            "id": operation_id,
        },
    )
    return True


def resource_ids(
    db: sqlite3.Connection, operation_ids: Iterable[int]
) -> tuple[tuple[int, str], ...]:
    """(operation ID, its machine's resource ID as Azure spells it), by operation ID."""
    rows = db.execute(
        "SELECT o.id, m.azure_id FROM operations o JOIN machines m ON m.id=o.machine_id"
        f" WHERE o.id IN {IN_JSON} ORDER BY o.id",
        (as_list(operation_ids),),
    )
    return tuple((row[0], row[1]) for row in rows)


def is_run_of_another(db: sqlite3.Connection, run_id: str, operation_id: int) -> bool:
    """Whether an operation other than this one is known to have made a run."""
    row = db.execute(
        "SELECT 1 FROM operations WHERE run_id=? AND id<>?", (run_id.lower(), operation_id)
    ).fetchone()
    return row is not None


def newest_id(db: sqlite3.Connection) -> int:
    """The highest ID; 0 without operations."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM operations").fetchone()[0])


def kind_to_wait_for(
    db: sqlite3.Connection, operation_id: int, *, sent_after: int = 0
) -> OperationKind | None:
    """The kind of the first earlier operation on the machine that this one must wait for; None if there is none.

    Unknown ones don't count, and queued ones only count with an ID above ``sent_after``.
    """
    row = db.execute(
        "SELECT e.kind FROM operations e JOIN operations o ON o.machine_id=e.machine_id"
        f" WHERE o.id=? AND e.id<o.id AND e.ended_at IS NULL AND e.state IN {BEFORE_OTHERS} AND e.kind IN {KINDS}"
        " AND (e.state<>'queued' OR e.id>?) ORDER BY e.id LIMIT 1",
        (operation_id, sent_after),
    ).fetchone()
    return OperationKind(row[0]) if row is not None else None


def save_progress(
    db: sqlite3.Connection, operation_id: int, done: int | None, total: int | None, note: str
) -> None:
    """Store the number of finished updates and a note."""
    db.execute(
        "UPDATE operations SET done=?, total=?, note=? WHERE id=? AND ended_at IS NULL",
        (done, total, note, operation_id),
    )


def read_row(db: sqlite3.Connection, operation_id: int) -> OperationRow | None:
    """The operation's row; None if there is none."""
    return first(db.execute(f"{_SELECT} WHERE o.id=?", (operation_id,)), OperationRow)


def operation_of(row: OperationRow) -> Operation:
    """The operation of a row."""
    return Operation(
        id=row.id,
        machine_id=row.machine_id,
        machine_name=row.machine_name,
        resource_id=row.azure_id,
        kind=OperationKind(row.kind),
        state=OperationState.parse(row.state),
        request=row.request,
        created=from_text(row.created_at) or datetime.min.replace(tzinfo=UTC),
        sent=from_text(row.sent_at),
        ended=from_text(row.ended_at),
        token=row.token,
        note=row.note,
        standby=Standby.parse(row.standby),
        batch_id=row.batch_id,
    )
