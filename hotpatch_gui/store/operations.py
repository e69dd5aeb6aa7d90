"""The operations table: the queue, and the record of everything asked of Azure."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from hotpatch_gui.domain.operations import Operation, OperationKind, OperationState, Standby
from hotpatch_gui.domain.waves import WaveMode, Waves

from . import audit
from .audit import Event
from .sql import AMONG, BEFORE_OTHERS, KINDS, MISSED, OPEN, UNDER_WAY, as_list
from .tables import DISPLAY_NAME
from .times import from_text, to_text

_SELECT = (
    f"SELECT o.*, {DISPLAY_NAME} AS machine_name, m.azure_id FROM operations o"
    " JOIN machines m ON m.id=o.machine_id "
)
CANCELLED = "Cancelled before it was sent."
DISMISSED = "Dismissed: what became of it is not known."


SKEW = timedelta(minutes=1)
"""By how much our time of an assessment's request may be ahead of Azure's."""


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

    Also keeps how far the machine's history is known: should the answer be lost, what Azure shows beyond that is
    this operation's. For an installation that is in Azure's own times alone, whatever any clock of ours said. Any
    assessment that is as young as the request is as good as its own, so the time (less SKEW) counts too.
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


PROGRAM = "Hotpatch Dashboard"
"""Who asks for what follows from something else."""


class Request(NamedTuple):
    """One operation to be queued: the machine's row id, the JSON that is sent, and its wave."""

    machine_id: int
    body: str | None
    wave: int = 0
    wave_name: str = ""


def begin_batch(
    db: sqlite3.Connection, kind: OperationKind, waves: Waves, now: datetime
) -> int | None:
    """The id of what holds a request's waves together; None where all go at once and nothing stops them."""
    if waves.mode is WaveMode.ALL and not waves.stop_after:
        return None
    made = db.execute(
        "INSERT INTO batches (kind, created_at, mode, size, stop_after) VALUES (?, ?, ?, ?, ?)",
        (kind, to_text(now), waves.mode, waves.size, waves.stop_after),
    )
    return made.lastrowid


def queue(
    db: sqlite3.Connection, kind: OperationKind, requests: Sequence[Request], now: datetime, asked_by: str,
    *, standby: Standby = Standby.NO, batch_id: int | None = None,
) -> list[int]:  # fmt: skip
    """Queue one operation for each; machines on which the same kind is already open are passed over, so a double
    click queues once. The new rows' ids. Call it inside a transaction."""
    busy = {
        row[0]
        for row in db.execute(
            f"SELECT machine_id FROM operations WHERE ended_at IS NULL AND kind=? AND machine_id IN {AMONG}"
            f" AND state IN {OPEN}",
            (kind, as_list(r.machine_id for r in requests)),
        )
    }
    queued = []
    for request in requests:
        if request.machine_id in busy:
            continue
        busy.add(request.machine_id)
        made = db.execute(
            "INSERT INTO operations (machine_id, kind, state, request, created_at, asked_by, standby, batch_id,"
            " wave, wave_name) VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)",
            (
                request.machine_id, kind, request.body, to_text(now), asked_by, standby, batch_id, request.wave,
                request.wave_name,
            ),
        )  # fmt: skip
        queued.append(int(made.lastrowid or 0))
    return queued


def ask_again(
    db: sqlite3.Connection, operation_id: int, resource_id: str, now: datetime, asked_by: str
) -> int | None:
    """Queue a refused operation on that machine again, to be sent once Azure takes it; the new row's id, None
    where it is not of that sort. Call it inside a transaction."""
    row = db.execute(
        "UPDATE operations SET standby='' WHERE id=? AND standby='offered'"
        f" AND {_ON_MACHINE} RETURNING kind, machine_id, request",
        (operation_id, resource_id.lower()),
    ).fetchone()
    if row is None:
        return None
    request = Request(row["machine_id"], row["request"])
    kind = OperationKind(row["kind"])
    queued = queue(db, kind, [request], now, asked_by, standby=Standby.WAITS)
    return queued[0] if queued else None


_ON_MACHINE = "machine_id=(SELECT id FROM machines WHERE resource_id=?)"


def cancel(
    db: sqlite3.Connection, operation_id: int, resource_id: str, now: datetime
) -> OperationState | None:
    """Take a queued operation on that machine back, or stop finding out about an unknown one: its state now; None
    where it is neither. Call it inside a transaction."""
    row = db.execute(
        f"SELECT state FROM operations WHERE id=? AND {_ON_MACHINE}",
        (operation_id, resource_id.lower()),
    ).fetchone()
    was = OperationState.parse(row["state"]) if row is not None else None
    if was is OperationState.QUEUED:
        end(db, [operation_id], OperationState.CANCELLED, Event.CANCELLED, note=CANCELLED, now=now)
        return OperationState.CANCELLED
    if was is OperationState.UNKNOWN:
        end(db, [operation_id], OperationState.DISMISSED, Event.DISMISSED, note=DISMISSED, now=now)
        return OperationState.DISMISSED
    return None


def end(
    db: sqlite3.Connection,
    operation_ids: Iterable[int],
    state: OperationState,
    event: Event,
    *,
    note: str,
    now: datetime,
) -> None:
    """End operations in a state, each with its line of the audit log. Call it inside a transaction."""
    ids = list(operation_ids)
    db.execute(
        f"UPDATE operations SET state=?, ended_at=?, note=? WHERE id IN {AMONG}",
        (state, to_text(now), note, as_list(ids)),
    )
    for operation_id in ids:
        audit.add(db, operation_id, event, now, result=note)


def cancel_queued(
    db: sqlite3.Connection, machine_ids: Iterable[int], note: str, now: datetime
) -> None:
    """Cancel what still waits on these machines. Call it inside a transaction."""
    rows = db.execute(
        f"SELECT id FROM operations WHERE state='queued' AND machine_id IN {AMONG}",
        (as_list(machine_ids),),
    ).fetchall()
    end(db, [r[0] for r in rows], OperationState.CANCELLED, Event.CANCELLED, note=note, now=now)


def lose(db: sqlite3.Connection, machine_ids: Iterable[int], note: str, now: datetime) -> None:
    """What becomes of the operations sent to these machines cannot be followed any more. Call it inside a
    transaction."""
    rows = db.execute(
        f"UPDATE operations SET state='unknown', note=? WHERE state IN {UNDER_WAY} AND state<>'unknown'"
        f" AND machine_id IN {AMONG} RETURNING id",
        (note, as_list(machine_ids)),
    ).fetchall()
    for row in rows:
        audit.add(db, row[0], Event.LOST, now, result=note)


def batches_with_waiting(db: sqlite3.Connection) -> list[int]:
    """Batches of which some operations wait for their wave."""
    rows = db.execute(
        "SELECT DISTINCT batch_id FROM operations WHERE batch_id>0 AND state='queued'"
    )
    return [row[0] for row in rows]


def next_of_batch(db: sqlite3.Connection, batch_id: int) -> list[int]:
    """Those of a batch whose turn it is to be sent, oldest first."""
    batch = db.execute("SELECT mode, size FROM batches WHERE id=?", (batch_id,)).fetchone()
    mode = WaveMode(batch["mode"])
    limit, wave = -1, None
    if mode is WaveMode.SOME:
        (busy,) = db.execute(
            f"SELECT count(*) FROM operations WHERE batch_id=? AND state IN {UNDER_WAY}",
            (batch_id,),
        ).fetchone()
        limit = max(0, batch["size"] - busy)
    elif mode is WaveMode.GROUPS:
        (wave,) = db.execute(
            f"SELECT min(wave) FROM operations WHERE batch_id=? AND state IN {OPEN}", (batch_id,)
        ).fetchone()
    rows = db.execute(
        "SELECT id FROM operations WHERE batch_id=? AND state='queued' AND wave=coalesce(?, wave)"
        " ORDER BY id LIMIT ?",
        (batch_id, wave, limit),
    )
    return [row[0] for row in rows]


def stop_batch(db: sqlite3.Connection, batch_id: int, now: datetime) -> int:
    """Where a batch has as many failures as stop it: what still waits is not sent. How many that were. Call it
    inside a transaction."""
    (stop_after,) = db.execute("SELECT stop_after FROM batches WHERE id=?", (batch_id,)).fetchone()
    (missed,) = db.execute(
        f"SELECT count(*) FROM operations WHERE batch_id=? AND state IN {MISSED}", (batch_id,)
    ).fetchone()
    if not stop_after or missed < stop_after:
        return 0
    rows = db.execute(
        "SELECT id FROM operations WHERE batch_id=? AND state='queued'", (batch_id,)
    ).fetchall()
    if rows:
        failures = "one of its machines" if missed == 1 else f"{missed:,} of its machines"
        note = f"Not sent: this request stopped after it failed on {failures}."
        ids = [row[0] for row in rows]
        end(db, ids, OperationState.CANCELLED, Event.CANCELLED, note=note, now=now)
        db.execute("UPDATE batches SET stopped_at=? WHERE id=?", (to_text(now), batch_id))
    return len(rows)


def follow_up(
    db: sqlite3.Connection, kind: OperationKind, machine_id: int, now: datetime
) -> list[int]:
    """Queue what the end of another operation calls for, unless it is open already; the new rows' ids. Call it
    inside a transaction."""
    return queue(db, kind, [Request(machine_id, None)], now, PROGRAM)


def any_in(
    db: sqlite3.Connection, operation_ids: Sequence[int], states: Iterable[OperationState]
) -> bool:
    """Whether one of these is in one of the states."""
    row = db.execute(
        f"SELECT 1 FROM operations WHERE id IN {AMONG} AND state IN {AMONG} LIMIT 1",
        (as_list(operation_ids), as_list(states)),
    ).fetchone()
    return row is not None


def read_all(db: sqlite3.Connection, operation_ids: Sequence[int]) -> list[sqlite3.Row]:
    """Their rows, oldest first."""
    return db.execute(
        f"{_SELECT} WHERE o.id IN {AMONG} ORDER BY o.id", (as_list(operation_ids),)
    ).fetchall()


class Work(NamedTuple):
    """What is under way: how many operations, the oldest of them, and how many of each kind."""

    total: int = 0
    first: sqlite3.Row | None = None
    by_kind: Mapping[str, int] = MappingProxyType({})


def work(db: sqlite3.Connection, machine_ids: Sequence[int] | None = None) -> Work:
    """On these machines, or on all. It takes as long as there are machines named, and no longer for a long history."""
    of: str = ""
    values: tuple[str, ...] = ()
    if machine_ids is not None:
        of, values = f" AND o.machine_id IN {AMONG}", (as_list(machine_ids),)
    is_open = f"o.ended_at IS NULL AND o.kind IN {KINDS}{of}"
    kinds = db.execute(
        f"SELECT o.kind, count(*) FROM operations o WHERE {is_open} GROUP BY o.kind", values
    ).fetchall()
    if not kinds:
        return Work()
    by = "o.id" if machine_ids is None else "+o.id"
    first = db.execute(f"{_SELECT} WHERE {is_open} ORDER BY {by} LIMIT 1", values).fetchone()
    return Work(sum(n for _, n in kinds), first, dict(map(tuple, kinds)))


def is_any_open(db: sqlite3.Connection) -> bool:
    """Whether anything is under way or waits."""
    row = db.execute("SELECT 1 FROM operations WHERE ended_at IS NULL LIMIT 1").fetchone()
    return row is not None


def last_ended(db: sqlite3.Connection) -> sqlite3.Row | None:
    """The operation that ended last."""
    row: sqlite3.Row | None = db.execute(
        f"{_SELECT} WHERE o.ended_at IS NOT NULL ORDER BY o.ended_at DESC, o.id DESC LIMIT 1"
    ).fetchone()
    return row


def last_failures(db: sqlite3.Connection, most: int) -> list[sqlite3.Row]:
    """Those that failed or whose end is not known, the latest first."""
    return db.execute(
        f"{_SELECT} WHERE o.state IN {MISSED} ORDER BY o.id DESC LIMIT ?", (most,)
    ).fetchall()


def open_operations(db: sqlite3.Connection) -> list[Operation]:
    """Operations that have not ended, oldest first; what a damaged file asks for is none that can be done."""
    rows = db.execute(
        f"{_SELECT} WHERE o.ended_at IS NULL AND o.state IN {OPEN} AND o.kind IN {KINDS} ORDER BY o.id"
    )
    return [operation_of(r) for r in rows]


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
        f" WHERE o.id=? AND e.id<o.id AND e.ended_at IS NULL AND e.state IN {BEFORE_OTHERS} AND e.kind IN {KINDS}"
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
        batch_id=row["batch_id"],
    )
