"""Restarts, exposure and restart windows of a period, with and without hotpatch.

Only monthly releases of the operating system count. .NET and out-of-band updates may restart a machine in both cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .release_calendar import Calendar
from .releases import RELEASE_HOUR, Product, Release, ReleaseKind, release_days
from .rollout import Rollout, RolloutMachine, timetable

tr = translator("Forecast")


@tr.mark_values
class ReleaseAssumption(StrEnum):
    """The releases that a forecast assumes."""

    AS_RELEASED = "As released"
    AS_PLANNED = "As planned"
    UNPLANNED = "With unplanned baselines"

    @property
    def label(self) -> str:
        """The scenario's display name."""
        return tr(self.value)

    @property
    def meaning(self) -> str:
        """The scenario in one sentence."""
        return {
            ReleaseAssumption.AS_RELEASED: tr("Published releases, then Microsoft's plan."),
            ReleaseAssumption.AS_PLANNED: tr(
                "A baseline in January, April, July and October, hotpatches in between."
            ),
            ReleaseAssumption.UNPLANNED: tr(
                "As planned, with some hotpatches replaced by baselines."
            ),
        }[self]


@tr.mark_values
class RestartWindow(StrEnum):
    """The time in which restarts are allowed.

    Updates that need no restart take effect immediately.
    """

    OFF_PEAK = "The same night"
    WEEKLY = "The next Sunday"
    MONTHLY = "The third Sunday of the month"

    @property
    def label(self) -> str:
        """The choice's display name."""
        return tr(self.value)

    def first_from(self, day: date) -> date:
        """The first allowed day from ``day`` on."""
        if self is RestartWindow.OFF_PEAK:
            return day
        sunday = day + timedelta(days=(6 - day.weekday()) % 7)
        while self is RestartWindow.MONTHLY and not 15 <= sunday.day <= 21:
            sunday += timedelta(days=7)
        return sunday


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """A forecast's parameters.

    ``first`` and ``last`` are included. Releases after ``today`` count as future, even if they are known.
    """

    first: date
    last: date
    scenario: ReleaseAssumption = ReleaseAssumption.AS_RELEASED
    unplanned: int = 0
    window: RestartWindow = RestartWindow.OFF_PEAK
    window_hours: float = 1.0
    today: date = date.max


class ForecastMachine(NamedTuple):
    """A machine in a forecast.

    Attributes:
        enrolled: hotpatch is on.
        on_train: it receives hotpatches now, without waiting for a baseline.
        automatic: automatic guest patching installs updates on it.
    """

    rollout_machine: RolloutMachine
    product: Product
    enrolled: bool
    on_train: bool
    automatic: bool


class Entry(NamedTuple):
    """One monthly release.

    ``kind`` None: hotpatching has ended and a cumulative update is released. ``release`` None: planned or assumed.
    """

    product: Product
    day: date
    kind: ReleaseKind | None
    release: Release | None


@dataclass(frozen=True, slots=True)
class Delay:
    """Days from a release until it takes effect, over ``machines``: their sum and the longest."""

    machines: int = 0
    total: float = 0.0
    longest: float = 0.0

    @property
    def mean(self) -> float:
        """The average in days; 0.0 without machines."""
        return self.total / self.machines if self.machines else 0.0

    def plus(self, days: float) -> Delay:
        """The delay with one more machine."""
        return Delay(self.machines + 1, self.total + days, max(self.longest, days))


@dataclass(frozen=True, slots=True)
class Month:
    """A month's release day: its restarts on all machines, and the exposure of automatically patched ones, with and without hotpatch."""

    day: date
    entries: tuple[Entry, ...]
    restarts: int
    restarts_without: int
    exposure: Delay
    exposure_without: Delay


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast of all months of a period.

    ``by_hand`` machines aren't patched automatically, so their days aren't known. ``out_of_band`` releases aren't counted.
    """

    options: ForecastOptions
    machines: int
    by_hand: int
    months: tuple[Month, ...]
    out_of_band: tuple[Release, ...]

    @property
    def unknown_days(self) -> list[date]:
        """Past release days whose release isn't known, in the scenario of published releases."""
        if self.options.scenario is not ReleaseAssumption.AS_RELEASED:
            return []
        return [
            m.day
            for m in self.months
            if m.day <= self.options.today
            and any(e.release is None and e.kind is not None for e in m.entries)
        ]

    @property
    def restarts(self) -> int:
        """Restarts of all machines with hotpatch."""
        return sum(m.restarts for m in self.months)

    @property
    def restarts_without(self) -> int:
        """Restarts of all machines without hotpatch."""
        return sum(m.restarts_without for m in self.months)

    @property
    def hours(self) -> float:
        """Hours of restart windows with hotpatch."""
        return self.restarts * self.options.window_hours

    @property
    def hours_without(self) -> float:
        """Hours of restart windows without hotpatch."""
        return self.restarts_without * self.options.window_hours


def entries(calendar: Calendar, product: Product, options: ForecastOptions) -> list[Entry]:
    """The product's monthly releases in the period, according to the scenario."""
    first = max(options.first, calendar.first_day(product))
    plan = {e.day: e.kind for e in calendar.plan(product, first, options.last)}
    planned = [
        Entry(product, day, plan.get(day), None) for day in release_days(first, options.last)
    ]
    if options.scenario is ReleaseAssumption.AS_RELEASED:
        facts = {
            r.month: Entry(product, r.released, r.kind, r)
            for r in calendar.monthly(product, min(options.last, options.today))
            if r.released >= options.first
        }
        return [facts.get(f"{e.day:%Y-%m}", e) for e in planned]
    if options.scenario is ReleaseAssumption.UNPLANNED:
        return _with_unplanned(planned, options.unplanned)
    return planned


def _with_unplanned(planned: Sequence[Entry], count: int) -> list[Entry]:
    """Replace ``count`` of the hotpatches with baselines, spread evenly."""
    hotpatches = [n for n, e in enumerate(planned) if e.kind is ReleaseKind.HOTPATCH]
    count = min(count, len(hotpatches))
    replaced = {hotpatches[(2 * n + 1) * len(hotpatches) // (2 * count)] for n in range(count)}
    return [
        e._replace(kind=ReleaseKind.UNPLANNED_BASELINE) if n in replaced else e
        for n, e in enumerate(planned)
    ]


def planned_hotpatches(calendar: Calendar, product: Product, first: date, last: date) -> int:
    """How many restarts hotpatch is planned to avoid on a machine that joins on ``first``, until ``last``.

    Its hotpatches begin after the first baseline of the period.
    """
    options = ForecastOptions(first, last, ReleaseAssumption.AS_PLANNED)
    kinds = [e.kind for e in entries(calendar, product, options)]
    start = next((n for n, k in enumerate(kinds) if k is not None and k.is_baseline), len(kinds))
    return kinds[start:].count(ReleaseKind.HOTPATCH)


def steps(calendar: Calendar, products: Iterable[Product], options: ForecastOptions) -> list[date]:
    """The release days of these products, which are the steps of ``forecast``."""
    return sorted({e.day for p in products for e in entries(calendar, p, options)})


def forecast(
    options: ForecastOptions,
    machines: Sequence[ForecastMachine],
    calendar: Calendar,
    region_pairs: Sequence[Sequence[str]],
) -> Iterator[Forecast]:
    """Yield the forecast after each release day, so that it can be shown and canceled."""
    products = {s.product for s in machines}
    by_day: dict[date, dict[Product, Entry]] = {}
    for product in products:
        for entry in entries(calendar, product, options):
            by_day.setdefault(entry.day, {})[product] = entry
    out_of_band = tuple(
        r
        for r in calendar.releases
        if r.product in products
        and r.on_train
        and r.kind is ReleaseKind.OUT_OF_BAND
        and options.first <= r.released <= min(options.last, options.today)
    )
    so_far = Forecast(
        options, len(machines), sum(not s.automatic for s in machines), (), out_of_band
    )
    waits = dict.fromkeys(
        products, True
    )  # until the first baseline, which puts machines on the train
    for day in sorted(by_day):
        for product, entry in by_day[day].items():
            waits[product] = waits[product] and not _is_baseline(entry)
        month = _month(options, day, by_day[day], machines, waits=waits, region_pairs=region_pairs)
        so_far = replace(so_far, months=(*so_far.months, month))
        yield so_far


def _month(
    options: ForecastOptions,
    day: date,
    of: dict[Product, Entry],
    machines: Sequence[ForecastMachine],
    *,
    waits: dict[Product, bool],
    region_pairs: Sequence[Sequence[str]],
) -> Month:
    released = datetime.combine(day, RELEASE_HOUR)
    of_products = [s for s in machines if s.product in of]
    patched = timetable(
        Rollout((s.rollout_machine for s in of_products if s.automatic), region_pairs, released),
        released,
    )
    restarts = 0
    exposure = without = Delay()
    delays: dict[date, float] = {}
    for machine in of_products:
        gets_hotpatch = (
            machine.enrolled
            and of[machine.product].kind is ReleaseKind.HOTPATCH
            and (machine.on_train or not waits[machine.product])
        )
        restarts += not gets_hotpatch
        hour = patched.get(machine.rollout_machine.key)
        if hour is None:
            continue
        installed = (hour - released) / _DAY
        night = hour.date()
        if night not in delays:
            delays[night] = (options.window.first_from(night) - night) / _DAY
        late = delays[night]
        exposure = exposure.plus(installed if gets_hotpatch else installed + late)
        without = without.plus(installed + late)
    return Month(
        day, tuple(of[p] for p in sorted(of)), restarts, len(of_products), exposure, without
    )


_DAY = timedelta(days=1)


def _is_baseline(entry: Entry) -> bool:
    return entry.kind is not None and entry.kind.is_baseline
