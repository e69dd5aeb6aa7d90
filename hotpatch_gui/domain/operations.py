"""An operation: one thing asked of one machine, a row in the file from the click on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class OperationKind(StrEnum):
    ASSESS = "assess"
    INSTALL = "install"
    RESTART = "restart"
    SETTINGS = "settings"
    ENROL = "enrol"
    DISENROL = "disenrol"

    @property
    def label(self) -> str:
        return {
            "assess": "Assess now",
            "install": "Install updates now",
            "restart": "Restart",
            "settings": "Update settings",
            "enrol": "Enroll in hotpatch",
            "disenrol": "End hotpatch enrollment",
        }[self.value]

    @property
    def doing(self) -> str:
        return {
            "assess": "Assessing",
            "install": "Installing updates on",
            "restart": "Restarting",
            "settings": "Changing settings of",
            "enrol": "Enrolling",
            "disenrol": "Ending the enrollment of",
        }[self.value]


class OperationState(StrEnum):
    """``sent`` means the request may have reached Azure; only what Azure says moves it on."""

    QUEUED = "queued"
    SENT = "sent"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    DISMISSED = "dismissed"
    """What became of it was not known when the user dismissed it, and is not found out any more."""

    @classmethod
    def parse(cls, text: str) -> OperationState:
        """UNKNOWN for what is no state: the file may have been damaged."""
        return next((s for s in cls if s.value == text), cls.UNKNOWN)

    @property
    def is_final(self) -> bool:
        return not _TRANSITIONS[self]

    @property
    def is_under_way(self) -> bool:
        """Whether Azure may be at work on it."""
        return self in (OperationState.SENT, OperationState.RUNNING, OperationState.UNKNOWN)

    @property
    def is_missed(self) -> bool:
        """Whether it did not do what it was for, or nobody knows whether it did."""
        return self in (OperationState.FAILED, OperationState.UNKNOWN, OperationState.DISMISSED)

    @property
    def label(self) -> str:
        return "unknown, dismissed" if self is OperationState.DISMISSED else self.value

    @property
    def may_change_to(self) -> frozenset[OperationState]:
        return _TRANSITIONS[self]


_S = OperationState
_TRANSITIONS: dict[OperationState, frozenset[OperationState]] = {
    _S.QUEUED: frozenset({_S.SENT, _S.CANCELLED, _S.FAILED}),
    _S.SENT: frozenset({_S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.UNKNOWN, _S.QUEUED}),
    _S.RUNNING: frozenset({_S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset({_S.UNKNOWN, _S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.DISMISSED}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.DISMISSED: frozenset(),
}


class Standby(StrEnum):
    """What becomes of a request that Azure refused because something else was at work on the machine."""

    NO = ""
    OFFERED = "offered"
    """It was refused for that; the user may have it asked again."""
    WAITS = "waits"
    """It is asked again until Azure takes it, or until it is canceled."""

    @classmethod
    def parse(cls, text: str) -> Standby:
        """NO for a text that a damaged file holds."""
        return next((known for known in cls if known.value == text), cls.NO)


class Operation(NamedTuple):
    """A row of the operations table. Times are UTC; ``request`` is the JSON that is sent, if any.

    ``token`` is the SDK's continuation token: it carries the operation's URL, never a bearer.
    """

    id: int
    machine_id: int
    machine_name: str
    resource_id: str
    kind: OperationKind
    state: OperationState
    request: str | None
    created: datetime
    sent: datetime | None = None
    ended: datetime | None = None
    token: str | None = None
    note: str = ""
    standby: Standby = Standby.NO
    batch_id: int | None = None
