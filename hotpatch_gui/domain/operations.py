"""An operation: one request for one machine, stored from the click to its result."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

tr = translator("OperationsDomain")


class OperationKind(StrEnum):
    """A kind of operation. Values are stored."""

    ASSESS = "assess"
    INSTALL = "install"
    RESTART = "restart"
    START = "start"
    SETTINGS = "settings"
    ENROLL = "enroll"
    UNENROLL = "unenroll"

    @property
    def label(self) -> str:
        """The command's name."""
        return {
            "assess": tr("Assess now"),
            "install": tr("Install updates now"),
            "restart": tr("Restart"),
            "start": tr("Start"),
            "settings": tr("Update settings"),
            "enroll": tr("Enroll in hotpatch"),
            "unenroll": tr("End hotpatch enrollment"),
        }[self.value]

    @property
    def doing(self) -> str:
        """The operation in progress, such as ``Assessing``, before the machine's name."""
        return {
            "assess": tr("Assessing"),
            "install": tr("Installing updates on"),
            "restart": tr("Restarting"),
            "start": tr("Starting"),
            "settings": tr("Changing settings of"),
            "enroll": tr("Enrolling"),
            "unenroll": tr("Ending the enrollment of"),
        }[self.value]

    @property
    def progress(self) -> str:
        """The operation in progress, in the row of its machine."""
        return {
            "assess": tr("Assessing…"),
            "install": tr("Installing updates…"),
            "restart": tr("Restarting…"),
            "start": tr("Starting…"),
            "settings": tr("Changing settings…"),
            "enroll": tr("Enrolling…"),
            "unenroll": tr("Ending enrollment…"),
        }[self.value]


class OperationState(StrEnum):
    """The state of an operation.

    ``sent`` means that the request may have reached Azure: it is sent again only if Azure rejected it, or if it certainly
    didn't leave this computer.
    """

    QUEUED = "queued"
    SENT = "sent"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"
    DISMISSED = "dismissed"
    """Its result wasn't known when the user dismissed it, and isn't resolved anymore."""

    @classmethod
    def parse(cls, text: str) -> OperationState:
        """Parse a stored value; UNKNOWN for an invalid one, because the file may be damaged."""
        return next((s for s in cls if s.value == text), cls.UNKNOWN)

    @property
    def is_final(self) -> bool:
        """Whether the state never changes again."""
        return not _TRANSITIONS[self]

    @property
    def is_under_way(self) -> bool:
        """Whether Azure may be working on it."""
        return self in (OperationState.SENT, OperationState.RUNNING, OperationState.UNKNOWN)

    @property
    def is_failed_or_unknown(self) -> bool:
        """Whether it failed, or its result isn't known."""
        return self in (OperationState.FAILED, OperationState.UNKNOWN, OperationState.DISMISSED)

    @property
    def label(self) -> str:
        """The state's display name within a sentence."""
        return tr(_LABELS[self])

    @property
    def display_name(self) -> str:
        """The state's display name in a cell, or at the beginning of a sentence."""
        return tr(_TITLES[self])

    @property
    def may_change_to(self) -> frozenset[OperationState]:
        """States that may follow."""
        return _TRANSITIONS[self]


_S = OperationState
_LABELS = {
    OperationState.QUEUED: tr.mark("queued"),
    OperationState.SENT: tr.mark("sent"),
    OperationState.RUNNING: tr.mark("in progress"),
    OperationState.SUCCEEDED: tr.mark("succeeded"),
    OperationState.FAILED: tr.mark("failed"),
    OperationState.CANCELED: tr.mark("canceled"),
    OperationState.UNKNOWN: tr.mark("unknown"),
    OperationState.DISMISSED: tr.mark("unknown, dismissed"),
}

_TITLES = {
    OperationState.QUEUED: tr.mark("Queued"),
    OperationState.SENT: tr.mark("Sent"),
    OperationState.RUNNING: tr.mark("In progress"),
    OperationState.SUCCEEDED: tr.mark("Succeeded"),
    OperationState.FAILED: tr.mark("Failed"),
    OperationState.CANCELED: tr.mark("Canceled"),
    OperationState.UNKNOWN: tr.mark("Unknown"),
    OperationState.DISMISSED: tr.mark("Unknown, dismissed"),
}

_TRANSITIONS: dict[OperationState, frozenset[OperationState]] = {
    _S.QUEUED: frozenset({_S.SENT, _S.CANCELED, _S.FAILED}),
    _S.SENT: frozenset({_S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.UNKNOWN, _S.QUEUED}),
    _S.RUNNING: frozenset({_S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset({_S.UNKNOWN, _S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.DISMISSED}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.DISMISSED: frozenset(),
}


class Standby(StrEnum):
    """Whether a request that Azure rejected as busy waits and is retried."""

    NO = ""
    OFFERED = "offered"
    """It was rejected as busy; the user may let it wait."""
    WAITS = "waits"
    """It is retried while Azure rejects it as busy."""

    @classmethod
    def parse(cls, text: str) -> Standby:
        """Parse a stored value; NO for an invalid one."""
        return next((known for known in cls if known.value == text), cls.NO)


class Operation(NamedTuple):
    """A row of the operations table. Times are UTC.

    ``request`` is the JSON to send, if any. ``token`` is the SDK's continuation token, which contains a URL but no bearer.
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
