"""The release calendar: published releases and the plan, and questions about them by product and day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from .releases import (
    BASELINE_MONTHS,
    Expected,
    Product,
    Release,
    ReleaseKind,
    build_revision,
    read_planned,
    read_release,
    release_days,
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
        """Create from the rows of ``releases.json`` and ``releases-planned.json``.

        Raises:
            KeyError, ValueError: a row isn't valid.
        """
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
        """The release that an up-to-date enrolled machine runs on ``day``; None before the first release."""
        train = _train(self, product, day)
        return train[-1] if train else None

    def baseline_of(self, release: Release) -> Release | None:
        """The baseline of a release; a baseline is its own; None if it isn't known."""
        return self.baseline_in_force(release.product, release.released)

    def by_kb(self, product: Product, kb: str | None) -> Release | None:
        """The release with this KB; None if there is no KB, or none is known."""
        return self._by_kb.get((product, kb)) if kb else None

    def by_build(self, product: Product, build: str | None) -> Release | None:
        """The release with this build; None if there is no build, or none is known."""
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
        """The hotpatch-channel release with the build of an out-of-band update of the other channel; None without one."""
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
        """The hotpatch whose month's cumulative update has this KB or build; None without one.

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
        """The confirmed monthly release of ``month`` (``2026-11``); None if it isn't known."""
        return _months(self).get((product, month))

    def is_newer_than_known(self, product: Product, build: str) -> bool:
        """Whether the build is above every known build; False for text that isn't a build."""
        revision = build_revision(build)
        return revision is not None and revision > _highest(self, product)

    def first_day(self, product: Product) -> date:
        """The day of the product's first known release."""
        return next((r.released for r in self.releases if r.product is product), date.max)

    def next_restart(self, product: Product, day: date) -> Expected | None:
        """The next planned baseline after ``day``; None if hotpatches end before."""
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


@lru_cache(maxsize=512)
def _next_restart(calendar: Calendar, product: Product, day: date) -> Expected | None:
    return next((e for e in calendar.expected(product, day, 5) if e.restarts), None)
