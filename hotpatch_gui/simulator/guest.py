"""One simulated machine: its build, its available updates, and its installations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

from hotpatch_gui.domain.arc import can_enroll, is_recent
from hotpatch_gui.domain.machines import Image
from hotpatch_gui.domain.platforms import is_supported
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, Release, release_day
from hotpatch_gui.domain.updates import RestartBehavior

from .catalog import Catalog, Patch

SUBSCRIPTION = "00000000-0000-4000-8000-00000000c0de"
HYBRID = "00000000-0000-4000-8000-00000000a4c0"
SCAN_MINUTES = 1.5
RESTART_MINUTES = 3.0
START_NEEDS_MINUTES = 25
RESTART_NEEDS_MINUTES = 10


_RENAMED = {
    "health_since": "resource_health_since",
    "ill_of": "unhealthy_after",
    "licence": "license",
    "licence_error": "license_error",
}
"""Fields of a Guest by their earlier name."""


@dataclass(slots=True)
class Guest:
    """The state of one machine, storable as JSON."""

    name: str
    resource_group: str
    location: str
    product: str
    sku: str
    build: str
    subscription: str = SUBSCRIPTION
    zone: str | None = None
    availability_set: str | None = None
    update_domain: int | None = None
    publisher: str = "MicrosoftWindowsServer"
    offer: str = "WindowsServer"
    generation: str = "V2"
    time_zone: str = "Pacific Standard Time"
    power: str = "running"
    agent_ready: bool = True
    allow_extensions: bool = True
    patch_mode: str = "AutomaticByPlatform"
    assessment_mode: str = "AutomaticByPlatform"
    hotpatching: bool = True
    bypass_safety_checks: bool = False
    restart_setting: str = "IfRequired"
    automatic_updates: bool = True
    receives_hotpatches: bool = True
    """Whether hotpatches are received; after turning it on again, from the next installed baseline."""
    enrolled_on: str | None = None
    installed: list[str] = field(default_factory=list)
    awaiting_restart: list[dict[str, Any]] = field(default_factory=list)
    assessment: dict[str, Any] | None = None
    runs: list[dict[str, Any]] = field(default_factory=list)
    runs_kb: str = ""
    """The update it runs, because two releases may share a build."""
    identity: str = ""
    """Its own vmId, for a machine that was recreated."""
    patch_service: str = "WU"
    """``patchServiceUsed``. A simulated WSUS server (WU_WSUS) has approved no release."""
    tags: dict[str, str] = field(default_factory=dict)
    fails_kb: str | None = None
    """An update that fails on this machine."""
    unhealthy_after: list[str] = field(default_factory=list)
    """Updates that make the machine unhealthy, for scenarios and tests."""
    health: str = "Available"
    resource_health_since: str | None = None
    mistaken: list[str] = field(default_factory=list)
    """Out-of-band updates of the other channel offered by mistake, like KB5070881 in October 2025."""
    is_arc: bool = False
    host: str | None = None
    """ArcKindEnum: HCI on Azure Local, None for a physical server."""
    edition: str | None = None
    license: str | None = None
    """The Hotpatch license of an Arc-enabled server; None without one."""
    license_error: dict[str, Any] | None = None
    """Why an enrollment failed, as in productFeatures[].error."""
    agent_status: str = ""
    """``status`` of an Arc-enabled server if not by its power: Expired, Error."""
    agent_reason: str = ""
    """``statusReason``: Cloned."""
    agent: dict[str, Any] = field(default_factory=dict)
    """``agentConfiguration``."""
    profile: dict[str, Any] = field(default_factory=dict)
    """The rest of the license profile (softwareAssurance, esuProfile), which a PUT without it resets."""
    vbs: bool = True
    evaluating: bool = False
    """Azure hasn't evaluated the change yet."""
    schedule: dict[str, Any] | None = None
    """The assigned maintenance configuration: a domain Schedule's fields and ``classifications``."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Guest:
        """A stored guest, including one from a file of an earlier program version."""
        return cls(**{_RENAMED.get(name, name): value for name, value in data.items()})

    def to_json(self) -> dict[str, Any]:
        """Its fields, which the caller must not change."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @property
    def image(self) -> Image:
        return Image(self.publisher, self.offer, self.sku)

    @property
    def can_enroll(self) -> bool:
        """Whether Azure would enroll an Arc-enabled server."""
        version = f"10.0.{self.build}"
        return can_enroll(version, self.edition) and is_recent(version) is True

    @property
    def enablement(self) -> str | None:
        """The HotpatchEnablementStatus; None if not enrolled."""
        if self.license != "Enabled":
            return None
        if self.evaluating:
            return "PendingEvaluation"
        if not self.hotpatching:
            return "Disabled"
        return "Enabled" if self.vbs else "ActionRequired"

    @property
    def is_eligible(self) -> bool:
        """Whether hotpatches are available for it."""
        return self.enablement == "Enabled" if self.is_arc else is_supported(self.image)

    @property
    def restart_pending(self) -> bool:
        return bool(self.awaiting_restart)

    def release(self, calendar: Calendar) -> Release | None:
        """The release it runs, if on the train."""
        installed = calendar.by_kb(Product(self.product), self.runs_kb)
        if installed is not None and installed.build == self.build:
            release: Release | None = installed
        else:
            release = calendar.by_build(Product(self.product), self.build)
        return release if release is not None and release.on_train else None

    def offered(self, catalog: Catalog, at: datetime) -> list[Patch]:
        """Updates that Windows Update offers, operating system first."""
        waiting = {w["kb"] for w in self.awaiting_restart}
        main = self._offered_release(catalog, release_day(at))
        is_there = main is None or main.kb in waiting or main.kb in self.installed
        patches = [] if main is None or is_there else [main]
        others = catalog.others(Product(self.product), release_day(at))
        return patches + [p for p in others if (p.key or p.kb) not in self.installed]

    def _offered_release(self, catalog: Catalog, day: date) -> Patch | None:
        if self.patch_service == "WU_WSUS":
            return None
        product, running = Product(self.product), self.release(catalog.calendar)
        mistake = self._mistake(catalog, day)
        if mistake is not None:
            return mistake
        if not (self.receives_hotpatches and self.is_eligible) or running is None:
            return catalog.standard_patch(product, day, self.build)
        base = catalog.calendar.baseline_in_force(product, day)
        if base is not None and catalog.calendar.baseline_of(running) is not base:
            return catalog.release_patch(base)
        missing = catalog.calendar.behind(running, day)
        return catalog.release_patch(missing[-1]) if missing else None

    def _mistake(self, catalog: Catalog, day: date) -> Patch | None:
        """The update offered by mistake on its release day and the next."""
        for kb in self.mistaken:
            release = catalog.calendar.by_kb(Product(self.product), kb)
            if release is not None and timedelta(0) <= day - release.released <= timedelta(days=1):
                return catalog.standard_patch(Product(self.product), release.released, self.build)
        return None

    def apply(self, patch: Patch, at: datetime, catalog: Catalog) -> None:
        """Install an update; one that restarts takes effect at the restart."""
        if patch.kb in self.unhealthy_after:
            self.health, self.resource_health_since = "Unavailable", at.isoformat()
            self.agent_ready = False
        if patch.build is not None and patch.restart is not RestartBehavior.NEVER:
            self.awaiting_restart.append({"kb": patch.kb, "build": patch.build})
        elif patch.build is not None:
            self.build, self.runs_kb = patch.build, patch.kb
        if patch.build is None:
            self.installed.append(patch.key or patch.kb)
            if patch.restart is RestartBehavior.CAN_REQUEST:
                self.awaiting_restart.append({"kb": patch.kb, "build": None})

    def restart(self, catalog: Catalog) -> None:
        """Apply what waited for the restart; a new baseline starts a waiting enrollment."""
        for waiting in self.awaiting_restart:
            if waiting["build"]:
                self.build, self.runs_kb = waiting["build"], waiting["kb"]
        self.awaiting_restart = []
        release = self.release(catalog.calendar)
        if release is not None and release.kind.is_baseline and self.hotpatching:
            enrolled = self.enrolled_on
            if enrolled is None or release.released.isoformat() > enrolled:
                self.receives_hotpatches = True

    def start(self, catalog: Catalog) -> None:
        """Start the machine; one that already runs isn't changed."""
        if self.power != "running":
            self.power = "running"
            self.restart(catalog)

    def set_hotpatching(self, on: bool, day: date) -> None:
        if on and not self.hotpatching:
            self.enrolled_on = day.isoformat()
        if not on:
            self.receives_hotpatches = False
        self.hotpatching = on


@dataclass(frozen=True, slots=True)
class Step:
    """One update of an installation: its result and times."""

    patch: Patch
    state: str
    started: datetime | None = None
    ended: datetime | None = None
    error: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """A planned installation: every state is a function of time."""

    started: datetime
    steps: tuple[Step, ...]
    restart_at: datetime | None
    ended: datetime
    restart_status: str
    window_exceeded: bool

    @property
    def status(self) -> str:
        failed = self.window_exceeded or any(s.state == "Failed" for s in self.steps)
        return "Failed" if failed else "Succeeded"

    def states_at(self, now: datetime) -> list[tuple[Patch, str]]:
        """Installation states by update, as Azure reports them at ``now``."""
        return [
            (s.patch, "Pending" if s.ended is not None and s.ended > now else s.state)
            for s in self.steps
        ]

    def restart_status_at(self, now: datetime) -> str:
        if now >= self.ended:
            return self.restart_status
        if self.restart_at is not None and now >= self.restart_at:
            return "Started"
        begun = (s for s in self.steps if s.ended is not None and s.ended <= now)
        return "Required" if any(_asks_restart(s.patch) for s in begun) else "NotNeeded"


@dataclass(frozen=True, slots=True)
class InstallParameters:
    """The parameters of installPatches."""

    classifications: frozenset[str]
    include: frozenset[str]
    exclude: frozenset[str]
    exclude_restarting: bool
    published_until: datetime | None
    restart: str
    minutes: float


def choose(parameters: InstallParameters, patch: Patch) -> str | None:
    """The installation state of an excluded update; None if the request includes it."""
    if patch.kb in parameters.exclude:
        return "Excluded"
    if (
        patch.kb not in parameters.include
        and patch.classification.value.casefold() not in parameters.classifications
    ):
        return "NotSelected"
    if parameters.exclude_restarting and patch.restart is not RestartBehavior.NEVER:
        return "NotSelected"
    if parameters.published_until is not None and patch.published_at > parameters.published_until:
        return "NotSelected"
    return None


def plan_installation(
    guest: Guest, parameters: InstallParameters, started: datetime, catalog: Catalog
) -> Installation:
    """Plan an installation: an update starts only with 25 minutes left, a restart only with 10.

    An update in progress at the limit isn't interrupted.
    """
    limit = started + timedelta(minutes=parameters.minutes)
    at = started + timedelta(minutes=SCAN_MINUTES)
    steps: list[Step] = []
    exceeded = False
    for patch in guest.offered(catalog, started):
        left_as = choose(parameters, patch)
        if left_as is not None:
            steps.append(Step(patch, left_as))
            continue
        if limit - at < timedelta(minutes=START_NEEDS_MINUTES) and not _is_first_in_time(
            steps, started, limit
        ):
            steps.append(Step(patch, "Pending"))
            exceeded = True
            continue
        end = at + timedelta(minutes=patch.minutes)
        failed = patch.kb == guest.fails_kb
        error = (
            {"code": "0x80070005", "message": _ACCESS_DENIED.format(kb=patch.kb)}
            if failed
            else None
        )
        steps.append(Step(patch, "Failed" if failed else "Installed", at, end, error))
        at = end
    needs_restart = parameters.restart == "Always" or any(
        s.state == "Installed" and _asks_restart(s.patch) for s in steps
    )
    needs_restart = needs_restart or guest.restart_pending
    restart_at = None
    status = "NotNeeded"
    if (
        needs_restart
        and parameters.restart != "Never"
        and limit - at >= timedelta(minutes=RESTART_NEEDS_MINUTES)
    ):
        restart_at, at, status = at, at + timedelta(minutes=RESTART_MINUTES), "Completed"
    elif needs_restart:
        status = "Required"
        exceeded = exceeded or parameters.restart != "Never"
    return Installation(started, tuple(steps), restart_at, at, status, exceeded)


_ACCESS_DENIED = "{kb} could not be installed: access was denied, or there is not enough disk space (0x80070005)."


def _is_first_in_time(steps: list[Step], started: datetime, limit: datetime) -> bool:
    """Whether no update was tried yet and 25 minutes were left at the start, before the scan."""
    tried = any(s.started is not None for s in steps)
    return not tried and limit - started >= timedelta(minutes=START_NEEDS_MINUTES)


def _asks_restart(patch: Patch) -> bool:
    return patch.restart in (RestartBehavior.ALWAYS, RestartBehavior.CAN_REQUEST)
