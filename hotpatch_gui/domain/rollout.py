"""The order of automatic VM guest patching: availability-first.

A release is rolled out in phases of regions; paired regions are never patched in the same phase. Within a region, one
zone is patched at a time. In a zone, machines outside availability sets are patched in batches. An availability set is patched
one update domain at a time: at most a fifth of the set together, or one machine if the set has fewer than ten. A phase starts
a day after Azure has attempted every machine of the previous one (one that isn't running counts as attempted), unless too many of them are
unhealthy.

Source: learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching. It gives no figures for PHASE_SIZES, BATCH_DIVISOR, SOAK and
UNHEALTHY_DIVISOR: these are assumptions, and the page shows them. That an installation finishes within its hour and the time of
a retry are assumptions, too.
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
"""Regions in the first phases; later ones take all that may be patched together."""
BATCH_DIVISOR = 5
"""At most a fifth of a zone's machines outside availability sets per batch, but at least one."""
SET_DIVISOR, SMALL_SET = 5, 10
SOAK = timedelta(hours=24)
"""How long a phase is observed before the next one starts."""
UNHEALTHY_DIVISOR = 20
"""The rollout halts if more than one in twenty of a phase's patched machines are unhealthy."""
RETRY_AFTER = timedelta(hours=12)
"""Longer than a window and shorter than the time between two."""
PERIOD = timedelta(days=30)
"""A release is installed within this time."""


class RolloutMachine(NamedTuple):
    """A machine in the rollout order. ``update_domain`` None: unknown, so it counts as its own domain."""

    key: str
    region: str
    zone: str | None = None
    availability_set: str | None = None
    update_domain: int | None = None
    time_zone: str | None = None


class AttemptResult(StrEnum):
    """The result of one attempt on one machine."""

    UPDATED = "updated"
    FAILED = "failed"
    NOT_RUNNING = "not running"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Halt:
    """The place at which a rollout halted: the phase (from 0), the number of its machines that were patched or are being patched, and those
    that are unhealthy."""

    phase: int
    patched: int
    unhealthy: tuple[RolloutMachine, ...]


def phases(sizes: Mapping[str, int], pairs: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Regions by phase, smallest first, without paired regions in the same phase."""
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
    """The paired regions of each region."""
    found: dict[str, frozenset[str]] = {}
    for one, other in pairs:
        found[one] = found.get(one, frozenset()) | {other}
        found[other] = found.get(other, frozenset()) | {one}
    return found


def batch_limit(machines: int) -> int:
    """How many of a zone's machines outside availability sets are patched at a time."""
    return max(1, machines // BATCH_DIVISOR)


def set_limit(machines: int) -> int:
    """How many machines of an update domain are patched at a time, by the size of their availability set."""
    return 1 if machines < SMALL_SET else machines // SET_DIVISOR


def is_healthy(patched: int, unhealthy: int) -> bool:
    """Whether a phase may continue with this many unhealthy machines."""
    return unhealthy * UNHEALTHY_DIVISOR <= patched


def domain_of(member: RolloutMachine) -> int | str:
    """The update domain; its own if it isn't known."""
    return member.key if member.update_domain is None else member.update_domain


def _order(member: RolloutMachine) -> tuple[str, str, int, str]:
    domain = -1 if member.update_domain is None else member.update_domain
    return member.zone or "", member.availability_set or "", domain, member.key


class Rollout:
    """One release on its way through a fleet. It has no clock and no randomness.

    For each hour, ``admit`` returns who starts, and ``record_attempt`` receives each result before the next hour.
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
        self._retries: dict[str, dict[str, RolloutMachine]] = {r: {} for r in sizes}
        for member in everyone:
            self._fresh[member.region].setdefault(member.zone, {})[member.key] = member
        self._zones = {r: {m.time_zone for m in everyone if m.region == r} for r in sizes}
        self._loose = Counter((m.region, m.zone) for m in everyone if m.availability_set is None)
        self._sets = Counter(m.availability_set for m in everyone)
        self._ready: dict[str, datetime] = {}
        self._tried: set[str] = set()
        self._patched = [0] * len(self.phases)
        self._unhealthy: list[list[RolloutMachine]] = [[] for _ in self.phases]
        self._latest = [released] * len(self.phases)
        self.open_phase = 0
        """The last phase that started; retries in earlier ones continue."""

    @property
    def ends(self) -> datetime:
        """When the rollout ends, UTC."""
        return self.released + PERIOD

    @property
    def waiting(self) -> int:
        """How many machines are still to be patched."""
        fresh = sum(len(q) for zones in self._fresh.values() for q in zones.values())
        return fresh + sum(map(len, self._retries.values()))

    def set_size(self, member: RolloutMachine) -> int:
        """The size of the machine's availability set."""
        return self._sets[member.availability_set]

    def admit(self, hour: datetime) -> list[RolloutMachine]:
        """The machines that start in the hour from ``hour`` on (a whole hour, UTC)."""
        if self.halted is not None or not self.released <= hour < self.ends:
            return []
        self.open_until(hour)
        begun: list[RolloutMachine] = []
        busy: set[str] = set()
        regions = [r for phase in self.phases[: self.open_phase + 1] for r in phase]
        longest_waiting = sorted((r for r in regions if self._retries[r]), key=self._oldest)
        for admit, order in ((self._admit_fresh, regions), (self._admit_retries, longest_waiting)):
            for region in order:
                if busy.isdisjoint(self._partners.get(region, frozenset()) | {region}):
                    found = admit(region, hour)
                    begun += found
                    busy |= {region} if found else set()
        return begun

    def record_attempt(
        self, key: str, outcome: AttemptResult, hour: datetime, again: datetime | None = None
    ) -> None:
        """Record the result of a machine that started in ``hour``.

        A machine that wasn't patched is retried in the next window, or from ``again`` on.
        """
        member = self.members[key]
        phase = self.phase_of[member.region]
        if key not in self._tried:
            self._tried.add(key)
            self._latest[phase] = max(self._latest[phase], hour)
        self._fresh[member.region][member.zone].pop(key, None)
        self._retries[member.region].pop(key, None)
        if outcome in (AttemptResult.FAILED, AttemptResult.NOT_RUNNING):
            self._ready[key] = again or hour + RETRY_AFTER
            self._retries[member.region][key] = member
            return
        self._patched[phase] += 1
        if outcome is AttemptResult.UNHEALTHY:
            self._unhealthy[phase].append(member)

    @property
    def halted(self) -> Halt | None:
        """Where it halted because a phase is unhealthy; None if it didn't."""
        for phase, unhealthy in enumerate(self._unhealthy):
            if not is_healthy(self._patched[phase], len(unhealthy)):
                return Halt(phase, self._patched[phase], tuple(unhealthy))
        return None

    def open_until(self, hour: datetime) -> None:
        """Open the phases that start by ``hour``: a day after every machine of the previous one was attempted."""
        while (
            self.open_phase + 1 < len(self.phases)
            and not any(q for r in self.phases[self.open_phase] for q in self._fresh[r].values())
            and hour >= self._latest[self.open_phase] + SOAK
        ):
            self.open_phase += 1

    def _admit_fresh(self, region: str, hour: datetime) -> list[RolloutMachine]:
        """From the first zone in which a machine without an attempt may start now."""
        off_peak = self._off_peak_zones(region, hour)
        for zone, queue in self._fresh[region].items() if off_peak else ():
            begun = self._pick(queue.values(), batch_limit(self._loose[region, zone]), off_peak)
            if begun:
                for member in begun:
                    del queue[member.key]
                return begun
        return []

    def _admit_retries(self, region: str, hour: datetime) -> list[RolloutMachine]:
        """From the zone of the machine that has waited longest for another attempt."""
        off_peak = self._off_peak_zones(region, hour)
        late = [m for m in self._retries[region].values() if self._ready[m.key] <= hour]
        late.sort(key=lambda m: self._ready[m.key])
        zone = next((m.zone for m in late if m.time_zone in off_peak), None)
        mine = [m for m in late if m.zone == zone]
        begun = self._pick(mine, batch_limit(self._loose[region, zone]), off_peak)
        for member in begun:
            del self._retries[region][member.key]
        return begun

    def _oldest(self, region: str) -> datetime:
        return min(self._ready[key] for key in self._retries[region])

    def _off_peak_zones(self, region: str, hour: datetime) -> set[str | None]:
        """The time zones of the region's machines that are off-peak in this hour."""
        return {z for z in self._zones[region] if is_off_peak(z, hour)}

    def _pick(
        self, queue: Iterable[RolloutMachine], limit: int, off_peak: set[str | None]
    ) -> list[RolloutMachine]:
        """As many machines of one zone's queue as may start together."""
        begun: list[RolloutMachine] = []
        loose = 0
        domains: dict[str, int | str] = {}
        of_set: Counter[str] = Counter()
        for member in queue:
            if member.time_zone not in off_peak:
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


PredictResult = Callable[[RolloutMachine, datetime], AttemptResult]


def _all_well(_: RolloutMachine, __: datetime) -> AttemptResult:
    return AttemptResult.UPDATED


def timetable(
    rollout: Rollout, start: datetime, becomes: PredictResult = _all_well
) -> dict[str, datetime]:
    """Run the rollout from ``start`` to its end: the hour in which each machine is patched.

    ``becomes`` predicts the result of a machine. Machines that are never patched aren't included.
    """
    hour = whole_hour(max(start, rollout.released))
    patched: dict[str, datetime] = {}
    while rollout.waiting and hour < rollout.ends and rollout.halted is None:
        for member in rollout.admit(hour):
            outcome = becomes(member, hour)
            if outcome in (AttemptResult.UPDATED, AttemptResult.UNHEALTHY):
                patched[member.key] = hour
            rollout.record_attempt(member.key, outcome, hour)
        hour += HOUR
    return patched
