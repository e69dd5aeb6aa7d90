"""A year in advance or looked back on: restarts, exposure and restart windows, with hotpatch and without.

Counted is what the monthly release of the operating system owes alone: .NET and out-of-band updates may
restart a machine too, with hotpatch and without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .releases import RELEASE_HOUR, Calendar, Product, Release, ReleaseKind, release_days
from .rollout import Rollout, RolloutMachine, timetable


class Scenario(StrEnum):
    AS_RELEASED = "As released"
    AS_PLANNED = "As planned"
    UNPLANNED = "With unplanned baselines"

    @property
    def meaning(self) -> str:
        return {
            Scenario.AS_RELEASED: "Published releases, then Microsoft's plan.",
            Scenario.AS_PLANNED: "A baseline in January, April, July and October, hotpatches in between.",
            Scenario.UNPLANNED: "As planned, and some hotpatches replaced by baselines that restart.",
        }[self]


class RestartWindow(StrEnum):
    """When a restart may be taken (the third Sunday: of each month). An update that needs none is in force at once."""

    OFF_PEAK = "The same night"
    WEEKLY = "The next Sunday"
    MONTHLY = "The third Sunday of the month"

    def first_from(self, day: date) -> date:
        """The first day from ``day`` on that such a window has."""
        if self is RestartWindow.OFF_PEAK:
            return day
        sunday = day + timedelta(days=(6 - day.weekday()) % 7)
        while self is RestartWindow.MONTHLY and not 15 <= sunday.day <= 21:
            sunday += timedelta(days=7)
        return sunday


@dataclass(frozen=True, slots=True)
class Question:
    """What to foretell: ``first`` and ``last`` are days, both counted. Releases after ``today`` are still to
    come, whatever is known of them."""

    first: date
    last: date
    scenario: Scenario = Scenario.AS_RELEASED
    unplanned: int = 0
    window: RestartWindow = RestartWindow.OFF_PEAK
    window_hours: float = 1.0
    today: date = date.max


class ForecastMachine(NamedTuple):
    """A machine as the forecast sees it. ``enrolled``: hotpatch is on; ``on_train``: it gets hotpatches
    already and need not wait for a baseline; ``automatic``: automatic guest patching installs on it."""

    member: RolloutMachine
    product: Product
    enrolled: bool
    on_train: bool
    automatic: bool


class Entry(NamedTuple):
    """One monthly release. ``kind`` None: hotpatching has ended, and a cumulative update comes.
    ``release`` None: none is known, it is a plan or supposed."""

    product: Product
    day: date
    kind: ReleaseKind | None
    release: Release | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """Days from a release until it is in force, over ``machines`` machines."""

    machines: int = 0
    total: float = 0.0
    longest: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / self.machines if self.machines else 0.0

    def plus(self, days: float) -> Exposure:
        return Exposure(self.machines + 1, self.total + days, max(self.longest, days))


@dataclass(frozen=True, slots=True)
class Month:
    """What one release day brings: restarts of all machines together, with hotpatch and without."""

    day: date
    entries: tuple[Entry, ...]
    restarts: int
    restarts_without: int
    exposure: Exposure
    exposure_without: Exposure


@dataclass(frozen=True, slots=True)
class Forecast:
    """All months of a question. ``by_hand`` machines are not patched automatically, so nobody knows on
    which day; ``out_of_band`` are the hotpatch channel's releases that are not counted."""

    question: Question
    machines: int
    by_hand: int
    months: tuple[Month, ...]
    out_of_band: tuple[Release, ...]

    @property
    def unknown_days(self) -> list[date]:
        """Release days that have passed and of which it isn't known what came out, where that was the question."""
        if self.question.scenario is not Scenario.AS_RELEASED:
            return []
        return [
            m.day
            for m in self.months
            if m.day <= self.question.today
            and any(e.release is None and e.kind is not None for e in m.entries)
        ]

    @property
    def restarts(self) -> int:
        return sum(m.restarts for m in self.months)

    @property
    def restarts_without(self) -> int:
        return sum(m.restarts_without for m in self.months)

    @property
    def hours(self) -> float:
        return self.restarts * self.question.window_hours

    @property
    def hours_without(self) -> float:
        return self.restarts_without * self.question.window_hours


def entries(calendar: Calendar, product: Product, question: Question) -> list[Entry]:
    """The product's monthly releases in the period, as the scenario has them."""
    first = max(question.first, calendar.first_day(product))
    plan = {e.day: e.kind for e in calendar.plan(product, first, question.last)}
    planned = [
        Entry(product, day, plan.get(day), None) for day in release_days(first, question.last)
    ]
    if question.scenario is Scenario.AS_RELEASED:
        facts = {
            r.month: Entry(product, r.released, r.kind, r)
            for r in calendar.monthly(product, min(question.last, question.today))
            if r.released >= question.first
        }
        return [facts.get(f"{e.day:%Y-%m}", e) for e in planned]
    if question.scenario is Scenario.UNPLANNED:
        return _with_unplanned(planned, question.unplanned)
    return planned


def _with_unplanned(planned: Sequence[Entry], count: int) -> list[Entry]:
    """``count`` of the hotpatches are baselines, spread evenly over them."""
    hotpatches = [n for n, e in enumerate(planned) if e.kind is ReleaseKind.HOTPATCH]
    count = min(count, len(hotpatches))
    chosen = {hotpatches[(2 * n + 1) * len(hotpatches) // (2 * count)] for n in range(count)}
    return [
        e._replace(kind=ReleaseKind.UNPLANNED_BASELINE) if n in chosen else e
        for n, e in enumerate(planned)
    ]


def steps(calendar: Calendar, products: Iterable[Product], question: Question) -> list[date]:
    """The days on which something of the products comes out: the steps of ``forecast``."""
    return sorted({e.day for p in products for e in entries(calendar, p, question)})


def forecast(
    question: Question,
    subjects: Sequence[ForecastMachine],
    calendar: Calendar,
    pairs: Sequence[Sequence[str]],
) -> Iterator[Forecast]:
    """The forecast so far after each release day, so that it can be shown, counted and canceled."""
    products = {s.product for s in subjects}
    by_day: dict[date, dict[Product, Entry]] = {}
    for product in products:
        for entry in entries(calendar, product, question):
            by_day.setdefault(entry.day, {})[product] = entry
    out_of_band = tuple(
        r
        for r in calendar.releases
        if r.product in products
        and r.on_train
        and r.kind is ReleaseKind.OUT_OF_BAND
        and question.first <= r.released <= min(question.last, question.today)
    )
    so_far = Forecast(
        question, len(subjects), sum(not s.automatic for s in subjects), (), out_of_band
    )
    waits = dict.fromkeys(
        products, True
    )  # has no baseline come yet that takes machines onto the train?
    for day in sorted(by_day):
        for product, entry in by_day[day].items():
            waits[product] = waits[product] and not _is_baseline(entry)
        month = _month(question, day, by_day[day], subjects, waits=waits, pairs=pairs)
        so_far = replace(so_far, months=(*so_far.months, month))
        yield so_far


def _month(
    question: Question,
    day: date,
    of: dict[Product, Entry],
    subjects: Sequence[ForecastMachine],
    *,
    waits: dict[Product, bool],
    pairs: Sequence[Sequence[str]],
) -> Month:
    released = datetime.combine(day, RELEASE_HOUR)
    here = [s for s in subjects if s.product in of]
    patched = timetable(Rollout((s.member for s in here if s.automatic), pairs, released), released)
    restarts = 0
    exposure = without = Exposure()
    delays: dict[date, float] = {}
    for subject in here:
        gets_hotpatch = (
            subject.enrolled
            and of[subject.product].kind is ReleaseKind.HOTPATCH
            and (subject.on_train or not waits[subject.product])
        )
        restarts += not gets_hotpatch
        hour = patched.get(subject.member.key)
        if hour is None:
            continue
        installed = (hour - released) / _DAY
        night = hour.date()
        if night not in delays:
            delays[night] = (question.window.first_from(night) - night) / _DAY
        late = delays[night]
        exposure = exposure.plus(installed if gets_hotpatch else installed + late)
        without = without.plus(installed + late)
    return Month(day, tuple(of[p] for p in sorted(of)), restarts, len(here), exposure, without)


_DAY = timedelta(days=1)


def _is_baseline(entry: Entry) -> bool:
    return entry.kind is not None and entry.kind.is_baseline


def tally(months: Iterable[Month]) -> Counter[ReleaseKind | None]:
    """How many releases of each kind."""
    return Counter(e.kind for m in months for e in m.entries)
