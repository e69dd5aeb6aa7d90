"""The order of automatic VM guest patching: availability-first (azure-patching §4.1).

A release goes out in phases of regions, geo-paired regions never in one phase nor at once. In a region one
zone is patched at a time; of a zone's machines outside availability sets a batch at a time; of a set one
update domain at a time, and of its machines a fifth, or one where it has fewer than ten. A phase begins
once every machine of the one before that could be patched was, and all stayed healthy.

Azure publishes the rules and not the figures. Assumed here, and named as assumptions where they show:
PHASE_SIZES, BATCH_SHARE, SOAK, UNHEALTHY_SHARE, and that an installation ends within its hour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .off_peak import HOUR, is_off_peak, whole_hour

PHASE_SIZES = (1, 3)
"""Regions of the first phases; the next ones take all that may go together."""
BATCH_SHARE = 5
"""A batch is at most one in five of a zone's machines outside availability sets."""
SET_SHARE, SMALL_SET = 5, 10
SOAK = timedelta(hours=24)
"""How long a phase is watched before the next one begins."""
UNHEALTHY_SHARE = 20
"""A phase stops where more than one in twenty of its machines is unhealthy after the update."""
RETRY_AFTER = timedelta(hours=12)
"""Longer than a window and shorter than the day between two."""
PERIOD = timedelta(days=30)
"""A release is installed within this long."""


class RolloutMachine(NamedTuple):
    """A machine as the order sees it. ``update_domain`` None: not known, so one of its own."""

    key: str
    region: str
    zone: str | None = None
    availability_set: str | None = None
    update_domain: int | None = None
    time_zone: str | None = None


class Outcome(StrEnum):
    UPDATED = "updated"
    FAILED = "failed"
    NOT_RUNNING = "not running"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a rollout stopped: in which phase (from 0), and the machines that fell ill there."""

    phase: int
    tried: int
    unhealthy: tuple[RolloutMachine, ...]


def phases(sizes: Mapping[str, int], pairs: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Regions by phase, those with the fewest machines first; no two of a pair in one phase."""
    partners = partners_of(pairs)
    left = sorted(sizes, key=lambda region: (sizes[region], region))
    made: list[tuple[str, ...]] = []
    while left:
        room = PHASE_SIZES[len(made)] if len(made) < len(PHASE_SIZES) else len(left)
        phase: list[str] = []
        for region in left:
            if len(phase) < room and not partners.get(region, frozenset()) & set(phase):
                phase.append(region)
        left = [region for region in left if region not in phase]
        made.append(tuple(phase))
    return tuple(made)


def partners_of(pairs: Iterable[Sequence[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one, other in pairs:
        found[one] = found.get(one, frozenset()) | {other}
        found[other] = found.get(other, frozenset()) | {one}
    return found


def batch_limit(machines: int) -> int:
    """Of a zone's machines outside availability sets, how many at once."""
    return max(1, machines // BATCH_SHARE)


def set_limit(machines: int) -> int:
    """Of an availability set's machines, how many of one update domain at once."""
    return 1 if machines < SMALL_SET else machines // SET_SHARE


def is_healthy(tried: int, unhealthy: int) -> bool:
    return unhealthy * UNHEALTHY_SHARE <= tried


def domain_of(member: RolloutMachine) -> int | str:
    """The update domain; of one that is not known, a domain of the machine's own."""
    return member.key if member.update_domain is None else member.update_domain


def _order(member: RolloutMachine) -> tuple[str, str, int, str]:
    domain = -1 if member.update_domain is None else member.update_domain
    return member.zone or "", member.availability_set or "", domain, member.key


class Rollout:
    """One release on its way over a fleet. No clock and no chance in it: the same calls give the same order.

    Hour by hour ``admit`` says who begins, and ``report`` takes what became of each of them, before the
    next hour.
    """

    def __init__(
        self, members: Iterable[RolloutMachine], pairs: Iterable[Sequence[str]], released: datetime
    ) -> None:
        self.members = {m.key: m for m in sorted(members, key=_order)}
        self.released = released
        pairs = tuple(pairs)
        everyone = self.members.values()
        sizes = Counter(m.region for m in everyone)
        self.phases = phases(sizes, pairs)
        self.phase_of = {r: n for n, phase in enumerate(self.phases) for r in phase}
        self._partners = partners_of(pairs)
        self._fresh: dict[str, dict[str | None, dict[str, RolloutMachine]]] = {r: {} for r in sizes}
        self._late: dict[str, dict[str, RolloutMachine]] = {r: {} for r in sizes}
        for member in everyone:
            self._fresh[member.region].setdefault(member.zone, {})[member.key] = member
        self._zones = {r: {m.time_zone for m in everyone if m.region == r} for r in sizes}
        self._loose = Counter((m.region, m.zone) for m in everyone if m.availability_set is None)
        self._sets = Counter(m.availability_set for m in everyone)
        self._ready: dict[str, datetime] = {}
        self._tried: set[str] = set()
        self._updated = [0] * len(self.phases)
        self._unhealthy: list[list[RolloutMachine]] = [[] for _ in self.phases]
        self._latest = [released] * len(self.phases)
        self.open_phase = 0
        """The last phase that has begun; retries in those before it go on."""

    @property
    def ends(self) -> datetime:
        return self.released + PERIOD

    @property
    def waiting(self) -> int:
        """How many machines are still to be patched."""
        fresh = sum(len(q) for zones in self._fresh.values() for q in zones.values())
        return fresh + sum(map(len, self._late.values()))

    def set_size(self, member: RolloutMachine) -> int:
        """How many machines the member's availability set has."""
        return self._sets[member.availability_set]

    def admit(self, hour: datetime) -> list[RolloutMachine]:
        """Who begins in the hour from ``hour`` on (a whole one, UTC)."""
        if self.stopped is not None or not self.released <= hour < self.ends:
            return []
        self.open_until(hour)
        begun: list[RolloutMachine] = []
        busy: set[str] = set()
        regions = [r for phase in self.phases[: self.open_phase + 1] for r in phase]
        longest_waiting = sorted((r for r in regions if self._late[r]), key=self._oldest)
        for admit, among in ((self._admit_fresh, regions), (self._admit_late, longest_waiting)):
            for region in among:
                if busy.isdisjoint(self._partners.get(region, frozenset()) | {region}):
                    found = admit(region, hour)
                    begun += found
                    busy |= {region} if found else set()
        return begun

    def report(
        self, key: str, outcome: Outcome, hour: datetime, again: datetime | None = None
    ) -> None:
        """What became of a machine that began in ``hour``. One that was not patched is tried again in the
        next window, or from ``again`` on."""
        member = self.members[key]
        phase = self.phase_of[member.region]
        if key not in self._tried:
            self._tried.add(key)
            self._latest[phase] = max(self._latest[phase], hour)
        self._fresh[member.region][member.zone].pop(key, None)
        self._late[member.region].pop(key, None)
        if outcome in (Outcome.FAILED, Outcome.NOT_RUNNING):
            self._ready[key] = again or hour + RETRY_AFTER
            self._late[member.region][key] = member
            return
        self._updated[phase] += 1
        if outcome is Outcome.UNHEALTHY:
            self._unhealthy[phase].append(member)

    @property
    def stopped(self) -> Stop | None:
        """Where it stopped over a phase that is not healthy; None while all is well."""
        for phase, ill in enumerate(self._unhealthy):
            if not is_healthy(self._updated[phase], len(ill)):
                return Stop(phase, self._updated[phase], tuple(ill))
        return None

    def open_until(self, hour: datetime) -> None:
        """Open the phases that have begun by ``hour``: one begins once everyone of those before was tried,
        and a day has gone by."""
        while (
            self.open_phase + 1 < len(self.phases)
            and not any(q for r in self.phases[self.open_phase] for q in self._fresh[r].values())
            and hour >= self._latest[self.open_phase] + SOAK
        ):
            self.open_phase += 1

    def _admit_fresh(self, region: str, hour: datetime) -> list[RolloutMachine]:
        """Out of the first zone in which somebody can begin who was not tried yet."""
        asleep = self._asleep(region, hour)
        for zone, queue in self._fresh[region].items() if asleep else ():
            begun = self._pick(queue.values(), batch_limit(self._loose[region, zone]), asleep)
            if begun:
                for member in begun:
                    del queue[member.key]
                return begun
        return []

    def _admit_late(self, region: str, hour: datetime) -> list[RolloutMachine]:
        """Out of the zone of the machine that waits longest for another attempt."""
        asleep = self._asleep(region, hour)
        late = [m for m in self._late[region].values() if self._ready[m.key] <= hour]
        late.sort(key=lambda m: self._ready[m.key])
        zone = next((m.zone for m in late if m.time_zone in asleep), None)
        mine = [m for m in late if m.zone == zone]
        begun = self._pick(mine, batch_limit(self._loose[region, zone]), asleep)
        for member in begun:
            del self._late[region][member.key]
        return begun

    def _oldest(self, region: str) -> datetime:
        return min(self._ready[key] for key in self._late[region])

    def _asleep(self, region: str, hour: datetime) -> set[str | None]:
        """The time zones of the region's machines in which the hour is off-peak."""
        return {z for z in self._zones[region] if is_off_peak(z, hour)}

    def _pick(
        self, queue: Iterable[RolloutMachine], limit: int, asleep: set[str | None]
    ) -> list[RolloutMachine]:
        """As many of one zone's queue as may begin together."""
        begun: list[RolloutMachine] = []
        loose = 0
        domains: dict[str, int | str] = {}
        of_set: Counter[str] = Counter()
        for member in queue:
            if member.time_zone not in asleep:
                continue
            own = member.availability_set
            if own is None:
                if loose < limit:
                    loose += 1
                    begun.append(member)
                continue
            domain = domain_of(member)
            if domains.setdefault(own, domain) == domain and of_set[own] < set_limit(
                self._sets[own]
            ):
                of_set[own] += 1
                begun.append(member)
        return begun


Becomes = Callable[[RolloutMachine, datetime], Outcome]


def _all_well(_: RolloutMachine, __: datetime) -> Outcome:
    return Outcome.UPDATED


def timetable(
    rollout: Rollout, start: datetime, becomes: Becomes = _all_well
) -> dict[str, datetime]:
    """Let the rollout go on from ``start`` to its end: the hour in which each machine is patched.

    ``becomes`` foretells what becomes of a machine; one that is never patched is left out.
    """
    hour = whole_hour(max(start, rollout.released))
    patched: dict[str, datetime] = {}
    while rollout.waiting and hour < rollout.ends and rollout.stopped is None:
        for member in rollout.admit(hour):
            outcome = becomes(member, hour)
            if outcome in (Outcome.UPDATED, Outcome.UNHEALTHY):
                patched[member.key] = hour
            rollout.report(member.key, outcome, hour)
        hour += HOUR
    return patched
