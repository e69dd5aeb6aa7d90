"""The operations table: the queue, and the record of everything asked of Azure."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from hotpatch_gui.domain.operations import Operation, OperationKind, OperationState, Standby

from .database import open_writer, transaction
from .tables import AMONG, DISPLAY_NAME, as_list
from .times import from_text, to_text

_SELECT = (
    f"SELECT o.*, {DISPLAY_NAME} AS machine_name, m.azure_id FROM operations o"
    " JOIN machines m ON m.id=o.machine_id "
)
_OPEN = ("queued", "sent", "running", "unknown")
_KINDS = tuple(kind.value for kind in OperationKind)


class WrongTransitionError(RuntimeError):
    """A change of state that the rules of operations do not allow: a bug."""


def set_request(db: sqlite3.Connection, operation_id: int, request: str) -> None:
    """What is really sent, where only the machine's state now decides it. Call it before ``claim``."""
    db.execute(
        "UPDATE operations SET request=? WHERE id=? AND state='queued'", (request, operation_id)
    )


def claim(db: sqlite3.Connection, operation_id: int, at: datetime, note: str) -> bool:
    """Move a queued operation to *sent*; False where it is not queued any more, so that nobody but
    the one who claimed it sends it. Call it inside a durable transaction.

    Also keeps how far the machine's history is known, in Azure's own times: should the answer be lost,
    what Azure shows beyond that is this operation's, whatever any clock of ours said.
    """
    done = db.execute(
        "UPDATE operations SET state='sent', sent_at=?, note=?, known_until=CASE kind"
        " WHEN 'install' THEN (SELECT max(started_at) FROM installations i"
        "  WHERE i.machine_id=operations.machine_id)"
        " WHEN 'assess' THEN (SELECT max(coalesce(started_at, assessed_at)) FROM assessments a"
        "  WHERE a.machine_id=operations.machine_id) END"
        " WHERE id=? AND state='queued'",
        (to_text(at), note, operation_id),
    )
    return done.rowcount == 1


PROGRAM = "Hotpatch Dashboard"
"""Who asks for what follows from something else."""


def _local_user() -> str:
    import getpass  # noqa: PLC0415 - with the first click

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "not known"


class Outbox:
    """The window's own way to put requests into the queue in the moment of the click."""

    def __init__(self, path: Path, asked_by: str | None = None) -> None:
        """``asked_by`` is who is at the computer, for the audit log; None finds out."""
        self._db = open_writer(path)
        self._asked_by = asked_by or _local_user()
        self._db.execute("PRAGMA busy_timeout=500")

    def close(self) -> None:
        self._db.close()

    def queue(
        self, kind: OperationKind, requests: Sequence[tuple[int, str | None]], now: datetime
    ) -> list[int]:
        """Queue one operation per (machine id, request JSON); machines on which the same kind is
        already open are passed over, so a double click queues once. The new rows' ids."""
        with transaction(self._db):
            return [
                row_id
                for machine_id, request in requests
                if (
                    row_id := _insert(
                        self._db, kind, machine_id, request, now=now, asked_by=self._asked_by
                    )
                )
                is not None
            ]

    def wait_for_turn(self, operation_id: int, now: datetime) -> int | None:
        """Ask for a refused operation again, once Azure takes it; None where it is not of that sort."""
        with transaction(self._db):
            row = self._db.execute(
                "UPDATE operations SET standby='' WHERE id=? AND standby='offered'"
                " RETURNING kind, machine_id, request",
                (operation_id,),
            ).fetchone()
            if row is None:
                return None
            return _insert(
                self._db, OperationKind(row["kind"]), row["machine_id"], row["request"],
                now=now, asked_by=self._asked_by, standby=Standby.WAITS,
            )  # fmt: skip

    def arc_servers(self, machine_ids: Sequence[int]) -> list[int]:
        """Those among them that are Arc-enabled servers."""
        rows = self._db.execute(
            f"SELECT id FROM machines WHERE kind='arc' AND id IN {AMONG}", (as_list(machine_ids),)
        )
        return [row[0] for row in rows]

    def cancel(self, operation_id: int, now: datetime) -> bool:
        """Take a queued operation back, or stop finding out about an unknown one; False if it is neither."""
        with transaction(self._db):
            done = self._db.execute(
                "UPDATE operations SET ended_at=?,"
                " note=CASE state WHEN 'queued' THEN 'Cancelled before it was sent.'"
                "  ELSE 'Dismissed: what became of it was never known.' END,"
                " state=CASE state WHEN 'queued' THEN 'cancelled' ELSE 'failed' END"
                " WHERE id=? AND state IN ('queued', 'unknown')",
                (to_text(now), operation_id),
            )
            return done.rowcount == 1


def _insert(
    db: sqlite3.Connection,
    kind: OperationKind,
    machine_id: int,
    request: str | None,
    *,
    now: datetime,
    asked_by: str,
    standby: Standby = Standby.NO,
) -> int | None:
    same = db.execute(
        f"SELECT 1 FROM operations WHERE machine_id=? AND kind=? AND state IN {_OPEN}",
        (machine_id, kind),
    ).fetchone()
    if same:
        return None
    cursor = db.execute(
        "INSERT INTO operations (machine_id, kind, state, request, created_at, asked_by, standby)"
        " VALUES (?, ?, 'queued', ?, ?, ?, ?)",
        (machine_id, kind, request, to_text(now), asked_by, standby),
    )
    return cursor.lastrowid


def follow_up(db: sqlite3.Connection, kind: OperationKind, machine_id: int, now: datetime) -> None:
    """Queue what the end of another operation calls for, unless it is open already. For the worker."""
    with transaction(db):
        _insert(db, kind, machine_id, None, now=now, asked_by=PROGRAM)


def newest(db: sqlite3.Connection) -> int:
    """The id of the operation that was asked for last; 0 where there is none."""
    (found,) = db.execute("SELECT coalesce(max(id), 0) FROM operations").fetchone()
    return int(found)


def after(db: sqlite3.Connection, operation_id: int) -> list[sqlite3.Row]:
    """What was asked for since that one, oldest first."""
    return db.execute(f"{_SELECT} WHERE o.id>? ORDER BY o.id", (operation_id,)).fetchall()


def last_failures(db: sqlite3.Connection, most: int) -> list[sqlite3.Row]:
    """Those that failed or whose end is not known, the latest first."""
    return db.execute(
        f"{_SELECT} WHERE o.state IN ('failed', 'unknown') ORDER BY o.id DESC LIMIT ?", (most,)
    ).fetchall()


def open_operations(db: sqlite3.Connection) -> list[Operation]:
    """Operations that have not ended, oldest first."""
    return [operation_of(r) for r in running(db)]


def read(db: sqlite3.Connection, operation_id: int) -> Operation:
    """Raises LookupError for an id that is not there."""
    row = db.execute(f"{_SELECT} WHERE o.id=?", (operation_id,)).fetchone()
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
    """Change the state by the rules; False where somebody cancelled or dismissed it meanwhile.
    ``at`` is stored as the time it ended.

    Raises:
        WrongTransitionError: the rules never allow this change.
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
            "state": state, "final": state.is_final, "at": to_text(at), "token": token,
            "latest": to_text(latest_end), "run": run_id.lower() if run_id else None, "note": note,
            "code": code, "request": request_id, "standby": standby, "id": operation_id,
        },
    )  # fmt: skip
    return True


def before(db: sqlite3.Connection, operation_id: int) -> OperationKind | None:
    """What was asked for earlier on the same machine and is still to end; None where nothing is."""
    row = db.execute(
        "SELECT e.kind FROM operations e JOIN operations o ON o.machine_id=e.machine_id"
        f" WHERE o.id=? AND e.id<o.id AND e.state IN ('queued', 'sent', 'running') AND e.kind IN {_KINDS}"
        " ORDER BY e.id LIMIT 1",
        (operation_id,),
    ).fetchone()
    return OperationKind(row[0]) if row is not None else None


def progress(
    db: sqlite3.Connection, operation_id: int, done: int | None, total: int | None, note: str
) -> None:
    db.execute(
        "UPDATE operations SET done=?, total=?, note=? WHERE id=? AND ended_at IS NULL",
        (done, total, note, operation_id),
    )


def running(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """The rows of open operations, oldest first; what a damaged file asks for is none that can be done."""
    return db.execute(
        f"{_SELECT} WHERE o.state IN {_OPEN} AND o.kind IN {_KINDS} ORDER BY o.id"
    ).fetchall()


def read_row(db: sqlite3.Connection, operation_id: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(f"{_SELECT} WHERE o.id=?", (operation_id,)).fetchone()
    return row


def operation_of(row: sqlite3.Row) -> Operation:
    return Operation(
        id=row["id"],
        machine_id=row["machine_id"],
        machine_name=row["machine_name"],
        resource_id=row["azure_id"],
        kind=OperationKind(row["kind"]),
        state=OperationState.parse(row["state"]),
        request=row["request"],
        created=from_text(row["created_at"]) or datetime.min.replace(tzinfo=UTC),
        sent=from_text(row["sent_at"]),
        ended=from_text(row["ended_at"]),
        token=row["token"],
        note=row["note"],
        standby=Standby(row["standby"]),
    )
