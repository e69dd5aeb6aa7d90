"""The hotpatch calendar: real releases up to a day, Microsoft's plan after it.

A planned baseline comes in January, April, July and October, a hotpatch in the other months; an
unplanned baseline may take a hotpatch's place. What has not been released by the day asked about is
a plan, whatever is known about it today.
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
"""Ten in the morning, Pacific, in summer: the hour of Microsoft's monthly releases."""


class Product(StrEnum):
    WS2022 = "WS2022"
    WS2025 = "WS2025"

    @property
    def label(self) -> str:
        return f"Windows Server {self.value[2:]}"

    @property
    def last_planned(self) -> date:
        """The last day for which hotpatches are announced (2022: extended to October 2027) or the
        end of mainstream support, after which no calendar entry is expected."""
        return date(2027, 10, 31) if self is Product.WS2022 else date(2029, 11, 13)


class ReleaseKind(StrEnum):
    PLANNED_BASELINE = "planned_baseline"
    UNPLANNED_BASELINE = "unplanned_baseline"
    HOTPATCH = "hotpatch"
    OUT_OF_BAND = "out_of_band"

    @property
    def label(self) -> str:
        return self.value.replace("_", "-" if self is ReleaseKind.OUT_OF_BAND else " ")

    @property
    def is_baseline(self) -> bool:
        return self in (ReleaseKind.PLANNED_BASELINE, ReleaseKind.UNPLANNED_BASELINE)


@dataclass(frozen=True, slots=True)
class Release:
    """One published release, as the facts have it. None means: not seen anywhere, never guessed.

    ``channel`` is ``hotpatch`` for what an enrolled machine is offered and ``standard`` for everyone
    else's out-of-band updates; ``lcu_*`` is what a machine that is not enrolled gets that month.
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
    """False for one that stands in the Update Catalog only and that Windows Update does not offer."""

    @property
    def on_train(self) -> bool:
        """Whether a machine that runs exactly this release keeps getting hotpatches."""
        return self.channel == "hotpatch"

    @property
    def month_name(self) -> str:
        return month_name(self.released)


@dataclass(frozen=True, slots=True)
class Expected:
    """A future entry of the calendar. It is a plan: the kind and the date may still change."""

    product: Product
    day: date
    kind: ReleaseKind
    source: str = PLAN_RULE

    @property
    def restarts(self) -> bool:
        return self.kind.is_baseline


def release_day(at: datetime) -> date:
    """The day whose releases are out at that moment: they come at RELEASE_HOUR, not at midnight."""
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
    return f"{day:%B %Y}"


def day_name(day: date) -> str:
    """``13 October 2026``."""
    return f"{day.day} {day:%B %Y}"


def read_release(row: Mapping[str, Any]) -> Release:
    """One row of ``releases.json``. Raises KeyError or ValueError on a row that is not one."""
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
    """One row of ``releases-planned.json``. Raises KeyError or ValueError on a row that is not one."""
    return Expected(
        Product(row["product_key"]), date.fromisoformat(row["expected_second_tuesday"]),
        ReleaseKind(row["kind"]), row["source"],
    )  # fmt: skip


class Calendar:
    """Every known release of both products, and the plan for the months after the last one."""

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
        """Out of ``releases.json`` and ``releases-planned.json``."""
        return cls(map(read_release, rows), map(read_planned, planned))

    def train(self, product: Product, day: date) -> list[Release]:
        """Releases of the hotpatch channel published by ``day``, oldest first."""
        return list(_train(self, product, day))

    def monthly(self, product: Product, day: date) -> list[Release]:
        """The second-Tuesday releases of the hotpatch channel published by ``day``, oldest first."""
        return [r for r in self.train(product, day) if r.kind is not ReleaseKind.OUT_OF_BAND]

    def baseline_in_force(self, product: Product, day: date) -> Release | None:
        """The newest baseline published by ``day``; None before the first one known."""
        return next((r for r in reversed(_train(self, product, day)) if r.kind.is_baseline), None)

    def hotpatch_in_force(self, product: Product, day: date) -> Release | None:
        """The newest hotpatch on the baseline in force; None right after a baseline."""
        newest = self.newest(product, day)
        return None if newest is None or newest.kind.is_baseline else newest

    def newest(self, product: Product, day: date) -> Release | None:
        """What an enrolled machine that is up to date runs on ``day``."""
        train = _train(self, product, day)
        return train[-1] if train else None

    def baseline_of(self, release: Release) -> Release | None:
        """The baseline that ``release`` stands on (itself, if it is one)."""
        return self.baseline_in_force(release.product, release.released)

    def by_kb(self, product: Product, kb: str | None) -> Release | None:
        return self._by_kb.get((product, kb)) if kb else None

    def by_build(self, product: Product, build: str | None) -> Release | None:
        return self._by_build.get((product, build)) if build else None

    def shares_build(self, release: Release) -> bool:
        """Whether an out-of-band release of the other channel came out in the same month and may have the
        same build, as KB5070881 and KB5070893 of October 2025 have, so that the build does not tell them apart."""
        return release.kind is ReleaseKind.OUT_OF_BAND and any(
            r.product is release.product and r.month == release.month and r.kind is ReleaseKind.OUT_OF_BAND
            and r.on_train is not release.on_train and r.build in (None, release.build)
            for r in self.releases
        )  # fmt: skip

    def hotpatch_month_of_lcu(self, product: Product, kb_or_build: str | None) -> Release | None:
        """The hotpatch whose month's ordinary cumulative update has this KB or build.

        A machine that runs it has left the baseline, so it gets no hotpatches until the next one.
        """
        return self._lcu.get((product, kb_or_build)) if kb_or_build else None

    def expected(self, product: Product, day: date, months: int = 12) -> list[Expected]:
        """The plan after ``day``: one entry a month on its second Tuesday, soonest first."""
        end = (day.replace(day=1) + timedelta(days=31 * months)).replace(day=28)
        return list(self.plan(product, day + timedelta(days=1), end))

    def plan(self, product: Product, first: date, last: date) -> Iterator[Expected]:
        """What is or was planned from ``first`` to ``last``, whatever was released: as published where that
        is known, by the rule otherwise."""
        for day in release_days(first, min(last, product.last_planned)):
            baseline = day.month in BASELINE_MONTHS
            kind = ReleaseKind.PLANNED_BASELINE if baseline else ReleaseKind.HOTPATCH
            yield self._planned.get((product, day), Expected(product, day, kind))

    def first_day(self, product: Product) -> date:
        """The day of the product's first known release."""
        return next((r.released for r in self.releases if r.product is product), date.max)

    def last_day(self, product: Product) -> date:
        """The day of its last known monthly release: nothing after it is known to this program."""
        known = self.monthly(product, date.max)
        return known[-1].released if known else date.min

    def next_expected(self, product: Product, day: date) -> Expected | None:
        return next(iter(self.expected(product, day, 2)), None)

    def next_restart(self, product: Product, day: date) -> Expected | None:
        """The next planned baseline after ``day``."""
        return _next_restart(self, product, day)

    def behind(self, running: Release, day: date) -> list[Release]:
        """Releases of the train published after ``running`` and by ``day``, oldest first."""
        train = _train(self, running.product, day)
        return [r for r in train if r.released > running.released]


# The same questions are asked for every machine of a fleet, so their answers are kept.


@lru_cache(maxsize=512)
def _train(calendar: Calendar, product: Product, day: date) -> tuple[Release, ...]:
    return tuple(
        r for r in calendar.releases if r.product is product and r.on_train and r.released <= day
    )


@lru_cache(maxsize=512)
def _next_restart(calendar: Calendar, product: Product, day: date) -> Expected | None:
    return next((e for e in calendar.expected(product, day, 5) if e.restarts), None)
