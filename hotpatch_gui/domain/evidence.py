"""The evidence about one machine, and its classification. ``status_text`` writes the sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .arc import License
from .hotpatch import HotpatchStatus, is_on
from .machines import Freshness, Machine, freshness
from .release_calendar import Calendar
from .releases import Expected, Release, ReleaseKind, release_day
from .resource_health import MAY_BE_RUNNING, is_unhealthy
from .situation import COUNTS_UNREPORTED, LIST_UNREPORTED, RESTART_UNREPORTED, Level, Situation
from .titles import ReleaseTitle

tr = translator("Evidence")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The stored evidence about one machine.

    Attributes:
        assessed: the last valid assessment.
        assessment_error: why a later one failed; empty without a reason, None if none failed.
        offered: KBs that the assessment offers.
        titles: monthly releases that the assessment offers.
        restart_kbs: installed KBs that wait for a restart, if known.
        out_of_band_kbs: out-of-band releases that recorded installations installed.
        patch_service: Azure's patchServiceUsed of the assessment.
        pending_since: when a pending enrollment started or was first seen.
        hidden: since when the account can't read the machine.
        resource_health: the state that Resource Health reports, unless it is “available”; ``resource_health_since``: since when, if known.
    """

    machine: Machine
    status: HotpatchStatus
    assessed: datetime | None
    assessment_error: str | None = None
    restart_pending: bool = False
    updates: int = 0
    definitions: int = 0
    """How many of the updates are definitions, which don't decide whether a machine is up to date."""
    updates_restarting: int = 0
    updates_may_restart: int = 0
    offered: tuple[str, ...] = ()
    titles: tuple[ReleaseTitle, ...] = ()
    restart_kbs: tuple[str, ...] = ()
    last_run_error: str | None = None
    out_of_band_kbs: tuple[str, ...] = ()
    patch_service: str | None = None
    pending_since: datetime | None = None
    hidden: datetime | None = None
    resource_health: str | None = None
    resource_health_since: datetime | None = None
    unreported: tuple[str, ...] = ()
    """Values that the assessment doesn't report: COUNTS_UNREPORTED, LIST_UNREPORTED, RESTART_UNREPORTED."""

    @property
    def is_list_read(self) -> bool:
        """Whether the updates are known one by one, and not only counted."""
        return LIST_UNREPORTED not in self.unreported


class Departure(NamedTuple):
    """The update that took a machine off the hotpatch train, and its release day."""

    update: str
    day: date


LEVELS = {
    Situation.NO_PERMISSION: Level.UNKNOWN,
    Situation.RESTART_PENDING: Level.WARNING,
    Situation.OFF_TRAIN: Level.ERROR,
    Situation.AWAITS_BASELINE: Level.WARNING,
    Situation.ACTION_REQUIRED: Level.ERROR,
    Situation.ENROLLING: Level.UNKNOWN,
    Situation.UNENROLLING: Level.UNKNOWN,
    Situation.NOT_ENROLLED: Level.WARNING,
    Situation.DISABLED: Level.WARNING,
    Situation.LAST_FAILED: Level.ERROR,
    Situation.NOT_RUNNING: Level.INFO,
    Situation.NEVER_ASSESSED: Level.UNKNOWN,
    Situation.STALE: Level.UNKNOWN,
    Situation.NOT_OFFERED: Level.WARNING,
    Situation.NOT_CONFIRMED: Level.UNKNOWN,
    Situation.UP_TO_DATE: Level.OK,
}


def classify(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[Situation, Level]:
    """A machine's situation and the attention it needs, without text, for whole fleets.

    An unhealthy machine keeps its situation, which is about updates; its level is ERROR.
    """
    situation = situation_of(evidence, calendar, now)
    if is_unhealthy(evidence.resource_health, evidence.machine.power):
        return situation, Level.ERROR
    if situation not in (Situation.BEHIND, Situation.UNSUPPORTED):
        return situation, LEVELS[situation]
    is_behind = offers_release(evidence, calendar) or missing_releases(evidence, calendar, now)
    return situation, Level.WARNING if is_behind else Level.INFO


def situation_of(evidence: Evidence, calendar: Calendar, now: datetime) -> Situation:
    """The situation of the first check that applies; UP_TO_DATE if none does."""
    for situation, holds in _CHECKS:
        if holds(evidence, calendar, now):
            return situation
    return Situation.UP_TO_DATE


def running_release(
    machine: Machine, calendar: Calendar, installed: Collection[str] = ()
) -> Release | None:
    """The release of the hotpatch train whose build the machine reports.

    ``installed`` are recorded out-of-band KBs, which distinguish two releases with the same build.

    Returns:
        None if the machine runs no known release of the hotpatch channel: its build isn't known, or it left the train.
    """
    if machine.product is None:
        return None
    release = calendar.by_build(machine.product, machine.build)
    if release is None or release.on_train:
        return release
    twin = calendar.train_twin(release)
    return twin if twin is not None and twin.kb in installed else None


def running_of(evidence: Evidence, calendar: Calendar) -> Release | None:
    """The running release according to the evidence; see ``running_release``; None if it isn't known."""
    return running_release(evidence.machine, calendar, evidence.out_of_band_kbs)


def left_train_with(machine: Machine, calendar: Calendar) -> Departure | None:
    """The update that took the machine off the hotpatch train, by its build; None if there is none."""
    product, build = machine.product, machine.build
    if product is None or build is None:
        return None
    release = calendar.by_build(product, build)
    if release is not None:
        if release.on_train:
            return None
        return Departure(tr("the out-of-band update {kb}", kb=release.kb), release.released)
    month = calendar.hotpatch_month_of_lcu(product, build)
    if month is None:
        return None
    return Departure(
        tr(
            "{month}'s cumulative update {lcu_kb}",
            month=month.month_name,
            lcu_kb=month.lcu_kb or "",
        ).rstrip(),
        month.released,
    )


def departure(evidence: Evidence, calendar: Calendar) -> Departure | None:
    """Like ``left_train_with``, but requires a recorded installation if two releases share the build."""
    machine = evidence.machine
    cause = left_train_with(machine, calendar)
    release = calendar.by_build(machine.product, machine.build) if machine.product else None
    if release is not None and calendar.shares_build(release):
        return cause if release.kb in evidence.out_of_band_kbs else None
    return cause


def first_departure(evidence: Evidence, calendar: Calendar, left: Departure) -> Release | None:
    """The recorded out-of-band update that took the machine off the train before the one that it runs; None if none is recorded."""
    product = evidence.machine.product
    base = calendar.baseline_in_force(product, left.day) if product is not None else None
    if product is None or base is None:
        return None
    known = [calendar.by_kb(product, kb) for kb in evidence.out_of_band_kbs]
    earlier = [
        release
        for release in known
        if release is not None
        and not release.on_train
        and base.released <= release.released < left.day
    ]
    return min(earlier, key=lambda release: release.released, default=None)


def missing_releases(evidence: Evidence, calendar: Calendar, now: datetime) -> list[Release]:
    """Known releases of the train after the running one.

    If a release has no published build, only a recorded installation shows that it is installed on the machine.
    """
    running = running_of(evidence, calendar)
    newer = calendar.behind(running, release_day(now)) if running else []
    return [r for r in newer if r.build is not None or r.kb not in evidence.out_of_band_kbs]


def unknown_releases(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[Expected, ...]:
    """Releases planned between the running one and ``now`` that the calendar has no data for."""
    product = evidence.machine.product
    if product is None:
        return ()
    running = running_of(evidence, calendar)
    return calendar.unknown(product, running.released if running else date.min, release_day(now))


def offers_release(evidence: Evidence, calendar: Calendar) -> bool | None:
    """Whether the assessment offers an operating system release; None if only counts are known."""
    if evidence.titles:
        return True
    product = evidence.machine.product
    if not evidence.is_list_read:
        return None
    return product is not None and any(
        calendar.by_kb(product, kb) or calendar.hotpatch_month_of_lcu(product, kb)
        for kb in evidence.offered
    )


def offered_cumulative_update(
    evidence: Evidence, calendar: Calendar
) -> tuple[Release, str | None] | None:
    """The month's hotpatch and the KB of the cumulative update that an enrolled machine is offered instead.

    None if it is offered none. Its hotpatches begin with the next baseline: hotpatch was turned on after the last one, or the
    machine has left the train.
    """
    product = evidence.machine.product
    if product is None or evidence.status is not HotpatchStatus.ENABLED:
        return None
    for kb in evidence.offered:
        by_kb = calendar.hotpatch_month_of_lcu(product, kb)
        if by_kb is not None:
            return by_kb, kb
    for title in evidence.titles:
        month = None if title.is_hotpatch else calendar.month(product, title.month)
        if month is not None and month.kind is ReleaseKind.HOTPATCH:
            return month, title.kb
    return None


def released_since(evidence: Evidence, calendar: Calendar, now: datetime) -> Release | None:
    """The newest release of the train that was released after the assessment and that the machine doesn't run; None without one."""
    if evidence.assessed is None or not is_on(evidence.machine):
        return None
    seen = release_day(evidence.assessed)
    newer = [r for r in missing_releases(evidence, calendar, now) if r.released > seen]
    return newer[-1] if newer else None


def expected_since(evidence: Evidence, calendar: Calendar, now: datetime) -> Expected | None:
    """The newest release that was planned after the assessment and isn't known; None without one."""
    if evidence.assessed is None or not is_on(evidence.machine):
        return None
    seen = release_day(evidence.assessed)
    newer = [e for e in unknown_releases(evidence, calendar, now) if e.day > seen]
    return newer[-1] if newer else None


def _is_unenrolling(evidence: Evidence) -> bool:
    arc = evidence.machine.arc
    return arc is not None and arc.license is License.DISABLING


def _offers_more(evidence: Evidence) -> bool:
    """Whether more than definitions is offered."""
    return evidence.updates > evidence.definitions


def _is_down(evidence: Evidence) -> bool:
    return evidence.machine.power not in MAY_BE_RUNNING


def _is_superseded(evidence: Evidence, calendar: Calendar, now: datetime) -> bool:
    return bool(released_since(evidence, calendar, now) or expected_since(evidence, calendar, now))


def _is_unconfirmed(evidence: Evidence, calendar: Calendar, now: datetime) -> bool:
    running = running_of(evidence, calendar)
    return running is None or bool(unknown_releases(evidence, calendar, now))


_UNLICENSED = (HotpatchStatus.NOT_ENROLLED, HotpatchStatus.CANCELED)
_CHECKS: tuple[tuple[Situation, Callable[[Evidence, Calendar, datetime], bool]], ...] = (
    (Situation.NO_PERMISSION, lambda e, c, now: e.hidden is not None),
    (Situation.RESTART_PENDING, lambda e, c, now: e.restart_pending),
    (Situation.UNSUPPORTED, lambda e, c, now: e.status is HotpatchStatus.NOT_AVAILABLE),
    (Situation.NOT_RUNNING, lambda e, c, now: _is_down(e)),
    (Situation.ACTION_REQUIRED, lambda e, c, now: e.status is HotpatchStatus.ACTION_REQUIRED),
    (Situation.UNENROLLING, lambda e, c, now: _is_unenrolling(e)),
    (Situation.ENROLLING, lambda e, c, now: e.status is HotpatchStatus.PENDING),
    (Situation.NOT_ENROLLED, lambda e, c, now: e.status in _UNLICENSED),
    (Situation.NOT_CONFIRMED, lambda e, c, now: e.status is HotpatchStatus.NOT_KNOWN),
    (Situation.DISABLED, lambda e, c, now: not is_on(e.machine)),
    (Situation.OFF_TRAIN, lambda e, c, now: departure(e, c) is not None),
    (Situation.NEVER_ASSESSED, lambda e, c, now: freshness(e.assessed, now) is Freshness.NEVER),
    (Situation.AWAITS_BASELINE, lambda e, c, now: offered_cumulative_update(e, c) is not None),
    (Situation.LAST_FAILED, lambda e, c, now: e.last_run_error is not None),
    (Situation.STALE, lambda e, c, now: freshness(e.assessed, now) is Freshness.TOO_OLD),
    (Situation.BEHIND, lambda e, c, now: _offers_more(e) and offers_release(e, c) is not False),
    (Situation.STALE, _is_superseded),
    (Situation.NOT_CONFIRMED, lambda e, c, now: COUNTS_UNREPORTED in e.unreported),
    (Situation.NOT_OFFERED, lambda e, c, now: bool(missing_releases(e, c, now))),
    (Situation.NOT_CONFIRMED, _is_unconfirmed),
    (Situation.NOT_CONFIRMED, lambda e, c, now: RESTART_UNREPORTED in e.unreported),
    (Situation.BEHIND, lambda e, c, now: _offers_more(e)),
)
