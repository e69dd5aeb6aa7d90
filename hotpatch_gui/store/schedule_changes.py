"""Requested changes of schedules, from the click to the result, in the order in which they are sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.schedule_changes import ChangeKind, ScheduleChange
from hotpatch_gui.translation import translator

from . import audit
from .audit import Event
from .sql import IN_JSON, as_list, quoted
from .timestamps import to_text

tr = translator("StoredScheduleChanges")

_OPEN = quoted(
    s.value for s in (OperationState.QUEUED, OperationState.SENT, OperationState.UNKNOWN)
)


_ALSO = {OperationState.QUEUED: (OperationState.QUEUED, OperationState.SUCCEEDED)}
"""Transitions that operations don't have: a retry, and a schedule that already exists as requested."""


SAME_CLICK = timedelta(minutes=5)
"""An equal request within this time counts as a double-click."""
LAG = timedelta(minutes=10)
"""How long Resource Graph may not show a change."""


class StoredChange(NamedTuple):
    """A change as stored. ``action_id`` is the first change of the same click or command."""

    id: int
    state: OperationState
    change: ScheduleChange
    created: datetime
    action_id: int
    note: str

    @property
    def target(self) -> str:
        """The changed resource's ID in lower case."""
        return self.change.resource_id.lower()


def add(
    db: sqlite3.Connection,
    connection_id: int,
    changes: Sequence[ScheduleChange],
    now: datetime,
    requested_by: str,
) -> list[int]:
    """Queue changes in order. Call it inside a transaction.

    A change equal to the previous change of its resource in this request is skipped. In a request with changes of one kind only, a
    change that an equal unfinished one of the last SAME_CLICK already requests isn't queued again. An earlier change of the same
    resource with an unknown result is dismissed, because the new change replaces it.

    Returns:
        The row IDs, of those that were queued before, too.
    """
    builds = len({change.kind for change in changes}) > 1
    last: dict[str, StoredChange] = {}
    lost: dict[str, list[int]] = {}
    for row in unfinished(db, connection_id):
        if row.state is OperationState.UNKNOWN:
            lost.setdefault(row.target, []).append(row.id)
        else:
            last[row.target] = row
    added: list[int] = []
    queued: list[int] = []
    own: dict[str, ScheduleChange] = {}
    for change in changes:
        target = change.resource_id.lower()
        if target in own:
            if own[target].requests_same(change):
                continue
        elif not builds and target in last and _is_same(last[target], change, now):
            queued.append(last[target].id)
            continue
        own[target] = change
        for row_id in lost.pop(target, ()):
            move(db, row_id, OperationState.DISMISSED, now, Event.DISMISSED)
        made = db.execute(
            "INSERT INTO schedule_changes (connection_id, kind, resource_id, subject, request, state, requested_by,"
            " created_at) VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)",
            (
                connection_id,
                change.kind,
                change.resource_id,
                change.subject,
                change.body,
                requested_by,
                to_text(now),
            ),
        )
        added.append(int(made.lastrowid or 0))
    if added:
        db.execute(
            "UPDATE schedule_changes SET action_id=? WHERE id BETWEEN ? AND ?",
            (added[0], added[0], added[-1]),
        )
    return sorted({*queued, *added})


def _is_same(row: StoredChange, change: ScheduleChange, now: datetime) -> bool:
    """Whether a stored row already requests this change: a second click, not one that an earlier session left."""
    return row.change.requests_same(change) and now - row.created < SAME_CLICK


def end_earlier(
    db: sqlite3.Connection,
    connection_id: int,
    later: StoredChange,
    state: OperationState,
    now: datetime,
) -> None:
    """End earlier changes of the resource in ``state``, because ``later`` replaces them.

    When ``later`` succeeds, earlier changes with an unknown result are dismissed. When it is sent, queued ones of another
    session are canceled.
    """
    rows = db.execute(
        "SELECT id FROM schedule_changes WHERE connection_id=? AND ended_at IS NULL AND state=? AND lower(resource_id)=?"
        " AND id<?",
        (connection_id, state, later.target, later.id),
    )
    is_unknown = state is OperationState.UNKNOWN
    end = OperationState.DISMISSED if is_unknown else OperationState.CANCELED
    event = Event.DISMISSED if is_unknown else Event.CANCELED
    for row in rows.fetchall():
        move(db, row[0], end, now, event, note=tr("Replaced by a later change."))


def states_before(
    db: sqlite3.Connection, action_ids: Iterable[int]
) -> dict[int, set[OperationState]]:
    """For each change of these actions, by row ID, the states of the earlier changes in its action that are of another kind.

    The change may depend on them.
    """
    rows = db.execute(
        f"SELECT id, action_id, kind, state FROM schedule_changes WHERE action_id IN {IN_JSON} ORDER BY id",
        (as_list(action_ids),),
    )
    found: dict[int, set[OperationState]] = {}
    by_kind: dict[int, dict[str, set[OperationState]]] = {}
    for row_id, action_id, kind, state in rows:
        before = by_kind.setdefault(action_id, {})
        found[row_id] = {s for other, states in before.items() if other != kind for s in states}
        before.setdefault(kind, set()).add(OperationState.parse(state))
    return found


def cancel(db: sqlite3.Connection, change_ids: Sequence[int] | None, now: datetime) -> None:
    """Cancel queued changes, of these or all. Call it inside a transaction."""
    rows = db.execute(
        f"SELECT id FROM schedule_changes WHERE state='queued' AND (? IS NULL OR id IN {IN_JSON})",
        (None if change_ids is None else 1, as_list(change_ids or ())),
    )
    for row in rows.fetchall():
        move(db, row[0], OperationState.CANCELED, now, Event.CANCELED)


def any_unfinished(db: sqlite3.Connection, connection_id: int) -> bool:
    """Whether a change hasn't ended, or its result isn't known."""
    row = db.execute(
        f"SELECT 1 FROM schedule_changes WHERE connection_id=? AND state IN {_OPEN} LIMIT 1",
        (connection_id,),
    ).fetchone()
    return row is not None


def expire_older(db: sqlite3.Connection, before: datetime, now: datetime) -> None:
    """Cancel queued changes created up to ``before``. Call it inside a transaction."""
    rows = db.execute(
        "SELECT id FROM schedule_changes WHERE state='queued' AND created_at<=?", (to_text(before),)
    )
    for row in rows.fetchall():
        note = tr("It waited for more than an hour and wasn't sent.")
        move(db, row[0], OperationState.CANCELED, now, Event.CANCELED, note=note)


def end_all(db: sqlite3.Connection, connection_id: int, now: datetime) -> None:
    """End the changes of a connection that is removed. Call it inside a transaction."""
    for row in unfinished(db, connection_id):
        if row.state is OperationState.QUEUED:
            note = tr("Canceled, because its connection was removed.")
            move(db, row.id, OperationState.CANCELED, now, Event.CANCELED, note=note)
            continue
        if row.state is OperationState.SENT:
            note = tr("Its connection was removed before Azure answered.")
            move(db, row.id, OperationState.UNKNOWN, now, Event.LOST, note=note)
        move(db, row.id, OperationState.DISMISSED, now, Event.DISMISSED)


def unfinished(db: sqlite3.Connection, connection_id: int) -> list[StoredChange]:
    """Changes that haven't ended or whose result isn't known, in order."""
    return _read(db, f"connection_id=? AND state IN {_OPEN}", connection_id)


def assigning(db: sqlite3.Connection, connection_id: int, now: datetime) -> list[StoredChange]:
    """The last change of each assignment or scope that hasn't ended or succeeded lately, if it assigns something."""
    lately = succeeded_since(db, connection_id, now - LAG)
    last = {row.target: row for row in sorted((*lately, *unfinished(db, connection_id)))}
    return [row for row in last.values() if row.change.builds_on]


def succeeded_since(
    db: sqlite3.Connection, connection_id: int, since: datetime
) -> list[StoredChange]:
    """Changes that succeeded since a time, in the order in which they did."""
    return _read(
        db,
        "connection_id=? AND state='succeeded' AND ended_at>=?",
        connection_id,
        to_text(since),
        order="ended_at, id",
    )


def _read(
    db: sqlite3.Connection, where: str, *values: object, order: str = "id"
) -> list[StoredChange]:
    rows = db.execute(f"SELECT * FROM schedule_changes WHERE {where} ORDER BY {order}", values)
    return [
        StoredChange(
            row["id"],
            OperationState.parse(row["state"]),
            ScheduleChange(
                ChangeKind(row["kind"]), row["resource_id"], row["subject"], row["request"]
            ),
            datetime.fromisoformat(row["created_at"]),
            row["action_id"] or row["id"],
            row["note"],
        )
        for row in rows
    ]


def move(
    db: sqlite3.Connection,
    change_id: int,
    state: OperationState,
    now: datetime,
    event: Event | None,
    *,
    note: str = "",
    code: str = "",
    request_id: str = "",
) -> bool:
    """Change the state, with a line in the audit log for ``event``. Call it inside a transaction.

    Returns:
        False if the state may not follow the stored one.
    """
    row = db.execute("SELECT state FROM schedule_changes WHERE id=?", (change_id,)).fetchone()
    before = OperationState.parse(row[0]) if row is not None else None
    if before is None or state not in {*before.may_change_to, *_ALSO.get(before, ())}:
        return False
    db.execute(
        "UPDATE schedule_changes SET state=?, note=?, ended_at=? WHERE id=?",
        (state, note, to_text(now) if state.is_final else None, change_id),
    )
    if state is OperationState.SENT:
        db.execute("UPDATE schedule_changes SET sent_at=? WHERE id=?", (to_text(now), change_id))
    if event is not None:
        result = f"{state.display_name}: {note}" if event is Event.ENDED else note
        audit.add_change(db, change_id, event, now, result=result, code=code, request_id=request_id)
    return True


def dismiss_unknown(db: sqlite3.Connection, now: datetime) -> None:
    """Dismiss changes whose result isn't known. Call it inside a transaction."""
    for row in db.execute("SELECT id FROM schedule_changes WHERE state='unknown'").fetchall():
        move(db, row[0], OperationState.DISMISSED, now, Event.DISMISSED)


def is_allowed(db: sqlite3.Connection, connection_id: int) -> bool:
    """Whether changes are allowed for the connection."""
    row = db.execute(
        "SELECT changes_allowed FROM connections WHERE id=? AND removed_at IS NULL",
        (connection_id,),
    ).fetchone()
    return row is not None and bool(row[0])


def any_waiting(db: sqlite3.Connection, change_ids: Sequence[int]) -> bool:
    """Whether one of these changes is still to be sent or answered."""
    waiting = quoted((OperationState.QUEUED, OperationState.SENT))
    row = db.execute(
        f"SELECT 1 FROM schedule_changes WHERE id IN {IN_JSON} AND state IN {waiting}",
        (as_list(change_ids),),
    ).fetchone()
    return row is not None


def states(db: sqlite3.Connection, change_ids: Sequence[int]) -> dict[int, OperationState]:
    """States by change ID; changes that don't exist are left out."""
    return {row.id: row.state for row in results(db, change_ids)}


def results(db: sqlite3.Connection, change_ids: Sequence[int]) -> list[StoredChange]:
    """These changes, in order."""
    return _read(db, f"id IN {IN_JSON}", as_list(change_ids))


def azure_codes(db: sqlite3.Connection, change_ids: Sequence[int]) -> dict[int, str]:
    """Azure's last error code by change; empty without one."""
    rows = db.execute(
        "SELECT s.id, (SELECT a.code FROM audit_log a WHERE a.resource_id=s.resource_id AND a.kind=s.kind AND a.at>=s.created_at"
        f" ORDER BY a.id DESC LIMIT 1) FROM schedule_changes s WHERE s.id IN {IN_JSON}",
        (as_list(change_ids),),
    )
    return {row[0]: row[1] or "" for row in rows}


class EndedChanges(NamedTuple):
    """The changes of one click or command, all ended or with an unknown result.

    Attributes:
        kinds: how many kinds of changes these are. ``id``, ``kind`` and ``subject`` are of the last one.
        note: of the first one that failed, or else of one with an unknown result.
    """

    action_id: int
    id: int
    kinds: int
    kind: str
    subject: str
    total: int
    succeeded: int
    failed: int
    unknown: int
    canceled: int
    note: str


_ENDED = f"""
SELECT a.action_id, l.id, a.kinds, l.kind, l.subject, a.total, a.succeeded, a.failed, a.unknown, a.canceled, a.note
FROM (SELECT action_id, max(id) AS last, count(DISTINCT kind) AS kinds, count(*) AS total,
        sum(state='succeeded') AS succeeded, sum(state='failed') AS failed,
        sum(state IN ('unknown', 'dismissed')) AS unknown, sum(state='canceled') AS canceled,
        coalesce(max(CASE WHEN state='failed' THEN note END), max(CASE WHEN state='unknown' THEN note END), '') AS note
    FROM schedule_changes WHERE action_id>? OR action_id IN {IN_JSON} GROUP BY 1 HAVING sum(state IN ('queued', 'sent'))=0) a
JOIN schedule_changes l ON l.id=a.last ORDER BY 1
"""


class OpenChanges(NamedTuple):
    """Changes that haven't ended, of all connections.

    Attributes:
        waiting: changes whose result can still arrive; ``queued`` of them weren't sent.
        note: the newest one's with an unknown result, or else of one that is tried again.
    """

    waiting: int
    queued: int
    unknown: int
    note: str


def still_open(db: sqlite3.Connection) -> OpenChanges:
    """The changes that haven't ended."""
    rows = db.execute(
        f"SELECT state, subject, note FROM schedule_changes WHERE state IN {_OPEN} AND ended_at IS NULL ORDER BY id"
    ).fetchall()
    unknown = [f"{row['subject']}: {row['note']}" for row in rows if row["state"] == "unknown"]
    queued = [row for row in rows if row["state"] == "queued"]
    notes = unknown or [f"{row['subject']}: {row['note']}" for row in queued if row["note"]]
    note = notes[-1] if notes else ""
    return OpenChanges(len(rows) - len(unknown), len(queued), len(unknown), note)


def newest(db: sqlite3.Connection) -> int:
    """The ID of the newest action; 0 without any."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM schedule_changes").fetchone()[0])


def open_actions(db: sqlite3.Connection) -> list[int]:
    """The actions with a change that hasn't ended, or whose result isn't known."""
    rows = db.execute(f"SELECT DISTINCT action_id FROM schedule_changes WHERE state IN {_OPEN}")
    return [row[0] for row in rows]


def ended(db: sqlite3.Connection, after: int, also: Sequence[int] = ()) -> list[EndedChanges]:
    """Ended actions with a higher ID than ``after``, and of ``also``, oldest first."""
    return [EndedChanges(*row) for row in db.execute(_ENDED, (after, as_list(also)))]
