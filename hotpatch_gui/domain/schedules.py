"""Maintenance configurations of in-guest scope: a customer's own times for updates.

``recurs`` is Azure's ``recurEvery``: ``6Hour``, ``Day``, ``3Days``, ``Week Saturday,Sunday``, ``Month Third Sunday``,
``Month Second Tuesday Offset4`` or ``2Months day23,day24``. Spaces and case vary. Source: azure-rest-api-specs, Microsoft.Maintenance,
maintenanceConfigurations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from .off_peak import zone_of
from .updates import RestartBehavior

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ORDINALS = ("first", "second", "third", "fourth")
AHEAD = 1_200
"""Days to search for the next run: more than 35 months, Azure's longest recurrence."""


class Schedule(NamedTuple):
    """A maintenance configuration of in-guest scope; None means not reported.

    Attributes:
        starts: the first run in ``time_zone``, such as ``2026-08-22 22:00``.
        minutes: the length of the window.
        expires: the end of all runs, like ``starts``.
        restart: IfRequired, Never or Always.
        location: the configuration's region; empty if not known, like ``azure_id``, its resource ID as Azure spells it.
    """

    name: str
    starts: str
    minutes: int | None
    time_zone: str | None
    recurs: str
    expires: str | None = None
    classifications: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_restarting: bool | None = None
    restart: str | None = None
    location: str = ""
    azure_id: str = ""

    def selects(self, classification: str, kb: str | None, restart: RestartBehavior) -> bool:
        """Whether it installs such an update, by Azure's rules: excluded KBs first, then included ones and classifications."""
        if kb is not None and kb in self.exclude:
            return False
        wanted = {name.casefold() for name in self.classifications}
        if kb not in self.include and classification.casefold() not in wanted:
            return False
        return not self.exclude_restarting or restart is RestartBehavior.NEVER

    def excluding(self, kb: str) -> Schedule:
        """The same schedule with a KB on its exclude list, and not on its include list."""
        others = tuple(one for one in self.exclude if one != kb)
        return self._replace(
            include=tuple(one for one in self.include if one != kb), exclude=(*others, kb)
        )

    @property
    def canonical(self) -> Schedule:
        """The same schedule in one spelling, without its end: Azure varies case, spaces and order."""
        return self._replace(
            starts=self.starts[:16].replace("T", " "),
            time_zone=(self.time_zone or "UTC").casefold(),
            recurs=_canonical_recurrence(self.recurs),
            expires=None,
            classifications=_sorted(self.classifications),
            include=_sorted(self.include),
            exclude=_sorted(self.exclude),
            exclude_restarting=bool(self.exclude_restarting),
            restart=(self.restart or "IfRequired").casefold(),
        )

    @property
    def is_understood(self) -> bool:
        """Whether its runs can be calculated."""
        try:
            first = _moment(self.starts)
            return first is not None and _runs(self, first) is not None
        except OverflowError:
            return False

    @property
    def length(self) -> timedelta | None:
        """How long its window lasts; None if not reported, or not possible."""
        return (
            timedelta(minutes=self.minutes)
            if self.minutes and 0 < self.minutes < WEEK_MIN
            else None
        )

    @property
    def zone(self) -> tzinfo:
        """Its time zone; UTC if none is set or it isn't known."""
        return zone_of(self.time_zone) or UTC

    @property
    def assumes_utc(self) -> bool:
        """Whether UTC is assumed because its time zone isn't known."""
        return bool(self.time_zone) and zone_of(self.time_zone) is None

    def ends(self) -> datetime | None:
        """When it expires, UTC; None if never, or not within a hundred years."""
        end = _moment(self.expires or "")
        if end is None or not FIRST_YEAR < end.year < NEVER_YEAR:
            return None
        return end.replace(tzinfo=self.zone).astimezone(UTC)

    def has_ended(self, now: datetime) -> bool:
        """Whether it has expired by ``now``."""
        end = self.ends()
        return end is not None and end <= now


WEEK_MIN = 7 * 24 * 60
FIRST_YEAR, NEVER_YEAR = 2000, 2126
"""Azure writes 9999-12-31 for a schedule without an end."""


class AssignmentKind(StrEnum):
    """The way in which a schedule is assigned to a machine."""

    DIRECT = "assigned"
    DYNAMIC = "dynamic scope"
    PERHAPS = "perhaps, dynamic scope"
    """The scope's filter needs data that isn't known."""
    UNREAD = "assigned, not readable"
    """The account can't read the configuration, which may not be for updates."""


class FollowedSchedule(NamedTuple):
    """A schedule that a machine follows; ``scope`` names its dynamic scope, if any."""

    schedule: Schedule
    assignment: AssignmentKind = AssignmentKind.DIRECT
    scope: str = ""


class MachineSchedules(NamedTuple):
    """All known schedules of a machine; ``unread_reason`` is why more can't be known."""

    follows: tuple[FollowedSchedule, ...] = ()
    unread_reason: str = ""

    def certain(self, now: datetime) -> list[FollowedSchedule]:
        """Schedules that certainly apply and haven't ended, soonest first."""
        return [
            f
            for f in self.current(now)
            if f.assignment in (AssignmentKind.DIRECT, AssignmentKind.DYNAMIC)
        ]

    def current(self, now: datetime) -> list[FollowedSchedule]:
        """Schedules that haven't ended, soonest first."""
        return [f for f in soonest(self.follows, now) if not f.schedule.has_ended(now)]


NO_SCHEDULES = MachineSchedules()


class Scope(NamedTuple):
    """A dynamic scope: a schedule for whatever a filter finds, evaluated by Azure when the maintenance window starts.

    Empty filters admit everything; ``unknown`` names filters that aren't supported. ``azure_id`` is the assignment's
    resource ID as Azure spells it.
    """

    name: str
    schedule_id: str
    below: str
    os_types: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    resource_types: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    all_tags: bool = False
    unknown: tuple[str, ...] = ()
    azure_id: str = ""

    @property
    def canonical(self) -> Scope:
        """The same scope in one spelling: Azure varies case and order, and names regions in two ways."""
        tags = ((name.casefold(), tuple(sorted(values))) for name, values in self.tags)
        return self._replace(
            schedule_id=self.schedule_id.casefold(),
            below=self.below.casefold(),
            os_types=_sorted(self.os_types),
            resource_groups=_sorted(self.resource_groups),
            resource_types=_sorted(self.resource_types),
            locations=tuple(sorted(map(_place, self.locations))),
            tags=tuple(sorted(tags)),
            azure_id=self.azure_id.casefold(),
        )


class ScopeTarget(NamedTuple):
    """Properties that a scope's filter checks. ``tags`` None: not completely known."""

    resource_id: str
    resource_type: str
    resource_group: str
    location: str
    tags: Mapping[str, str] | None


def matches(scope: Scope, target: ScopeTarget) -> bool | None:
    """Whether the scope includes the machine; None if the filter needs unknown data."""
    below = scope.below.casefold().rstrip("/")
    if not target.resource_id.casefold().startswith(f"{below}/"):
        return False
    simple = (
        (scope.os_types, "windows"),
        (scope.resource_groups, target.resource_group),
        (scope.resource_types, target.resource_type),
        (scope.locations, _place(target.location)),
    )
    for wanted, value in simple:
        if wanted and value.casefold() not in {_place(w) for w in wanted}:
            return False
    by_tags = _match_tags(scope, target.tags)
    if by_tags is False:
        return False
    return None if scope.unknown or by_tags is None else True


def _place(name: str) -> str:
    """The region's name without spaces, in lower case: ``West US 2`` is ``westus2``."""
    return name.casefold().replace(" ", "") if "/" not in name else name.casefold()


def _match_tags(scope: Scope, tags: Mapping[str, str] | None) -> bool | None:
    if not scope.tags:
        return True
    if tags is None:
        return None
    given = {name.casefold(): value for name, value in tags.items()}
    found = [
        name.casefold() in given and (not values or given[name.casefold()] in values)
        for name, values in scope.tags
    ]
    return all(found) if scope.all_tags else any(found)


def soonest(follows: Iterable[FollowedSchedule], now: datetime) -> list[FollowedSchedule]:
    """Schedules by next run; then those with an unknown next run, then ended ones."""

    def rank(one: FollowedSchedule) -> tuple[int, datetime]:
        if one.schedule.has_ended(now):
            return 2, now
        run = next_run(one.schedule, now)
        return (0, run) if run else (1, now)

    return sorted(follows, key=rank)


def next_run(schedule: Schedule, after: datetime) -> datetime | None:
    """The first run after ``after``, UTC; None if it can't be calculated or there is none."""
    try:
        first = _moment(schedule.starts)
        runs = _runs(schedule, first) if first is not None else None
        run = runs(after) if runs is not None else None
    except OverflowError:  # at either end of the supported dates
        return None
    end = schedule.ends()
    return None if run is None or (end is not None and run >= end) else run


def _moment(text: str) -> datetime | None:
    """A local time; None for text that isn't one."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _runs(schedule: Schedule, first: datetime) -> Callable[[datetime], datetime | None] | None:
    """A function for the first run after a time; None for an unsupported recurrence."""
    zone = schedule.zone
    hours = re.fullmatch(r"(\d{0,6})\s*hours?", schedule.recurs.strip().casefold())
    if hours is not None:
        every = timedelta(hours=int(hours[1] or 1) or 1)
        begin = first.replace(tzinfo=zone).astimezone(UTC)
        return lambda after: (
            begin if after < begin else begin + ((after - begin) // every + 1) * every
        )
    falls_on = _recurrence(schedule.recurs, first.date())
    if falls_on is None:
        return None
    return lambda after: _daily(first, zone, falls_on, after)


def _daily(
    first: datetime, zone: tzinfo, falls_on: Callable[[date], bool], after: datetime
) -> datetime | None:
    begin = max(first.date(), after.astimezone(zone).date())
    for day in (begin + timedelta(days=n) for n in range(AHEAD)):
        run = datetime.combine(day, first.time(), zone).astimezone(UTC)
        if falls_on(day) and run > after:
            return run
    return None


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(word.casefold() for word in words))


def _canonical_recurrence(text: str) -> str:
    """One spelling of ``1Week Sunday, Saturday`` and ``week saturday,sunday``."""
    folded = " ".join(text.casefold().split())
    found = re.fullmatch(r"(\d{0,6}) ?(hour|day|week|month)s?\b ?(.*)", folded)
    if found is None:
        return folded
    parts = sorted(part.strip() for part in found[3].split(","))
    return f"{int(found[1] or 1)} {found[2]} {','.join(parts)}"


def _recurrence(text: str, first: date) -> Callable[[date], bool] | None:
    """A function for whether a schedule runs on a day; None if unsupported."""
    found = re.fullmatch(r"(\d{0,6})\s*(day|week|month)s?\b\s*(.*)", text.strip().casefold())
    if found is None:
        return None
    every, rest = int(found[1] or 1) or 1, found[3].strip()
    match found[2]:
        case "day":
            return None if rest else lambda day: (day - first).days % every == 0
        case "week":
            return _weekly(every, rest, first)
    return _monthly(every, rest, first)


def _weekly(every: int, rest: str, first: date) -> Callable[[date], bool] | None:
    names = [name.strip() for name in rest.split(",")] if rest else [WEEKDAYS[first.weekday()]]
    if not set(names) <= set(WEEKDAYS):
        return None
    days = {WEEKDAYS.index(name) for name in names}
    start = first - timedelta(days=first.weekday())

    def falls_on(day: date) -> bool:
        weeks = (day - timedelta(days=day.weekday()) - start).days // 7
        return weeks % every == 0 and day.weekday() in days

    return falls_on


def _monthly(every: int, rest: str, first: date) -> Callable[[date], bool] | None:
    """Every nth month from the first day's; an offset may lead from a month into the next one."""
    found = _day_of_month(rest or f"day{first.day}")
    if found is None:
        return None
    in_month, offset = found

    def falls_on(day: date) -> bool:
        named = day - offset
        months = (named.year - first.year) * 12 + named.month - first.month
        return months % every == 0 and in_month(named)

    return falls_on


def _day_of_month(text: str) -> tuple[Callable[[date], bool], timedelta] | None:
    """Whether a day is the named one of its month, and how long after it the schedule runs."""
    numbers = re.fullmatch(r"day\s*(-?\d+)(?:\s*,\s*(?:day)?\s*(-?\d+))*", text)
    if numbers is not None:
        days = {int(n) for n in re.findall(r"-?\d+", text)}
        return lambda day: day.day in days or day.day - _length(day) - 1 in days, timedelta()
    found = re.fullmatch(
        rf"({'|'.join(ORDINALS)}|last)\s+({'|'.join(WEEKDAYS)})(?:\s+offset\s*(-?\d+))?", text
    )
    if found is None:
        return None
    weekday, offset = WEEKDAYS.index(found[2]), timedelta(days=int(found[3] or 0))

    def is_named(day: date) -> bool:
        nth = (day.day - 1) // 7
        right = (
            day.day + 7 > _length(day) if found[1] == "last" else nth == ORDINALS.index(found[1])
        )
        return day.weekday() == weekday and right

    return is_named, offset


def _length(day: date) -> int:
    following = day.replace(day=28) + timedelta(days=4)
    return (following - timedelta(days=following.day)).day
