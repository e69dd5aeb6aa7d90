"""How a machine stands, in one word and one degree: what lists sort and filter by."""

from __future__ import annotations

from enum import IntEnum, StrEnum

COUNTS_UNSAID, LIST_UNSAID, RESTART_UNSAID = "counts", "list", "restart"
"""What an assessment may leave unsaid: how many updates, which, and whether a restart is pending."""


class Level(IntEnum):
    """How much attention a machine needs; higher sorts first in "needs attention"."""

    OK = 0
    INFO = 1
    UNKNOWN = 2
    WARNING = 3
    ERROR = 4


class Situation(StrEnum):
    """One word for the list; the first that holds, worst first."""

    NO_PERMISSION = "No permission"
    UNSUPPORTED = "Not available on this image"
    RESTART_PENDING = "Restart pending"
    OFF_TRAIN = "Off the hotpatch train"
    ACTION_REQUIRED = "Action required"
    ENROLLING = "Enrollment in progress"
    NOT_ENROLLED = "Not enrolled"
    DISABLED = "Hotpatch off"
    LAST_FAILED = "Last installation failed"
    NOT_RUNNING = "Not running"
    NEVER_ASSESSED = "Never assessed"
    STALE = "Assessment too old"
    BEHIND = "Updates available"
    NOT_OFFERED = "Behind, nothing offered"
    NOT_CONFIRMED = "Can't be confirmed"
    UP_TO_DATE = "Up to date"
