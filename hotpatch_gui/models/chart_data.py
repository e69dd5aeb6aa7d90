"""Data of the charts. Separate from the charts, whose library takes 0.6 s to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Available updates of a classification."""

    label: str
    updates: int
    restarting: int


@dataclass(frozen=True, slots=True)
class UpdatesPerDay:
    """Installed and failed updates of a day."""

    day: date
    installed: int
    failed: int


@dataclass(frozen=True, slots=True)
class StripMark:
    """A release or a planned one; ``kind`` is planned_baseline, unplanned_baseline or hotpatch."""

    day: date
    kind: str
    is_plan: bool
    tooltip: str


@dataclass(frozen=True, slots=True)
class StripInstall:
    """An installation on the strip."""

    when: datetime
    failed: bool
    tooltip: str


@dataclass(frozen=True, slots=True)
class StripData:
    """Data of the release strip."""

    first: date
    last: date
    today: date
    marks: Sequence[StripMark]
    installs: Sequence[StripInstall]


@dataclass(frozen=True, slots=True)
class CalendarMark:
    """An entry of a product's calendar; ``kind`` is a ReleaseKind value."""

    day: date
    product: str
    kind: str
    is_plan: bool
    has_changed: bool
    tooltip: str


@dataclass(frozen=True, slots=True)
class InstallMark:
    """Installations of a release on a day; ``machines`` is their number."""

    day: date
    failed: bool
    machines: int
    tooltip: str


@dataclass(frozen=True, slots=True)
class CalendarData:
    """Data of the calendar chart."""

    first: date
    last: date
    today: date
    marks: Sequence[CalendarMark]
    installs: Sequence[InstallMark]


@dataclass(frozen=True, slots=True)
class MonthBar:
    """Restarts of one release day and average days of exposure, with and without hotpatch."""

    day: date
    restarts: int
    without: int
    exposure: float
    exposure_without: float
    is_unknown: bool = False
    """The release isn't known, so the plan is shown."""


@dataclass(frozen=True, slots=True)
class PlannerData:
    """Data of the planner's chart."""

    months: Sequence[MonthBar]


@dataclass(frozen=True, slots=True)
class ComplianceDay:
    """Machines by compliance group on a day, in the groups' order."""

    day: date
    machines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrendData:
    """Data of the compliance trend; ``marked`` is a chosen past day."""

    first: date
    last: date
    days: Sequence[ComplianceDay]
    marked: date | None = None
