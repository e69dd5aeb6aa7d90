"""The audit log: every call that changes something, with its result.

Rows are only added; triggers in the file reject changes and deletions.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from enum import StrEnum

from hotpatch_gui.translation import translator

from .timestamps import to_text

tr = translator("Audit")


class Event(StrEnum):
    """A change of an operation. Values are stored, in an older wording, because stored lines can't be changed."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "refused"
    NOT_SENT = "not sent"
    LOST = "answer lost"
    SILENT = "progress unknown"
    UNCONFIRMED = "not confirmed"
    """Azure reports the end, but its result can't be read, or the machine doesn't show it."""
    ENDED = "ended"
    CANCELED = "cancelled"
    DISMISSED = "dismissed"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(_LABELS[self])


_LABELS = {
    Event.SENDING: tr.mark("Sending"),
    Event.ACCEPTED: tr.mark("Accepted"),
    Event.REJECTED: tr.mark("Rejected"),
    Event.NOT_SENT: tr.mark("Not sent"),
    Event.LOST: tr.mark("Response lost"),
    Event.SILENT: tr.mark("Progress unknown"),
    Event.UNCONFIRMED: tr.mark("Not confirmed"),
    Event.ENDED: tr.mark("Ended"),
    Event.CANCELED: tr.mark("Canceled"),
    Event.DISMISSED: tr.mark("Dismissed"),
}


DEPLOYMENT = "deploy machine"
"""The kind of a deployment. Stored."""
_ADD_OF = """
INSERT INTO audit_log (at, connection, account, requested_by, kind, machine, resource_id, event, body, result, code, request_id)
SELECT ?, c.name, c.account, s.requested_by, {kind}, s.subject, s.resource_id, ?, s.request, ?, ?, ?
FROM {table} s JOIN connections c ON c.id=s.connection_id WHERE s.id=?
"""


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
    """Add a line for an operation.

    The body is the request's JSON without headers, so it never contains a token.
    """
    db.execute(
        "INSERT INTO audit_log (at, connection, account, requested_by, kind, machine, resource_id, operation_id, event,"
        " body, result, code, request_id)"
        " SELECT ?, coalesce(c.name, ''), c.account, o.requested_by, o.kind, m.name, m.azure_id, o.id, ?, o.request, ?, ?, ?"
        " FROM operations o JOIN machines m ON m.id=o.machine_id LEFT JOIN connections c ON c.id=m.connection_id"
        " WHERE o.id=?",
        (to_text(now), event, result, code, request_id, operation_id),
    )


def add_change(
    db: sqlite3.Connection,
    change_id: int,
    event: Event,
    now: datetime,
    *,
    result: str = "",
    code: str = "",
    request_id: str = "",
) -> None:
    """Add a line for a change of a schedule; the schedule's name is in column ``machine``."""
    values = (to_text(now), event, result, code, request_id, change_id)
    db.execute(_ADD_OF.format(kind="s.kind", table="schedule_changes"), values)


def add_deployment(
    db: sqlite3.Connection,
    deployment_id: int,
    event: Event,
    now: datetime,
    *,
    result: str = "",
    code: str = "",
    request_id: str = "",
) -> None:
    """Add a line for the deployment of a new machine. Its body is the template, which has no password."""
    values = (to_text(now), event, result, code, request_id, deployment_id)
    db.execute(_ADD_OF.format(kind=f"'{DEPLOYMENT}'", table="deployments"), values)
