"""Releases and planned releases, and the days on which Microsoft releases.

A planned baseline is released in January, April, July and October, a hotpatch in the other months. An unplanned baseline
may replace a hotpatch. Anything after the day in question is a plan, even if it is known today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from hotpatch_gui.translation import translator

from .dates import month_name

tr = translator("ReleasesDomain")

BASELINE_MONTHS = (1, 4, 7, 10)
PLAN_RULE = tr.mark(
    "Microsoft's rule: a baseline in January, April, July and October, hotpatches in between"
)
RELEASE_HOUR = time(17, 0, tzinfo=UTC)
"""The hour of Microsoft's monthly releases: 10:00 Pacific time in summer."""


class Product(StrEnum):
    """A Windows Server version with hotpatching."""

    WS2022 = "WS2022"
    WS2025 = "WS2025"

    @property
    def label(self) -> str:
        """The product's name."""
        return tr("Windows Server {year}", year=self.value[2:])

    @property
    def build_family(self) -> str:
        """The first part of every build of the product."""
        return "20348" if self is Product.WS2022 else "26100"

    @classmethod
    def of_build(cls, build: str | None) -> Product | None:
        """The product whose builds begin like this one; None for any other."""
        family = (build or "").partition(".")[0]
        return next((p for p in cls if p.build_family == family), None)

    @property
    def last_planned(self) -> date:
        """The last day with announced hotpatches (2022: October 2027), or the end of mainstream support."""
        return date(2027, 10, 31) if self is Product.WS2022 else date(2029, 11, 13)


class ReleaseKind(StrEnum):
    """The kind of a release. Values are stored."""

    PLANNED_BASELINE = "planned_baseline"
    UNPLANNED_BASELINE = "unplanned_baseline"
    HOTPATCH = "hotpatch"
    OUT_OF_BAND = "out_of_band"

    @property
    def label(self) -> str:
        """The kind's display name, within a sentence."""
        return {
            ReleaseKind.PLANNED_BASELINE: tr("planned baseline"),
            ReleaseKind.UNPLANNED_BASELINE: tr("unplanned baseline"),
            ReleaseKind.HOTPATCH: tr("hotpatch"),
            ReleaseKind.OUT_OF_BAND: tr("out-of-band"),
        }[self]

    @property
    def display_name(self) -> str:
        """The kind's display name in a cell, or at the beginning of a sentence."""
        return {
            ReleaseKind.PLANNED_BASELINE: tr("Planned baseline"),
            ReleaseKind.UNPLANNED_BASELINE: tr("Unplanned baseline"),
            ReleaseKind.HOTPATCH: tr("Hotpatch"),
            ReleaseKind.OUT_OF_BAND: tr("Out-of-band"),
        }[self]

    @property
    def is_baseline(self) -> bool:
        """Whether it is a planned or unplanned baseline."""
        return self in (ReleaseKind.PLANNED_BASELINE, ReleaseKind.UNPLANNED_BASELINE)


HINT = "hint"
"""The confidence of a release that the fleet suggests but nothing confirms."""


@dataclass(frozen=True, slots=True)
class Release:
    """One published release. None means not published; nothing is guessed.

    Attributes:
        channel: ``hotpatch`` for what enrolled machines receive, ``standard`` for out-of-band updates of other machines.
        lcu_kb: the cumulative update of that month for machines that aren't enrolled; ``lcu_build`` likewise.
    """

    product: Product
    month: str
    released: date
    kind: ReleaseKind
    channel: str
    kb: str | None
    build: str | None
    restarts: bool | None
    lcu_kb: str | None
    lcu_build: str | None
    confidence: str
    source: str
    note: str
    is_offered: bool = True
    """False for a release that is only in the Update Catalog."""
    machines: int | None = None
    """How many machines show a release learned from the fleet; None for a published one."""

    @property
    def on_train(self) -> bool:
        """Whether a machine on exactly this release keeps receiving hotpatches."""
        return self.channel == "hotpatch"

    @property
    def is_certain(self) -> bool:
        """Whether it is published, or confirmed by several machines."""
        return self.confidence != HINT

    @property
    def month_name(self) -> str:
        """The month, such as ``July 2026``."""
        return month_name(self.released)

    @property
    def title(self) -> str:
        """The title, such as ``July 2026 baseline KB5099536``; without the KB if unknown."""
        if self.kind.is_baseline:
            name = tr("{month} baseline", month=self.month_name)
        elif self.kb is None:
            name = f"{self.month_name} {self.kind.label}"
        else:
            name = self.kind.label
        return f"{name} {self.kb}" if self.kb else name


@dataclass(frozen=True, slots=True)
class Expected:
    """A planned release. Kind and date may still change."""

    product: Product
    day: date
    kind: ReleaseKind
    source: str = PLAN_RULE

    @property
    def restarts(self) -> bool:
        """Whether it is a baseline, which restarts."""
        return self.kind.is_baseline


def release_day(at: datetime) -> date:
    """The last day whose releases are available at that time; they appear at RELEASE_HOUR."""
    return (at - timedelta(hours=RELEASE_HOUR.hour)).date()


def second_tuesday(year: int, month: int) -> date:
    """Microsoft's monthly release day."""
    first = date(year, month, 1)
    return first + timedelta(days=(1 - first.weekday()) % 7 + 7)


def release_days(first: date, last: date) -> Iterator[date]:
    """The second Tuesdays from ``first`` to ``last``."""
    year, month = first.year, first.month
    while (day := second_tuesday(year, month)) <= last:
        if day >= first:
            yield day
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def read_release(row: Mapping[str, Any]) -> Release:
    """Read one row of ``releases.json``.

    Raises:
        KeyError, ValueError: the row isn't valid.
    """
    return Release(
        product=Product(row["product"]),
        month=row["month"],
        released=date.fromisoformat(row["released"]),
        kind=ReleaseKind(row["kind"]),
        channel=row["channel"],
        kb=row["kb"],
        build=row["build"],
        restarts=row["restarts"],
        lcu_kb=row["lcu_kb"],
        lcu_build=row.get("lcu_build"),
        confidence=row["confidence"],
        source=row["source"],
        note=row.get("note", ""),
        is_offered=row.get("offered", True),
    )


def read_planned(row: Mapping[str, Any]) -> Expected:
    """Read one row of ``releases-planned.json``.

    Raises:
        KeyError, ValueError: the row isn't valid.
    """
    return Expected(
        Product(row["product"]),
        date.fromisoformat(row["expected_second_tuesday"]),
        ReleaseKind(row["kind"]),
        row["source"],
    )


def _is_number(text: str) -> bool:
    """Whether it is ASCII digits, no more than a build has."""
    return text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS


MAX_DIGITS = 7


def build_revision(build: str | None) -> int | None:
    """``26100.33222`` as 33222; None for anything that isn't a build with a revision above 0."""
    family, _, revision = (build or "").partition(".")
    if not (_is_number(family) and _is_number(revision)):
        return None
    return int(revision) or None
