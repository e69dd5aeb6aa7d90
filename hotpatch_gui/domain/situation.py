"""The situation of a machine and its level, for sorting and filtering."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from hotpatch_gui.translation import translator

tr = translator("Health")

COUNTS_UNREPORTED, LIST_UNREPORTED, RESTART_UNREPORTED = "counts", "list", "restart"
"""Values that an assessment may omit: the number of updates, their list, and whether a restart is pending."""


class Level(IntEnum):
    """The attention that a machine needs; higher levels come first in the order Most urgent."""

    OK = 0
    INFO = 1
    UNKNOWN = 2
    WARNING = 3
    ERROR = 4


@tr.mark_values
class Situation(StrEnum):
    """The machine's situation: the first in the order of ``evidence`` that applies."""

    NO_PERMISSION = "No permission"
    UNSUPPORTED = "Hotpatch not available"
    RESTART_PENDING = "Restart pending"
    OFF_TRAIN = "Off the hotpatch train"
    AWAITS_BASELINE = "Waiting for a baseline"
    ACTION_REQUIRED = "Action required"
    ENROLLING = "Enrollment in progress"
    UNENROLLING = "Unenrollment in progress"
    NOT_ENROLLED = "Not enrolled"
    DISABLED = "Hotpatch off"
    LAST_FAILED = "Last installation failed"
    NOT_RUNNING = "Not running"
    NEVER_ASSESSED = "Never assessed"
    STALE = "Assessment too old"
    BEHIND = "Updates available"
    NOT_OFFERED = "Behind, none available"
    NOT_CONFIRMED = "Can't be confirmed"
    UP_TO_DATE = "Up to date"

    @property
    def label(self) -> str:
        """The situation's display name."""
        return tr(self.value)


DEPEND_ON_ASSESSMENT = (
    Situation.BEHIND,
    Situation.NOT_OFFERED,
    Situation.NOT_CONFIRMED,
    Situation.UP_TO_DATE,
)
"""Situations that become STALE when the assessment is too old."""
