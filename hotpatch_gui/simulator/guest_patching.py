"""Automatic guest patching in the simulation: assessments, rollouts and schedules as the clock passes them.

``domain.rollout`` decides the order.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, Protocol
from zlib import crc32

from hotpatch_gui.domain.off_peak import HOUR, whole_hour
from hotpatch_gui.domain.releases import RELEASE_HOUR
from hotpatch_gui.domain.rollout import AttemptResult, Rollout, RolloutMachine
from hotpatch_gui.domain.schedules import next_run

from .catalog import Catalog
from .guest import Guest, Installation, InstallParameters
from .maintenance import Maintenance, schedule_of

DAILY, EVERY_FEW_DAYS = timedelta(hours=24), timedelta(days=3)
"""How often a machine is assessed: daily if its mode requests it, otherwise "every few days"."""
MOMENT = timedelta(seconds=1)
IMPORTANT = frozenset({"critical", "security"})
ROLLOUT_MINUTES = 60.0
RUN_NAME = "auto-{:%Y-%m-%d}"


class CloudState(Protocol):
    """The parts of the simulated cloud that patching uses."""

    catalog: Catalog
    guests: dict[str, Guest]
    maintenance: Maintenance

    def finish_until(self, moment: datetime) -> None:
        """Apply operations that end by then."""
        ...

    def is_busy(self, guest: Guest) -> bool: ...

    def busy_until(self, guest: Guest) -> datetime | None:
        """When the machine's operations end; None without any."""
        ...

    def install_for_platform(
        self, guest: Guest, parameters: InstallParameters, at: datetime, run_name: str
    ) -> Installation: ...

    def assess_for_platform(self, guest: Guest, ended: datetime) -> None: ...


def is_included(guest: Guest, maintenance: Maintenance) -> bool:
    """Whether rollouts include the machine.

    It needs Azure Managed - Safe Deployment, a supported image, a ready agent and no schedule of its own.
    """
    return (
        guest.patch_mode == "AutomaticByPlatform"
        and not guest.bypass_safety_checks
        and can_be_patched(guest)
        and guest.publisher == "MicrosoftWindowsServer"
        and not maintenance.has_any(guest)
    )


def can_be_patched(guest: Guest) -> bool:
    return guest.agent_ready and guest.allow_extensions


def follows_schedule(guest: Guest) -> bool:
    """Whether its settings let a schedule patch it. Arc-enabled servers need no mode."""
    managed = guest.patch_mode == "AutomaticByPlatform" and guest.bypass_safety_checks
    return (managed or guest.is_arc) and can_be_patched(guest)


def member(guest: Guest) -> RolloutMachine:
    own = guest.availability_set
    name = f"{guest.resource_group}/{own}".casefold() if own else None
    return RolloutMachine(
        guest.name.casefold(),
        guest.location,
        guest.zone,
        name,
        guest.update_domain,
        guest.time_zone,
    )


def _period(guest: Guest) -> timedelta:
    return DAILY if guest.assessment_mode == "AutomaticByPlatform" else EVERY_FEW_DAYS


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _is_important(run: Mapping[str, Any]) -> bool:
    """Whether a run had a Critical or Security update to install."""
    return any(
        p["classification"].casefold() in IMPORTANT and p["state"] != "NotSelected"
        for p in run["patches"]
    )


def _after(guest: Guest, plan: Installation, catalog: Catalog) -> Guest:
    """The machine's expected state after a planned installation."""
    waiting = [dict(one) for one in guest.awaiting_restart]
    twin = replace(guest, installed=list(guest.installed), awaiting_restart=waiting)
    for step in plan.steps:
        if step.state == "Installed":
            twin.apply(step.patch, plan.ended, catalog)
    if plan.restart_at is not None:
        twin.restart(catalog)
    return twin


class Patching:
    """Azure's side of automatic patching: rollouts, schedules and periodic assessments.

    Args:
        start: when the simulation started.
        kept: what ``to_json`` returned, to continue.
    """

    def __init__(
        self,
        cloud: CloudState,
        pairs: Sequence[Sequence[str]],
        start: datetime,
        kept: Mapping[str, Any] | None,
    ) -> None:
        self._cloud, self._pairs = cloud, pairs
        self._start = start if kept is None else datetime.fromisoformat(kept["start"])
        days = {r.released for r in cloud.catalog.calendar.releases if r.is_offered}
        self._releases = sorted(datetime.combine(day, RELEASE_HOUR) for day in days)
        self._reports: list[list[Any]] = []
        self.has_changed = False
        if kept is None:
            self.rollout = self._begin_midway(start)
            self._hour = whole_hour(start)
        else:
            self._hour = datetime.fromisoformat(kept["hour"])
            self.rollout = self._restore(kept)
        self._until = start if kept is None else datetime.fromisoformat(kept["until"])
        self._due: list[tuple[datetime, str, str]] = []
        for key in cloud.guests:
            self._queue_assessment(key, self._until)
        for key in cloud.maintenance.configurations:
            self.queue_schedule(key, self._until)

    def to_json(self) -> dict[str, Any]:
        """The state, storable as JSON."""
        self.has_changed = False
        return {
            "start": self._start.isoformat(),
            "hour": self._hour.isoformat(),
            "until": self._until.isoformat(),
            "released": self.rollout.released.isoformat() if self.rollout else None,
            "members": list(self.rollout.members) if self.rollout else [],
            "reports": self._reports,
        }

    def next_release(self, after: datetime) -> datetime | None:
        return next((r for r in self._releases if r > after), None)

    def hours_until(self, now: datetime) -> Iterator[datetime]:
        """Hours until ``now`` in which something may start."""
        while self._hour <= now:
            hour = self._hour
            yield hour
            self._hour = self._next_hour(hour)
            self.has_changed = True

    def step(self, hour: datetime) -> None:
        """Start whatever starts in this hour."""
        self._start_rollout(hour)
        for found in self.rollout.admit(hour) if self.rollout else ():
            outcome, again = self._patch(found.key, hour)
            self._report(found.key, outcome, hour, again)

    def run_due(self, now: datetime) -> None:
        """Run schedules and periodic assessments due by ``now``."""
        if self._due and self._due[0][0] <= now:
            self._until, self.has_changed = now, True
        while self._due and self._due[0][0] <= now:
            at, kind, key = heapq.heappop(self._due)
            if kind == "assess":
                self._assess(self._cloud.guests[key], now)
                self._queue_assessment(key, now)
            else:
                self._cloud.finish_until(at)
                self._run_schedule(kind, key, at)

    def _next_hour(self, hour: datetime) -> datetime:
        """The next hour in which anything can happen."""
        rollout = self.rollout
        if rollout and rollout.waiting and rollout.halted is None and hour < rollout.ends:
            return hour + HOUR
        release = self.next_release(hour)
        return max(hour + HOUR, whole_hour(release)) if release else hour + timedelta(days=365)

    def _start_rollout(self, hour: datetime) -> None:
        newest = max((r for r in self._releases if r <= hour), default=None)
        if newest is not None and (self.rollout is None or self.rollout.released < newest):
            self.rollout = Rollout(self._members(), self._pairs, newest)
            self._reports = []

    def _members(self) -> Iterator[RolloutMachine]:
        return (
            member(g)
            for g in self._cloud.guests.values()
            if is_included(g, self._cloud.maintenance)
        )

    def _begin_midway(self, start: datetime) -> Rollout | None:
        """Continue the rollout of an earlier release: with what the machines' runs and assessments say about it."""
        newest = max((r for r in self._releases if r <= start), default=None)
        if newest is None:
            return None
        rollout = self.rollout = Rollout(self._members(), self._pairs, newest)
        known = (self._known(key, newest, start) for key in rollout.members)
        for record_attempt in sorted(filter(None, known), key=itemgetter(2)):
            self._report(*record_attempt)
        return rollout

    def _known(
        self, key: str, released: datetime, start: datetime
    ) -> tuple[str, AttemptResult, datetime, datetime | None] | None:
        """A machine's result since the release; None if its turn is still to come."""
        guest = self._cloud.guests[key]
        runs = [r for r in guest.runs if _is_important(r) and r["started"] >= released.isoformat()]
        good = [r["started"] for r in runs if r["status"] != "Failed"]
        waits = self._important(guest, start)
        if good or not waits:
            begun = datetime.fromisoformat(min(good)) if good else released
            return key, AttemptResult.FAILED if waits else AttemptResult.UPDATED, _hour(begun), None
        if runs:
            begun = datetime.fromisoformat(max(r["started"] for r in runs))
            return key, AttemptResult.FAILED, _hour(begun), None
        if guest.power != "running":
            return key, AttemptResult.NOT_RUNNING, released, self._assess_at(guest, start)
        return None

    def _restore(self, kept: Mapping[str, Any]) -> Rollout | None:
        if kept["released"] is None:
            return None
        guests = (self._cloud.guests[k] for k in kept["members"] if k in self._cloud.guests)
        released = datetime.fromisoformat(kept["released"])
        rollout = self.rollout = Rollout(map(member, guests), self._pairs, released)
        for key, outcome, hour, again in kept["reports"]:
            rollout.open_until(datetime.fromisoformat(hour))
            self._report(
                key,
                AttemptResult(outcome),
                datetime.fromisoformat(hour),
                datetime.fromisoformat(again) if again else None,
            )
        return rollout

    def _report(
        self, key: str, outcome: AttemptResult, hour: datetime, again: datetime | None
    ) -> None:
        assert self.rollout is not None
        self.rollout.record_attempt(key, outcome, hour, again)
        kept = [key, outcome.value, hour.isoformat(), again.isoformat() if again else None]
        self._reports.append(kept)
        self.has_changed = True

    def _important(self, guest: Guest, at: datetime) -> bool:
        offered = guest.offered(self._cloud.catalog, at)
        return any(p.classification.value.casefold() in IMPORTANT for p in offered)

    def _patch(self, key: str, hour: datetime) -> tuple[AttemptResult, datetime | None]:
        guest = self._cloud.guests[key]
        if guest.power != "running":
            return AttemptResult.NOT_RUNNING, self._assess_at(guest, hour)
        if self._cloud.is_busy(guest) or not can_be_patched(guest):
            return AttemptResult.FAILED, None
        if not is_included(guest, self._cloud.maintenance) or not self._important(guest, hour):
            return AttemptResult.UPDATED, None
        parameters = InstallParameters(
            IMPORTANT,
            frozenset(),
            frozenset(),
            exclude_restarting=False,
            published_until=None,
            restart=guest.restart_setting,
            minutes=ROLLOUT_MINUTES,
        )
        assert self.rollout is not None
        run = RUN_NAME.format(self.rollout.released)
        plan = self._cloud.install_for_platform(guest, parameters, hour, run)
        if plan.status == "Failed":
            return AttemptResult.FAILED, None
        bad = any(
            s.patch.kb in guest.unhealthy_after and s.state == "Installed" for s in plan.steps
        )
        if bad:
            return AttemptResult.UNHEALTHY, None
        leaves = self._important(_after(guest, plan, self._cloud.catalog), plan.ended)
        return (AttemptResult.FAILED if leaves else AttemptResult.UPDATED), None

    def _assess_at(self, guest: Guest, after: datetime) -> datetime:
        """The first periodic assessment after ``after``."""
        seen = guest.assessment
        last = datetime.fromisoformat(seen["modified"]) if seen else self._start
        return last + (max(0, (after - last) // _period(guest)) + 1) * _period(guest)

    def add(self, key: str, now: datetime) -> None:
        """Assess a new machine from now on; rollouts include it from the next one."""
        self._queue_assessment(key, now)

    def _queue_assessment(self, key: str, after: datetime) -> None:
        heapq.heappush(self._due, (self._assess_at(self._cloud.guests[key], after), "assess", key))

    def queue_schedule(self, key: str, after: datetime) -> None:
        """Wait for a configuration's next window, after it was created or changed, too."""
        run = next_run(schedule_of(self._cloud.maintenance.configurations[key]), after)
        if run is not None:
            heapq.heappush(self._due, (run, "schedule", key))

    def _assess(self, guest: Guest, now: datetime) -> None:
        """Add the newest periodic assessment that is due, unless an installation was later."""
        periodic = guest.assessment_mode == "AutomaticByPlatform" or is_included(
            guest, self._cloud.maintenance
        )
        latest = self._assess_at(guest, now) - _period(guest)
        seen = guest.assessment
        overtaken = seen is not None and datetime.fromisoformat(seen["modified"]) >= latest
        if periodic and guest.power == "running" and can_be_patched(guest) and not overtaken:
            self._cloud.assess_for_platform(guest, latest)

    def _run_schedule(self, kind: str, key: str, at: datetime) -> None:
        """Start a configuration's window, or with kind ``late`` a machine on which another one ran first."""
        key, _, machine = key.partition(" ")
        configuration = self._cloud.maintenance.configurations.get(key)
        if configuration is None:
            return
        schedule = schedule_of(configuration)
        opens = at if kind == "schedule" else datetime.fromisoformat(kind)
        if kind == "schedule":
            if next_run(schedule, at - MOMENT) != at:
                return  # it was changed
            self.queue_schedule(key, at)
            found = list(self._cloud.maintenance.members(key, self._cloud.guests))
        else:
            found = [self._cloud.guests[machine]]
        minutes = (schedule.minutes or 0) - (at - opens).total_seconds() / 60
        for guest in found:
            if not follows_schedule(guest) or guest.power != "running":
                continue
            busy_until = self._cloud.busy_until(guest)
            if busy_until is not None:
                late = f"{key} {guest.name.casefold()}"
                heapq.heappush(self._due, (busy_until, opens.isoformat(), late))
            elif minutes > 0:
                parameters = InstallParameters(
                    frozenset(c.casefold() for c in schedule.classifications),
                    frozenset(f"KB{kb.upper().removeprefix('KB')}" for kb in schedule.include),
                    frozenset(f"KB{kb.upper().removeprefix('KB')}" for kb in schedule.exclude),
                    exclude_restarting=bool(schedule.exclude_restarting),
                    published_until=None,
                    restart=schedule.restart or "IfRequired",
                    minutes=minutes,
                )
                name = f"{schedule.name}-{opens.astimezone(UTC):%Y%m%d}-{crc32(key.encode()):08x}"
                self._cloud.install_for_platform(guest, parameters, at, name)
