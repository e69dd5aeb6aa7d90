"""Deployments of new machines, from the click to the result. No password is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.deployments import Deployment
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.translation import translator

from . import audit
from .audit import Event
from .timestamps import to_text

tr = translator("StoredDeployments")


class StoredDeployment(NamedTuple):
    """A deployment with its state, and ``note``, its last progress or problem; without the password."""

    id: int
    connection_id: int
    state: OperationState
    deployment: Deployment
    note: str


def add(
    db: sqlite3.Connection,
    connection_id: int,
    deployment: Deployment,
    now: datetime,
    requested_by: str,
) -> int:
    """Store a deployment that is about to be sent; returns its row ID. Call it inside a transaction."""
    made = db.execute(
        "INSERT INTO deployments (connection_id, resource_id, machine_resource_id, subject, request, state, requested_by, created_at)"
        " VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)",
        (
            connection_id,
            deployment.resource_id,
            deployment.machine_resource_id,
            deployment.machine,
            deployment.template,
            requested_by,
            to_text(now),
        ),
    )
    return int(made.lastrowid or 0)


def move(
    db: sqlite3.Connection,
    row_id: int,
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
    row = db.execute("SELECT state FROM deployments WHERE id=?", (row_id,)).fetchone()
    if row is None or state not in OperationState.parse(row[0]).may_change_to:
        return False
    db.execute(
        "UPDATE deployments SET state=?, note=?, ended_at=?, sent_at=coalesce(?, sent_at) WHERE id=?",
        (
            state,
            note,
            to_text(now) if state.is_final else None,
            to_text(now) if state is OperationState.SENT else None,
            row_id,
        ),
    )
    if event is not None:
        result = f"{state.display_name}: {note}" if event is Event.ENDED else note
        audit.add_deployment(
            db, row_id, event, now, result=result, code=code, request_id=request_id
        )
    return True


def read(db: sqlite3.Connection, row_id: int) -> StoredDeployment:
    """The deployment with this row ID.

    Raises:
        LookupError: there is none.
    """
    found = _read(db, "id=?", row_id)
    if not found:
        raise LookupError(f"no deployment {row_id}")
    return found[0]


def latest(db: sqlite3.Connection, resource_id: str) -> StoredDeployment | None:
    """The last deployment with this resource ID; None without one."""
    found = _read(db, "resource_id=?", resource_id)
    return found[-1] if found else None


def unfinished(db: sqlite3.Connection, connection_id: int) -> list[StoredDeployment]:
    """Deployments that haven't ended or whose result isn't known."""
    return _read(db, "connection_id=? AND ended_at IS NULL", connection_id)


def azure_code(db: sqlite3.Connection, row: StoredDeployment) -> str:
    """Azure's last error code; empty without one."""
    found = db.execute(
        "SELECT code FROM audit_log WHERE kind=? AND resource_id=? ORDER BY id DESC LIMIT 1",
        (audit.DEPLOYMENT, row.deployment.resource_id),
    ).fetchone()
    return (found[0] or "") if found is not None else ""


def newest(db: sqlite3.Connection) -> int:
    """The row ID of the newest deployment; 0 without any."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM deployments").fetchone()[0])


def open_rows(db: sqlite3.Connection) -> list[int]:
    """The row IDs of deployments that haven't ended."""
    return [row[0] for row in db.execute("SELECT id FROM deployments WHERE ended_at IS NULL")]


def ended(db: sqlite3.Connection, after: int, also: Sequence[int]) -> list[StoredDeployment]:
    """Deployments newer than ``after``, and those of ``also``, that have ended or whose result isn't known."""
    rows = _read(db, "(ended_at IS NOT NULL OR state='unknown')")
    return [row for row in rows if row.id > after or row.id in also]


def end_all(db: sqlite3.Connection, connection_id: int, now: datetime) -> None:
    """Cancel the queued deployments of a connection that is removed, and dismiss the others. Call it inside a transaction."""
    for row in unfinished(db, connection_id):
        if row.state is OperationState.QUEUED:
            note = tr("Canceled, because its connection was removed.")
            move(db, row.id, OperationState.CANCELED, now, Event.CANCELED, note=note)
            continue
        note = tr("Its connection was removed before the deployment ended.")
        move(db, row.id, OperationState.UNKNOWN, now, Event.LOST, note=note)
        move(db, row.id, OperationState.DISMISSED, now, Event.DISMISSED, note=note)


def _read(db: sqlite3.Connection, where: str, *values: object) -> list[StoredDeployment]:
    rows = db.execute(f"SELECT * FROM deployments WHERE {where} ORDER BY id", values)
    return [
        StoredDeployment(
            row["id"],
            row["connection_id"],
            OperationState.parse(row["state"]),
            Deployment(
                row["resource_id"], row["machine_resource_id"], row["subject"], row["request"]
            ),
            row["note"],
        )
        for row in rows
    ]
