"""The hotpatch calendar: published releases, and Microsoft's plan.

A planned baseline is released in January, April, July and October, a hotpatch in the other months. An unplanned baseline
may replace a hotpatch. Anything after the day in question is a plan, even if it is known today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

BASELINE_MONTHS = (1, 4, 7, 10)
PLAN_RULE = (
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
        return f"Windows Server {self.value[2:]}"

    @property
    def build_family(self) -> str:
        """The first part of every build of the product."""
        return "20348" if self is Product.WS2022 else "26100"

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
        return self.value.replace("_", "-" if self is ReleaseKind.OUT_OF_BAND else " ")

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
            words = f"{self.month_name} baseline"
        elif self.kb is None:
            words = f"{self.month_name} {self.kind.label}"
        else:
            words = self.kind.label
        return f"{words} {self.kb}" if self.kb else words


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


def month_name(day: date) -> str:
    """Month and year, such as ``July 2026``."""
    return f"{day:%B %Y}"


def day_name(day: date) -> str:
    """The date, such as ``13 October 2026``."""
    return f"{day.day} {day:%B %Y}"


def read_release(row: Mapping[str, Any]) -> Release:
    """Read one row of ``releases.json``.

    Raises:
        KeyError, ValueError: the row isn't valid.
    """
    return Release(
        product=Product(row["product_key"]),
        month=row["month"],
        released=date.fromisoformat(row["release_date"]),
        kind=ReleaseKind(row["kind"]),
        channel=row["channel"],
        kb=row["kb"],
        build=row["os_build"],
        restarts=row["requires_reboot"],
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
        Product(row["product_key"]),
        date.fromisoformat(row["expected_second_tuesday"]),
        ReleaseKind(row["kind"]),
        row["source"],
    )


class Calendar:
    """All known releases of both products, and the plan after the last one."""

    def __init__(self, releases: Iterable[Release], planned: Iterable[Expected] = ()) -> None:
        self._planned = {(e.product, e.day): e for e in planned}
        self.releases = tuple(sorted(releases, key=lambda r: (r.released, r.channel)))
        self._by_kb = {(r.product, r.kb): r for r in reversed(self.releases) if r.kb}
        self._by_build = {(r.product, r.build): r for r in reversed(self.releases) if r.build}
        self._lcu = {
            (r.product, key): r
            for r in reversed(self.releases)
            if not r.kind.is_baseline and r.kind is not ReleaseKind.OUT_OF_BAND
            for key in (r.lcu_kb, r.lcu_build)
            if key
        }

    @classmethod
    def from_rows(
        cls, rows: Iterable[Mapping[str, Any]], planned: Iterable[Mapping[str, Any]] = ()
    ) -> Calendar:
        """Create from the rows of ``releases.json`` and ``releases-planned.json``."""
        return cls(map(read_release, rows), map(read_planned, planned))

    def with_releases(self, releases: Iterable[Release]) -> Calendar:
        """A calendar with these releases and the same plan."""
        return Calendar(releases, self._planned.values())

    def train(self, product: Product, day: date) -> list[Release]:
        """Hotpatch-channel releases until ``day``, oldest first."""
        return list(_train(self, product, day))

    def monthly(self, product: Product, day: date) -> list[Release]:
        """Monthly hotpatch-channel releases until ``day``, oldest first."""
        return [r for r in self.train(product, day) if r.kind is not ReleaseKind.OUT_OF_BAND]

    def baseline_in_force(self, product: Product, day: date) -> Release | None:
        """The newest baseline until ``day``; None before the first."""
        return next((r for r in reversed(_train(self, product, day)) if r.kind.is_baseline), None)

    def hotpatch_in_force(self, product: Product, day: date) -> Release | None:
        """The newest hotpatch on the current baseline; None right after a baseline."""
        newest = self.newest(product, day)
        return None if newest is None or newest.kind.is_baseline else newest

    def newest(self, product: Product, day: date) -> Release | None:
        """The release that an up-to-date enrolled machine runs on ``day``."""
        train = _train(self, product, day)
        return train[-1] if train else None

    def baseline_of(self, release: Release) -> Release | None:
        """The baseline of a release; a baseline is its own."""
        return self.baseline_in_force(release.product, release.released)

    def by_kb(self, product: Product, kb: str | None) -> Release | None:
        """The release with this KB."""
        return self._by_kb.get((product, kb)) if kb else None

    def by_build(self, product: Product, build: str | None) -> Release | None:
        """The release with this build."""
        return self._by_build.get((product, build)) if build else None

    def shares_build(self, release: Release) -> bool:
        """Whether an out-of-band release of the other channel in the same month may have the same build.

        For example KB5070881 and KB5070893 of October 2025, which the build can't distinguish.
        """
        return release.kind is ReleaseKind.OUT_OF_BAND and any(
            r.product is release.product
            and r.month == release.month
            and r.kind is ReleaseKind.OUT_OF_BAND
            and r.on_train is not release.on_train
            and r.build in (None, release.build)
            for r in self.releases
        )

    def train_twin(self, release: Release) -> Release | None:
        """The hotpatch-channel release with the build of an out-of-band update of the other channel."""
        return next(
            (
                r
                for r in self.releases
                if r.product is release.product
                and r.on_train
                and r.build == release.build
                and r is not release
            ),
            None,
        )

    def hotpatch_month_of_lcu(self, product: Product, kb_or_build: str | None) -> Release | None:
        """The hotpatch whose month's cumulative update has this KB or build.

        A machine that runs it has left the baseline and receives no hotpatches until the next one.
        """
        return self._lcu.get((product, kb_or_build)) if kb_or_build else None

    def expected(self, product: Product, day: date, months: int = 12) -> list[Expected]:
        """The plan after ``day``: one entry per month, soonest first."""
        end = (day.replace(day=1) + timedelta(days=31 * months)).replace(day=28)
        return list(self.plan(product, day + timedelta(days=1), end))

    def plan(self, product: Product, first: date, last: date) -> Iterator[Expected]:
        """Planned releases from ``first`` to ``last``, past ones included, as published or else by the rule."""
        for day in release_days(first, min(last, product.last_planned)):
            baseline = day.month in BASELINE_MONTHS
            kind = ReleaseKind.PLANNED_BASELINE if baseline else ReleaseKind.HOTPATCH
            yield self._planned.get((product, day), Expected(product, day, kind))

    def unknown(self, product: Product, after: date, day: date) -> tuple[Expected, ...]:
        """Monthly releases planned between ``after`` and ``day`` without data, oldest first.

        A release that only one machine shows counts as unknown.
        """
        return tuple(e for e in _unknown(self, product, day) if e.day > after)

    def complete_until(self, product: Product) -> date:
        """The last day until which every planned release is known: the calendar's horizon.

        ``date.min`` if no release of the product is known.
        """
        if self.first_day(product) == date.max:
            return date.min
        gap = next(iter(_unknown(self, product, product.last_planned)), None)
        return gap.day - timedelta(days=1) if gap else product.last_planned

    def planned_on(self, product: Product, month: str) -> Expected | None:
        """The plan for ``month`` (``2026-11``); None if no release is planned."""
        first = date.fromisoformat(f"{month}-01")
        return next(self.plan(product, first, first + timedelta(days=27)), None)

    def month(self, product: Product, month: str) -> Release | None:
        """The confirmed monthly release of ``month`` (``2026-11``)."""
        return _months(self).get((product, month))

    def is_newer_than_known(self, product: Product, build: str) -> bool:
        """Whether the build is above every known build; False for text that isn't a build."""
        revision = build_revision(build)
        return revision is not None and revision > _highest(self, product)

    def first_day(self, product: Product) -> date:
        """The day of the product's first known release."""
        return next((r.released for r in self.releases if r.product is product), date.max)

    def next_restart(self, product: Product, day: date) -> Expected | None:
        """The next planned baseline after ``day``."""
        return _next_restart(self, product, day)

    def behind(self, running: Release, day: date) -> list[Release]:
        """Releases of the train after ``running`` and until ``day``, oldest first."""
        train = _train(self, running.product, day)
        return [r for r in train if r.released > running.released]


# cached, because every machine of a fleet needs the same results


@lru_cache(maxsize=512)
def _train(calendar: Calendar, product: Product, day: date) -> tuple[Release, ...]:
    return tuple(
        r
        for r in calendar.releases
        if r.product is product and r.on_train and r.is_certain and r.released <= day
    )


@lru_cache(maxsize=512)
def _unknown(calendar: Calendar, product: Product, day: date) -> tuple[Expected, ...]:
    first = min(calendar.first_day(product), day.replace(day=1))
    return tuple(
        e
        for e in calendar.plan(product, first, day)
        if calendar.month(product, f"{e.day:%Y-%m}") is None
    )


@lru_cache(maxsize=8)
def _months(calendar: Calendar) -> dict[tuple[Product, str], Release]:
    return {
        (r.product, r.month): r
        for r in calendar.releases
        if r.on_train and r.is_certain and r.kind is not ReleaseKind.OUT_OF_BAND
    }


@lru_cache(maxsize=64)
def _highest(calendar: Calendar, product: Product) -> int:
    known = (
        build_revision(build)
        for r in calendar.releases
        if r.product is product
        for build in (r.build, r.lcu_build)
    )
    return max((n for n in known if n is not None), default=0)


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


@lru_cache(maxsize=512)
def _next_restart(calendar: Calendar, product: Product, day: date) -> Expected | None:
    return next((e for e in calendar.expected(product, day, 5) if e.restarts), None)
