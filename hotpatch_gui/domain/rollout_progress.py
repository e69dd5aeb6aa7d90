"""A rollout's progress, inferred because Azure doesn't report it.

``rollout`` defines the order; installations, assessments and Resource Health show the progress.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .dates import day_name
from .hotpatch import is_on
from .installs import RestartSetting
from .machines import AssessmentMode, Machine, PatchMode
from .releases import Product
from .resource_health import MAY_BE_RUNNING, is_unhealthy
from .rollout import AttemptResult, Halt, Rollout, RolloutMachine, set_limit, timetable
from .schedules import (
    NO_SCHEDULES,
    AssignmentKind,
    FollowedSchedule,
    MachineSchedules,
    Schedule,
    next_run,
)
from .updates import RestartBehavior, strongest

tr = translator("Patching")

DAILY, EVERY_FEW_DAYS = timedelta(hours=24), timedelta(days=3)
"""Periodic assessments: daily if the mode requests them; "every few days" is assumed to be three."""


@tr.mark_values
class RolloutStatus(StrEnum):
    """The status of one machine in a rollout."""

    PATCHED = "Patched"
    BEING_PATCHED = "Being patched"
    UNHEALTHY = "Unhealthy"
    FAILED = "Failed, will retry"
    NOT_RUNNING = "Not running"
    WAITING = "Waiting"
    ON_HOLD = "On hold"
    NOT_INCLUDED = "Not included"
    NOT_KNOWN = "Not known"

    @property
    def label(self) -> str:
        """The status's display name."""
        return tr(self.value)


class MachineFacts(NamedTuple):
    """One machine's state since the release.

    Attributes:
        patched: start of the first successful installation of Critical or Security updates since the release; the
            release's time if only an assessment shows that none is missing.
        requested_by_user: a user's installation came before any automatic one.
        by_assessment: only an assessment shows that it is patched.
        only_restart: an assessment since the release offers no Critical or Security updates, but a restart is pending.
        is_incomplete: a later assessment still offers Critical or Security updates; False if it isn't known.
        restart_pending: None if not reported.
        restart_of_important: the strongest restart behavior of its missing Critical and Security updates: NEVER if none is missing,
            UNKNOWN if that isn't reported.
        restart_of_all: like ``restart_of_important``, for all updates.
        missing: (classification, KB, restart) of each missing update, for a machine with schedules whose list is known.
        restarting: KBs of the missing updates that restart it; ``may_restart``: of those that may.
        failed: start of the last installation that failed or installed no Critical or Security update.
        in_progress_since: start of the last installation that is in progress.
    """

    key: str
    machine: Machine
    assessed: datetime | None = None
    patched: datetime | None = None
    requested_by_user: bool = False
    by_assessment: bool = False
    is_incomplete: bool = False
    only_restart: bool = False
    failed: datetime | None = None
    in_progress_since: datetime | None = None
    resource_health: str | None = None
    resource_health_since: datetime | None = None
    schedules: MachineSchedules = NO_SCHEDULES
    restart_pending: bool | None = None
    restart_of_important: RestartBehavior = RestartBehavior.UNKNOWN
    restart_of_all: RestartBehavior = RestartBehavior.UNKNOWN
    restarting: tuple[str, ...] = ()
    may_restart: tuple[str, ...] = ()
    missing: tuple[tuple[str, str | None, RestartBehavior], ...] | None = None


class RolloutPosition(NamedTuple):
    """One machine in the rollout.

    Attributes:
        phase: its region's phase, from 0; None if it isn't included.
        window: the hour in which its installation starts or is expected to start, UTC; None if none is expected.
        reason: why it has this status, and what follows.
        restart: whether the installation of ``window`` restarts it; None without a window.
    """

    key: str
    status: RolloutStatus
    phase: int | None
    window: datetime | None
    reason: str
    restart: RestartBehavior | None = None


@dataclass(frozen=True, slots=True)
class RolloutState:
    """The whole rollout.

    Attributes:
        phases: the regions of each phase, in their order.
        open_phase: the last phase that started, from 0.
        positions: each machine's position by its key, including machines that the rollout doesn't include.
        halted: where the rollout halted; None if it didn't.
        unhealthy_machines: the machines that halted it.
    """

    released: datetime
    phases: tuple[tuple[str, ...], ...]
    open_phase: int
    positions: dict[str, RolloutPosition]
    halted: Halt | None
    unhealthy_machines: tuple[MachineFacts, ...] = ()


def exclusion_reason(machine: Machine, schedules: MachineSchedules, now: datetime) -> str | None:
    """Why automatic guest patching doesn't include a machine; None if it does.

    ``schedules`` are its maintenance configurations; ended ones don't count.

    Source: learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching.
    """
    settings = machine.settings
    if machine.arc is not None:
        return _arc_reason(schedules, now)
    match settings.patch_mode:
        case None:
            return tr("Its patch orchestration isn't known.")
        case PatchMode.IMAGE_DEFAULT:
            return tr("Image default: the image's setting decides, and Azure doesn't report it.")
        case PatchMode.MANUAL:
            return tr("Manual updates: nothing is installed until someone requests it.")
        case PatchMode.AUTOMATIC_BY_OS:
            return tr("Windows automatic updates: Windows Update on the machine decides when.")
    if settings.bypass_safety_checks:
        return tr(
            "Customer Managed Schedules: {schedules}.", schedules=_schedules_text(schedules, now)
        )
    certain = schedules.certain(now)
    if certain:
        return tr(
            "{schedules} are assigned, but the machine isn't set to Customer Managed "
            "Schedules, so neither a schedule nor automatic guest patching installs anything.",
            len(certain),
            schedules=_names(certain),
        )
    if machine.image.publisher is None:
        return tr("Custom image: not supported by automatic guest patching.")
    if machine.allow_extensions is False or settings.provision_agent is False:
        return tr("Azure can't patch it without the VM agent and extension operations.")
    return None


def _arc_reason(schedules: MachineSchedules, now: datetime) -> str:
    if schedules.current(now):
        times = _schedules_text(schedules, now)
        return tr("An Arc-enabled server: {schedules}.", schedules=times)
    return tr(
        "An Arc-enabled server: automatic guest patching is only for virtual machines in Azure."
    )


def _schedules_text(schedules: MachineSchedules, now: datetime) -> str:
    """The schedules that patch a machine, as far as known."""
    current = schedules.current(now)
    certain = schedules.certain(now)
    perhaps = [f for f in current if f.assignment is AssignmentKind.PERHAPS]
    hidden = [f for f in current if f.assignment is AssignmentKind.UNREAD]
    if certain:
        if perhaps:
            return tr(
                "it is patched by %n schedule(s): {certain}; and perhaps by {perhaps}",
                len(certain),
                certain=_names(certain),
                perhaps=_names(perhaps),
            )
        return tr(
            "it is patched by %n schedule(s): {certain}", len(certain), certain=_names(certain)
        )
    if perhaps:
        scopes = ", ".join(dict.fromkeys(f.scope for f in perhaps))
        return tr(
            "it may be patched at the times of {perhaps}, through the dynamic scope {scopes}",
            perhaps=_names(perhaps),
            scopes=scopes,
        )
    if hidden:
        return tr(
            "it is assigned to {hidden}, which your account can't read", hidden=_names(hidden)
        )
    if schedules.unread_reason:
        return tr(
            "which schedules it follows isn't known ({unread})",
            unread=schedules.unread_reason,
        )
    if schedules.follows:
        return tr(
            "nothing patches it, because %n schedule(s) have ended: {follows}",
            len(schedules.follows),
            follows=_names(schedules.follows),
        )
    return tr("nothing patches it, because no schedule is assigned to it")


def _names(follows: Iterable[FollowedSchedule]) -> str:
    return ", ".join(dict.fromkeys(f.schedule.name for f in follows))


def rollout_machine(key: str, machine: Machine) -> RolloutMachine:
    """The machine as ``rollout`` needs it."""
    availability_set = machine.availability_set
    parts = (machine.subscription_id, machine.resource_group, availability_set or "")
    name = "/".join(parts).casefold() if availability_set else None
    return RolloutMachine(
        key,
        machine.location.casefold(),
        machine.zone,
        name,
        machine.update_domain,
        machine.time_zone,
    )


def infer_rollout(
    released: datetime,
    facts: Iterable[MachineFacts],
    pairs: Sequence[Sequence[str]],
    now: datetime,
    *,
    baselines: Collection[Product] = (),
    next_release: datetime | None = None,
) -> RolloutState:
    """Infer the rollout of a release, and when each machine is expected to be patched.

    Args:
        released: when the release was published.
        facts: every machine, including those that automatic guest patching doesn't include.
        pairs: Azure's paired regions.
        now: when Azure was read.
        baselines: the products whose release is a baseline.
        next_release: when the next release is due. Whether a machine that starts later restarts isn't known, because that
            release may be installed then.
    """
    facts = list(facts)
    reasons = {f.key: exclusion_reason(f.machine, f.schedules, now) for f in facts}
    included = [f for f in facts if reasons[f.key] is None]
    rollout = Rollout((rollout_machine(f.key, f.machine) for f in included), pairs, released)
    attempts = filter(None, (known_outcome(f, released, now) for f in included))
    for attempt in sorted(attempts, key=lambda t: t[2]):
        rollout.record_attempt(*attempt)
    rollout.open_until(now)
    opened, halted = rollout.open_phase, rollout.halted
    turns = timetable(rollout, max(now, released)) if halted is None else {}
    positions: dict[str, RolloutPosition] = {}
    for f in facts:
        out = reasons[f.key]
        if out is not None:
            positions[f.key] = RolloutPosition(
                f.key, RolloutStatus.NOT_INCLUDED, None, own_time(f, now), out
            )
        else:
            positions[f.key] = _position_of(f, rollout, turns.get(f.key), halted, opened)
        window = positions[f.key].window
        if window is not None:
            restart = expected_restart(f, released, now, baselines)
            comes_first = next_release is not None and next_release <= window
            is_certain = restart is RestartBehavior.ALWAYS or setting_restart(f, now) is not None
            if comes_first and not is_certain:
                restart = RestartBehavior.UNKNOWN
            positions[f.key] = positions[f.key]._replace(restart=restart)
        elif starts_at_any_time(f):
            restart = expected_restart(f, released, now, baselines)
            positions[f.key] = positions[f.key]._replace(restart=restart)
    unhealthy = {m.key for m in halted.unhealthy} if halted else set()
    return RolloutState(
        released,
        rollout.phases,
        opened,
        positions,
        halted,
        tuple(f for f in facts if f.key in unhealthy),
    )


def starts_at_any_time(f: MachineFacts) -> bool:
    """Whether Windows Update on the machine decides when it installs updates."""
    return f.machine.settings.patch_mode is PatchMode.AUTOMATIC_BY_OS


def own_time(f: MachineFacts, now: datetime) -> datetime | None:
    """When the machine's own schedule runs next, if it has one."""
    own = _own_schedule(f, now)
    return None if own is None else next_run(own, now)


def _own_schedule(f: MachineFacts, now: datetime) -> Schedule | None:
    """The schedule that runs next."""
    if not f.machine.follows_schedules:
        return None
    runs = [(next_run(own.schedule, now), own.schedule) for own in f.schedules.certain(now)]
    due = [(run, schedule) for run, schedule in runs if run is not None]
    return min(due, key=itemgetter(0))[1] if due else None


def expected_restart(
    f: MachineFacts, released: datetime, now: datetime, baselines: Collection[Product]
) -> RestartBehavior:
    """Whether the next installation restarts the machine, by its last assessment and by the restart setting that applies.

    A schedule installs what it selects. An assessment made before the release doesn't show what is missing. In that case,
    a machine restarts if the release is a baseline or hotpatch is off; otherwise it isn't known.
    """
    own = _own_schedule(f, now)
    certain = setting_restart(f, now)
    if certain is not None:
        return certain
    behavior = f.restart_of_important if own is None else _restart_of_selected(f, own)
    is_current = f.assessed is not None and f.assessed >= released and f.restart_pending is not None
    if is_current or behavior is RestartBehavior.ALWAYS:
        return behavior
    product = f.machine.product
    if own is not None and not own.selects("Security", None, RestartBehavior.ALWAYS):
        return behavior
    restarts = product in baselines or (product is not None and not is_on(f.machine))
    if not restarts:
        return RestartBehavior.UNKNOWN
    return RestartBehavior.CAN_REQUEST if own is not None else RestartBehavior.ALWAYS


def setting_restart(f: MachineFacts, now: datetime) -> RestartBehavior | None:
    """Whether any further installation restarts the machine, whatever it installs; None if that depends on the updates."""
    own = _own_schedule(f, now)
    setting = own.restart if own is not None else f.machine.settings.restart_setting
    if setting == RestartSetting.NEVER:
        return RestartBehavior.NEVER
    if setting == RestartSetting.ALWAYS or f.restart_pending:
        return RestartBehavior.ALWAYS
    if own is not None and own.exclude_restarting:
        return RestartBehavior.NEVER
    return None


def _restart_of_selected(f: MachineFacts, own: Schedule) -> RestartBehavior:
    """Whether the updates that the schedule selects restart the machine.

    Without a list of them, any of the missing ones may be among them.
    """
    if f.missing is not None:
        return strongest(update[2] for update in f.missing if own.selects(*update))
    may_restart = f.restart_of_all in (RestartBehavior.ALWAYS, RestartBehavior.CAN_REQUEST)
    return RestartBehavior.CAN_REQUEST if may_restart else f.restart_of_all


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def known_outcome(
    f: MachineFacts, released: datetime, now: datetime
) -> tuple[str, AttemptResult, datetime, datetime | None] | None:
    """The arguments of ``Rollout.record_attempt``: key, result, hour and time of the next attempt.

    An installation in progress counts as updated. None if the machine's turn is still to come.
    """
    if f.in_progress_since is not None:
        return f.key, AttemptResult.UPDATED, _hour(f.in_progress_since), None
    if f.patched is not None:
        outcome = AttemptResult.FAILED if f.is_incomplete else AttemptResult.UPDATED
        if became_unhealthy(f):
            outcome = AttemptResult.UNHEALTHY
        return f.key, outcome, _hour(f.patched), None
    if f.only_restart:
        return f.key, AttemptResult.UPDATED, released, None
    if f.failed is not None:
        return f.key, AttemptResult.FAILED, _hour(f.failed), None
    if _is_off(f.machine):
        return f.key, AttemptResult.NOT_RUNNING, released, next_assessment(f, now)
    return None


def became_unhealthy(f: MachineFacts) -> bool:
    """Whether the machine is known to have become unhealthy since it was patched automatically."""
    is_bad = is_unhealthy(f.resource_health, f.machine.power)
    if not is_bad or f.patched is None or f.requested_by_user or f.by_assessment:
        return False
    return f.resource_health_since is not None and f.resource_health_since >= f.patched


def _is_off(machine: Machine) -> bool:
    return machine.power not in MAY_BE_RUNNING


def next_assessment(f: MachineFacts, now: datetime) -> datetime:
    """When the next periodic assessment is expected."""
    daily = f.machine.settings.assessment_mode is AssessmentMode.AUTOMATIC_BY_PLATFORM
    period = DAILY if daily else EVERY_FEW_DAYS
    if f.assessed is None:
        return now + period
    return f.assessed + (max(0, (now - f.assessed) // period) + 1) * period


def _position_of(
    f: MachineFacts, rollout: Rollout, start: datetime | None, halted: Halt | None, opened: int
) -> RolloutPosition:
    member = rollout.members[f.key]
    phase = rollout.phase_of[member.region]
    if f.in_progress_since is not None:
        return RolloutPosition(
            f.key,
            RolloutStatus.BEING_PATCHED,
            phase,
            _hour(f.in_progress_since),
            tr("An installation is in progress."),
        )
    if f.patched is not None:
        if became_unhealthy(f):
            return RolloutPosition(
                f.key,
                RolloutStatus.UNHEALTHY,
                phase,
                None,
                tr(
                    "Resource Health reports it as {resource_health}. This began after it was patched.",
                    resource_health=f.resource_health,
                ),
            )
        by = (
            tr("Patched on demand, which bypasses this order.")
            if f.requested_by_user
            else tr("An assessment since the release offers no Critical or Security updates.")
            if f.by_assessment
            else tr("Patched automatically.")
        )
        if not f.is_incomplete:
            return RolloutPosition(f.key, RolloutStatus.PATCHED, phase, None, by)
        rest = tr("The last assessment offers further Critical or Security updates.")
        then = (
            _halted_text(halted)
            if halted is not None
            else _too_late(rollout)
            if start is None
            else tr("They follow in the next free off-peak window.")
        )
        return RolloutPosition(f.key, RolloutStatus.PATCHED, phase, start, f"{by} {rest} {then}")
    if f.only_restart:
        why = tr(
            "Nothing is left to install, but a restart is pending. Azure doesn't publish whether it restarts such a machine."
        )
        return RolloutPosition(f.key, RolloutStatus.WAITING, phase, None, why)
    if halted is not None:
        return RolloutPosition(f.key, RolloutStatus.ON_HOLD, phase, None, _halted_text(halted))
    if f.failed is not None:
        failed = tr("The last attempt failed.")
        then = (
            _too_late(rollout)
            if start is None
            else tr("It's retried in the next free off-peak window.")
        )
        why = f"{failed} {then}"
        return RolloutPosition(f.key, RolloutStatus.FAILED, phase, start, why)
    if _is_off(f.machine):
        why = tr(
            "It is {power}. Azure tries again after the next periodic assessment if it is running then.",
            power=f.machine.power.label,
        )
        return RolloutPosition(f.key, RolloutStatus.NOT_RUNNING, phase, start, why)
    why = _too_late(rollout) if start is None else _start_reason(member, rollout, phase, opened)
    return RolloutPosition(f.key, RolloutStatus.WAITING, phase, start, why)


def _halted_text(halted: Halt) -> str:
    return tr(
        "Halted in phase {phase} (inferred).",
        phase=halted.phase + 1,
    )


def _too_late(rollout: Rollout) -> str:
    return tr(
        "It isn't expected to start before the rollout ends on {day}.", day=day_name(rollout.ends)
    )


def _start_reason(member: RolloutMachine, rollout: Rollout, phase: int, opened: int) -> str:
    """The reason for its start time."""
    parts = []
    if phase > opened:
        before = ", ".join(r for p in rollout.phases[:phase] for r in p)
        parts.append(
            tr(
                "It is assumed that phase {phase} starts one day after Azure has attempted every machine in {before}.",
                phase=phase + 1,
                before=before,
            )
        )
    if member.availability_set is not None:
        size = rollout.set_size(member)
        if member.update_domain is None:
            parts.append(
                tr(
                    "Its update domain isn't known, so it is assumed that one of the {total} machines in "
                    "its availability set is patched at a time.",
                    total=size,
                )
            )
        else:
            parts.append(
                tr(
                    "Azure patches {at_a_time} of the {total} machines in its availability set at a time.",
                    at_a_time=set_limit(size),
                    total=size,
                )
            )
    elif member.zone is not None:
        parts.append(
            tr(
                "Azure patches one zone of {region} at a time (this is zone {zone}); a fifth of it at a time is "
                "assumed.",
                region=member.region,
                zone=member.zone,
            )
        )
    else:
        parts.append(
            tr(
                "It is assumed that Azure patches a fifth of {region}'s machines at a time.",
                region=member.region,
            )
        )
    return " ".join([*parts, tr("It starts during off-peak hours in the machine's time zone.")])
