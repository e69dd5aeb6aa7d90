"""Azure's reports: assessments, installation runs and the result of each update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from hotpatch_gui.translation import translator

from .updates import Classification, Update

tr = translator("Records")

ASSESSMENTS_KEPT = timedelta(days=400)
"""13 months of evidence. The latest assessment of each machine is kept forever."""


class RunStatus(StrEnum):
    """Azure's PatchOperationStatus, and NotStarted as Resource Graph spells it."""

    UNKNOWN = "Unknown"
    NOT_STARTED = "NotStarted"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    COMPLETED_WITH_WARNINGS = "CompletedWithWarnings"
    FAILED = "Failed"

    @property
    def label(self) -> str:
        """The status's display name."""
        return tr(_LABELS[self])

    @property
    def is_final(self) -> bool:
        """Whether the run has finished."""
        return self.is_good or self is RunStatus.FAILED

    @property
    def is_good(self) -> bool:
        """Whether the run finished with a usable result."""
        return self in (RunStatus.SUCCEEDED, RunStatus.COMPLETED_WITH_WARNINGS)

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> RunStatus:
        """Parse Azure's value, in any case; UNKNOWN for an unknown one."""
        folded = (text or "").casefold()
        return next((s for s in cls if s.value.casefold() == folded), cls.UNKNOWN)


_LABELS = {
    RunStatus.UNKNOWN: tr.mark("Unknown"),
    RunStatus.NOT_STARTED: tr.mark("Not started"),
    RunStatus.IN_PROGRESS: tr.mark("In progress"),
    RunStatus.SUCCEEDED: tr.mark("Succeeded"),
    RunStatus.COMPLETED_WITH_WARNINGS: tr.mark("Completed with warnings"),
    RunStatus.FAILED: tr.mark("Failed"),
}

RESTART_STATUSES = {
    "NotNeeded": tr.mark("Not needed"),
    "Required": tr.mark("Still required"),
    "Started": tr.mark("Started"),
    "Failed": tr.mark("Failed"),
    "Completed": tr.mark("Completed"),
}
"""Display names of VMGuestPatchRebootStatus; other values are shown unchanged."""
UPDATE_STATES = (
    "Unknown",
    "Installed",
    "Failed",
    "Excluded",
    "NotSelected",
    "Pending",
)
"""PatchInstallationState."""
STARTERS = ("User", "Platform")
"""PatchOperationStartedBy."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The result of one assessment. Times are UTC.

    ``updates`` None: only counts were read. ``counts`` are by classification; an instance view has ``important`` and
    ``other`` instead.
    """

    activity_id: str
    status: RunStatus
    assessed: datetime
    started: datetime | None = None
    restart_pending: bool | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    important: int | None = None
    other: int | None = None
    support_state: str | None = None
    started_by: str | None = None
    error: str | None = None
    updates: tuple[Update, ...] | None = None
    patch_service: str | None = None
    """Azure's ``patchServiceUsed``: where the machine searched for updates (``WU``, ``WU_WSUS``)."""


@dataclass(frozen=True, slots=True)
class RunUpdate:
    """One update of an installation run and its PatchInstallationState."""

    patch_id: str
    name: str
    kb: str | None
    classification: Classification | None
    classification_text: str
    state: str
    restart: str | None = None


@dataclass(frozen=True, slots=True)
class InstallationRun:
    """One installation run. Counts are None if not reported; ``errors`` are the first five."""

    run_id: str
    status: RunStatus
    started: datetime
    modified: datetime | None = None
    started_by: str | None = None
    restart_status: str | None = None
    window_exceeded: bool | None = None
    installed: int | None = None
    failed: int | None = None
    pending: int | None = None
    excluded: int | None = None
    not_selected: int | None = None
    maintenance_run_id: str | None = None
    errors: tuple[tuple[str, str], ...] = ()
    updates: tuple[RunUpdate, ...] | None = None
