"""The audit log: every call that changes something, as it was sent and as it ended. Rows are only ever added; the
file itself refuses to change or delete one."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from enum import StrEnum

from .timestamps import to_text


class Event(StrEnum):
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    LOST = "answer lost"
    ENDED = "ended"
    CANCELLED = "cancelled"
    DISMISSED = "dismissed"


def add(
    db: sqlite3.Connection,
    operation_id: int,
    event: Event,
    now: datetime,
    *,
    result: str = "",
    code: str = "",
    request_id: str = "",
) -> None:
    """One line on an operation. The body is what is sent: no header, and so no token, is ever in it."""
    db.execute(
        "INSERT INTO calls (at, connection, account, asked_by, kind, machine, resource_id, operation_id, event,"
        " body, result, code, request_id)"
        " SELECT ?, coalesce(c.name, ''), c.account, o.asked_by, o.kind, m.name, m.azure_id, o.id, ?, o.request, ?, ?, ?"
        " FROM operations o JOIN machines m ON m.id=o.machine_id LEFT JOIN connections c ON c.id=m.connection_id"
        " WHERE o.id=?",
        (to_text(now), event, result, code, request_id, operation_id),
    )
