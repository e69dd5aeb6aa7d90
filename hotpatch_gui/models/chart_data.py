"""What the charts draw. Apart from the charts, whose library takes 0.6 s to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ClassCount:
    label: str
    updates: int
    restarting: int


@dataclass(frozen=True, slots=True)
class DayCount:
    day: date
    installed: int
    failed: int


@dataclass(frozen=True, slots=True)
class StripMark:
    """A release or a plan on the strip; ``kind`` is planned_baseline, unplanned_baseline or hotpatch."""

    day: date
    kind: str
    is_plan: bool
    words: str


@dataclass(frozen=True, slots=True)
class StripInstall:
    when: datetime
    failed: bool
    words: str


@dataclass(frozen=True, slots=True)
class StripData:
    first: date
    last: date
    today: date
    marks: Sequence[StripMark]
    installs: Sequence[StripInstall]


@dataclass(frozen=True, slots=True)
class CalendarMark:
    """An entry of a product's calendar; ``kind`` is a ReleaseKind's value."""

    day: date
    product: str
    kind: str
    is_plan: bool
    has_changed: bool
    words: str


@dataclass(frozen=True, slots=True)
class InstallMark:
    day: date
    failed: bool
    words: str


@dataclass(frozen=True, slots=True)
class CalendarData:
    first: date
    last: date
    today: date
    marks: Sequence[CalendarMark]
    installs: Sequence[InstallMark]


@dataclass(frozen=True, slots=True)
class MonthBar:
    """Restarts of one release day, and mean days of exposure, with hotpatch and without."""

    day: date
    restarts: int
    without: int
    exposure: float
    exposure_without: float
    is_unknown: bool = False
    """What was released on the day is not known, so the plan is shown."""


@dataclass(frozen=True, slots=True)
class PlannerData:
    """``window_hours`` is how long each restart's window is."""

    window_hours: float
    months: Sequence[MonthBar]
