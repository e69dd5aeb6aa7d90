"""Operations put into the file as the engine does it, for tests without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.store import database, operations, queue
from hotpatch_gui.store.queue import NewOperation


def put(
    db: sqlite3.Connection,
    kind: OperationKind,
    requests: Sequence[tuple[int, str | None]],
    now: datetime,
) -> list[int]:
    """The new rows' ids."""
    with database.transaction(db):
        return queue.add(db, kind, [NewOperation(*r) for r in requests], now, "tester")


def cancel(db: sqlite3.Connection, operation_id: int, now: datetime) -> bool:
    resource_id = operations.read(db, operation_id).resource_id
    with database.transaction(db):
        return queue.cancel(db, operation_id, resource_id, now)


def dismiss(db: sqlite3.Connection, operation_id: int, now: datetime) -> bool:
    resource_id = operations.read(db, operation_id).resource_id
    with database.transaction(db):
        return queue.dismiss(db, operation_id, resource_id, now)
