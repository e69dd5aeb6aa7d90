"""The rules of availability-first, stated independently and checked against a rollout's trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hotpatch_gui.domain.rollout import AttemptResult, Rollout, RolloutMachine

ZONES = {
    "Pacific Standard Time": "America/Los_Angeles",
    "GMT Standard Time": "Europe/London",
    "India Standard Time": "Asia/Kolkata",
    "Tokyo Standard Time": "Asia/Tokyo",
    None: "UTC",
}
PAIRS = (("eastus", "westus"), ("westus3", "eastus"), ("northeurope", "westeurope"))
REGIONS = ("eastus", "westus", "westus3", "northeurope", "westeurope", "italynorth", "qatarcentral")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Fleet:
    """Machines and their fate: of each the outcomes of its attempts, the last of them for good."""

    members: list[RolloutMachine]
    released: datetime
    fates: dict[str, list[AttemptResult]]


@dataclass
class Trace:
    fleet: Fleet
    phases: tuple[tuple[str, ...], ...] = ()
    begun: list[tuple[datetime, RolloutMachine, AttemptResult]] = field(default_factory=list)
    halted: bool = False


def play(fleet: Fleet) -> Trace:
    """The whole rollout, hour by hour, for longer than it may take."""
    rollout = Rollout(fleet.members, PAIRS, fleet.released)
    trace = Trace(fleet, rollout.phases)
    attempts: Counter[str] = Counter()
    hour = fleet.released.replace(minute=0)
    while hour < fleet.released + timedelta(days=32) and rollout.waiting:
        for member in rollout.admit(hour):
            fate = fleet.fates[member.key]
            outcome = fate[min(attempts[member.key], len(fate) - 1)]
            attempts[member.key] += 1
            trace.begun.append((hour, member, outcome))
            rollout.record_attempt(member.key, outcome, hour)
        hour += HOUR
    trace.halted = rollout.halted is not None
    return trace


def broken(trace: Trace) -> set[str]:
    """The names of the rules that the trace breaks."""
    return {name for name, holds in RULES.items() if not all(holds(trace))}


def _hours(trace: Trace) -> Iterator[list[RolloutMachine]]:
    for _, begun in groupby(trace.begun, key=lambda b: b[0]):
        yield [member for _, member, _ in begun]


def _are_partners(one: str, other: str) -> bool:
    return (one, other) in PAIRS or (other, one) in PAIRS


def _no_pair(regions: Sequence[str]) -> bool:
    return not any(_are_partners(a, b) for a in regions for b in regions)


def _pairs_apart(trace: Trace) -> Iterator[bool]:
    return (_no_pair(phase) for phase in trace.phases)


def _pairs_never_at_once(trace: Trace) -> Iterator[bool]:
    return (_no_pair([m.region for m in hour]) for hour in _hours(trace))


def _one_zone(trace: Trace) -> Iterator[bool]:
    for hour in _hours(trace):
        for region in {m.region for m in hour}:
            yield len({m.zone for m in hour if m.region == region}) == 1


def _batches(trace: Trace) -> Iterator[bool]:
    loose = [m for m in trace.fleet.members if m.availability_set is None]
    for hour in _hours(trace):
        for region in {m.region for m in hour}:
            mine = [m for m in loose if m.region == region]
            synchronous = [m for m in hour if m.region == region and m.availability_set is None]
            yield len(synchronous) <= 1 or len(synchronous) <= 0.2 * len(mine)


def _one_domain(trace: Trace) -> Iterator[bool]:
    for hour in _hours(trace):
        for own in {m.availability_set for m in hour} - {None}:
            mine = [m for m in hour if m.availability_set == own]
            known = {m.update_domain for m in mine}
            yield len(known) == 1 and (len(mine) == 1 or None not in known)


def _share_of_set(trace: Trace) -> Iterator[bool]:
    sizes = Counter(m.availability_set for m in trace.fleet.members)
    for hour in _hours(trace):
        for own, count in Counter(m.availability_set for m in hour).items():
            if own is not None:
                yield count == 1 if sizes[own] < 10 else count <= 0.2 * sizes[own]


def _off_peak(trace: Trace) -> Iterator[bool]:
    for hour, member, _ in trace.begun:
        zone = ZoneInfo(ZONES[member.time_zone])
        first, last = hour.astimezone(zone), (hour + HOUR).astimezone(zone)
        yield first.hour >= 22 or last.hour < 6 or (last.hour, last.minute) == (6, 0)


def _phases_in_turn(trace: Trace) -> Iterator[bool]:
    """No machine starts before all machines of the earlier phases were tried, and a day has passed since."""
    slot = {region: n for n, phase in enumerate(trace.phases) for region in phase}
    first: dict[str, datetime] = {}
    for hour, member, _ in trace.begun:
        if member.key not in first:
            earlier = [m for m in trace.fleet.members if slot[m.region] < slot[member.region]]
            yield all(m.key in first and hour - first[m.key] >= DAY for m in earlier)
        first.setdefault(member.key, hour)


def _stops_when_ill(trace: Trace) -> Iterator[bool]:
    """If more than one in twenty patched machines of a phase are unhealthy, no further machine starts."""
    slot = {region: n for n, phase in enumerate(trace.phases) for region in phase}
    updated: Counter[int] = Counter()
    ill: Counter[int] = Counter()
    for _, group in groupby(trace.begun, key=lambda b: b[0]):
        yield all(ill[p] <= updated[p] / 20 for p in updated)
        for _, member, outcome in group:
            if outcome in (AttemptResult.UPDATED, AttemptResult.UNHEALTHY):
                updated[slot[member.region]] += 1
                ill[slot[member.region]] += outcome is AttemptResult.UNHEALTHY


def _within_thirty_days(trace: Trace) -> Iterator[bool]:
    return (hour < trace.fleet.released + timedelta(days=30) for hour, _, _ in trace.begun)


def _once_a_night(trace: Trace) -> Iterator[bool]:
    last: dict[str, datetime] = {}
    for hour, member, _ in trace.begun:
        yield hour - last.get(member.key, hour - DAY) >= timedelta(hours=12)
        last[member.key] = hour


def _never_again(trace: Trace) -> Iterator[bool]:
    done: set[str] = set()
    for _, member, outcome in trace.begun:
        yield member.key not in done
        if outcome in (AttemptResult.UPDATED, AttemptResult.UNHEALTHY):
            done.add(member.key)


def _everyone_reached(trace: Trace) -> Iterator[bool]:
    reached = {member.key for _, member, _ in trace.begun}
    return (trace.halted or m.key in reached for m in trace.fleet.members)


def _retried(trace: Trace) -> Iterator[bool]:
    """A machine that was not patched in the first three weeks has another attempt within a week."""
    for hour, member, outcome in trace.begun:
        if outcome in (AttemptResult.FAILED, AttemptResult.NOT_RUNNING) and not trace.halted:
            soon = hour + 7 * DAY
            yield hour > trace.fleet.released + 21 * DAY or any(
                m is member and hour < again <= soon for again, m, _ in trace.begun
            )


RULES: dict[str, Callable[[Trace], Iterator[bool]]] = {
    "paired regions are in different phases": _pairs_apart,
    "paired regions are never patched at once": _pairs_never_at_once,
    "one zone of a region at a time": _one_zone,
    "outside sets a batch at a time": _batches,
    "one update domain of a set at a time": _one_domain,
    "a fifth of a set at a time": _share_of_set,
    "off-peak only": _off_peak,
    "the next phase waits for the one before": _phases_in_turn,
    "a bad update stops it": _stops_when_ill,
    "within 30 days": _within_thirty_days,
    "one attempt a night": _once_a_night,
    "nobody is patched twice": _never_again,
    "everyone is reached": _everyone_reached,
    "failures are tried again soon": _retried,
}

_PATCHED = st.sampled_from((AttemptResult.UPDATED,) * 30 + (AttemptResult.UNHEALTHY,))
_TRIES = st.lists(st.sampled_from((AttemptResult.FAILED, AttemptResult.NOT_RUNNING)), max_size=4)
_FATES = st.sampled_from(range(40)).flatmap(
    lambda n: (
        st.just([AttemptResult.FAILED])
        if n == 0
        else st.builds(lambda tries, end: [*tries, end], _TRIES, _PATCHED)
        if n < 8
        else st.just([AttemptResult.UPDATED])
    )
)


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Up to forty machines of up to seven regions, in zones, in sets, and in neither."""
    regions = draw(st.lists(st.sampled_from(REGIONS), min_size=1, max_size=5, unique=True))
    zones = draw(st.lists(st.sampled_from(tuple(ZONES)), min_size=1, max_size=2))
    members: list[RolloutMachine] = []
    for region in regions:
        for zone in draw(st.lists(st.sampled_from((None, "1", "2", "3")), max_size=3, unique=True)):
            members += [
                RolloutMachine(
                    f"{region}-{zone}-{n}", region, zone, time_zone=draw(st.sampled_from(zones))
                )
                for n in range(draw(st.integers(0, 12)))
            ]
        if draw(st.booleans()):
            size = draw(st.sampled_from((2, 3, 9, 10, 15)))
            domains = draw(st.sampled_from((1, 2, 5, None)))
            members += [
                RolloutMachine(
                    f"{region}-set-{n}",
                    region,
                    None,
                    f"{region}/set",
                    n % domains if domains else None,
                    draw(st.sampled_from(zones)),
                )
                for n in range(size)
            ]
    fates = {m.key: draw(_FATES) for m in members}
    day = draw(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)))  # noqa: DTZ001 - made aware below
    return Fleet(members, day.replace(tzinfo=ZoneInfo("UTC"), second=0, microsecond=0), fates)
