"""The coverage sentence: the running release and its baseline, the next expected restart, or the problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .clock import age_text
from .evidence import LEVELS, Evidence, classify, departure, offered_instead
from .health import Level, Situation
from .horizon import GET_RELEASES
from .hotpatch import HotpatchStatus
from .kb import help_page, kb_in_title
from .machines import Machine, PatchMode
from .outlook import next_restart_text, rejoin_text, running_text
from .phrases import listed
from .platforms import REPLACEMENTS
from .release_calendar import Calendar
from .releases import day_name
from .shortfall import behind, not_confirmed, not_offered, stale_headline, updates_text


@dataclass(frozen=True, slots=True)
class Coverage:
    """The sentence in three parts: the state, what runs, and what to do or expect next."""

    level: Level
    situation: Situation
    headline: str
    running: str
    next_step: str

    @property
    def needs_releases(self) -> bool:
        """Whether newer release data would help."""
        return GET_RELEASES in self.next_step

    @property
    def text(self) -> str:
        """All parts as one text."""
        return " ".join(part for part in (self.headline, self.running, self.next_step) if part)


def coverage(evidence: Evidence, calendar: Calendar, now: datetime) -> Coverage:
    """The coverage sentence of one machine.

    Never claims more than the evidence shows. ``now`` is UTC.
    """
    machine = evidence.machine
    situation, level = classify(evidence, calendar, now)
    is_past = situation is Situation.NOT_RUNNING and machine.build is not None
    running = running_text(evidence, calendar, at_last_sync=is_past)
    if situation in _WHOLE:
        return _WHOLE[situation](evidence, situation, running)
    if situation is Situation.OFF_TRAIN:
        return _off_train(evidence, calendar, now)
    if situation is Situation.DISABLED:
        return _disabled(machine, running, calendar, now)
    if situation is Situation.UP_TO_DATE:
        headline, step = (
            "Hotpatch is on and up to date.",
            next_restart_text(evidence, calendar, now),
        )
    else:
        headline, step = _HEADLINES[situation](evidence, calendar, now)
    return Coverage(level, situation, headline, running, step)


def _not_running(evidence: Evidence, _: Calendar, now: datetime) -> tuple[str, str]:
    reach = _reach(evidence.machine)
    step = (
        f"{reach} to continue; the last assessment is from {age_text(evidence.assessed, now)}."
        if evidence.assessed
        else f"This machine has never been assessed. {reach}, then choose Assess now."
    )
    return _not_running_headline(evidence.machine), step


def _never_assessed(evidence: Evidence, _: Calendar, _now: datetime) -> tuple[str, str]:
    failed = evidence.assessment_error
    headline = (
        f"The assessment failed: {failed}"
        if failed
        else "No assessment of this machine is known, so its missing updates are unknown."
    )
    return (
        headline,
        "Choose Assess now; it takes a few minutes and changes nothing on the machine.",
    )


def _stale(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    headline = stale_headline(evidence, calendar, now)
    return headline, "Choose Assess now to see what is missing today."


def _last_failed(evidence: Evidence, situation: Situation, _: str) -> Coverage:
    kb = kb_in_title(evidence.last_run_failed or "")
    page = f" See {help_page(kb)} for {kb}." if kb else ""
    return Coverage(
        LEVELS[situation],
        situation,
        "The last installation failed.",
        evidence.last_run_failed or "Azure gave no reason.",
        "Free up disk space, check permissions, and look in C:\\Windows\\Logs\\CBS\\CBS.log. Then install again."
        f"{page} {updates_text(evidence)}.",
    )


def _restart_pending(evidence: Evidence, situation: Situation, _: str) -> Coverage:
    because = f" to finish {listed(evidence.restart_kbs)}" if evidence.restart_kbs else ""
    cause = "" if because else " Azure doesn't report which update requires it."
    step = (
        "Choose Restart when the machine can be down."
        if evidence.machine.arc is None
        else "Restart the server itself: Azure doesn't restart Arc-enabled servers."
    )
    return Coverage(
        LEVELS[situation],
        situation,
        f"A restart is needed{because}.",
        f"Until it restarts, the machine runs its previous updates.{cause}",
        step,
    )


def _disabled(machine: Machine, running: str, calendar: Calendar, now: datetime) -> Coverage:
    mode, bypassed = machine.settings.patch_mode, machine.settings.bypass_safety_checks
    runs = calendar.by_build(machine.product, machine.build) if machine.product else None
    left = runs.released if runs else None
    is_ready = machine.arc or (mode is PatchMode.AUTOMATIC_BY_PLATFORM and not bypassed)
    how = (
        "Turn hotpatch on in Update settings"
        if is_ready
        else "Set orchestration to Azure Managed and turn hotpatch on in Update settings"
    )
    return Coverage(
        Level.WARNING,
        Situation.DISABLED,
        "Hotpatch is off: every month's cumulative update restarts this machine.",
        running,
        f"{how}; it takes effect {rejoin_text(machine.product, calendar, now, left)}.",
    )


def _unsupported(evidence: Evidence, situation: Situation, running: str) -> Coverage:
    machine = evidence.machine
    if machine.arc is not None:
        headline = "Hotpatch is not available on this server."
        fix = "Under Azure Arc, hotpatch needs Windows Server 2025 Standard or Datacenter"
    else:
        sku = REPLACEMENTS.get((machine.image.sku or "").casefold())
        headline = "Hotpatch is not available on this image."
        fix = f"Redeploy from {sku or 'a supported image'} to use it"
    step = f"{fix}; until then each month's cumulative update restarts it."
    return Coverage(Level.INFO, situation, headline, running, step)


def _by_license(evidence: Evidence, situation: Situation, running: str) -> Coverage:
    """An Arc-enabled server whose license or state prevents hotpatches."""
    level, arc = LEVELS[situation], evidence.machine.arc
    if situation is Situation.ACTION_REQUIRED:
        why = arc.error if arc is not None and arc.error else "Azure doesn't name the cause."
        return Coverage(
            level,
            situation,
            f"Hotpatch can't run: {why}",
            running,
            "Check the prerequisites below. Azure re-evaluates the machine automatically.",
        )
    if situation is Situation.ENROLLING:
        return Coverage(
            level,
            situation,
            f"Hotpatch enrollment is in progress{_since(evidence)}.",
            running,
            "It usually takes about ten minutes. If it takes hours, check the machine's agent: azcmagent check.",
        )
    if situation is Situation.UNENROLLING:
        return Coverage(
            level,
            situation,
            f"Azure is canceling the hotpatch license{_since(evidence)}.",
            running,
            "It usually takes about ten minutes. After that, every month's cumulative update restarts this server.",
        )
    cancelled = evidence.status is HotpatchStatus.CANCELED
    what = "The hotpatch license was canceled" if cancelled else "Not enrolled in hotpatch"
    if arc is not None and arc.license_error:
        return Coverage(
            level,
            situation,
            f"The enrollment in hotpatch failed: {arc.license_error}",
            running,
            "Fix the cause that Azure reports, then enroll again in Update settings.",
        )
    return Coverage(
        level,
        situation,
        f"{what}: every month's cumulative update restarts this server.",
        running,
        "Enroll in Update settings. Hotpatches start with the next baseline.",
    )


def _since(evidence: Evidence) -> str:
    """When the pending enrollment started, or was first seen."""
    pending = evidence.pending_since
    return f" since {day_name(pending.date())}, {pending:%H:%M} UTC" if pending else ""


def _without_permission(evidence: Evidence, situation: Situation, running: str) -> Coverage:
    since = f" on {day_name(evidence.hidden.date())}" if evidence.hidden else ""
    return Coverage(
        Level.UNKNOWN,
        situation,
        "Your account can no longer read this machine, so this data may be out of date.",
        f"Azure stopped returning it{since}. {running}",
        "Request the Reader role on its resource group. Settings › Connections lists the required permissions.",
    )


_WHOLE: dict[Situation, Callable[[Evidence, Situation, str], Coverage]] = {
    Situation.RESTART_PENDING: _restart_pending,
    Situation.LAST_FAILED: _last_failed,
    Situation.NO_PERMISSION: _without_permission,
    Situation.UNSUPPORTED: _unsupported,
    Situation.ACTION_REQUIRED: _by_license,
    Situation.ENROLLING: _by_license,
    Situation.UNENROLLING: _by_license,
    Situation.NOT_ENROLLED: _by_license,
}


def _off_train(evidence: Evidence, calendar: Calendar, now: datetime) -> Coverage:
    machine = evidence.machine
    cause = departure(evidence, calendar)
    if cause is not None:
        why = f"It runs {cause.update}, build {machine.build}, which isn't based on the current baseline."
    else:
        offered = offered_instead(evidence, calendar)
        assert offered is not None
        month, kb = offered
        named = f" {kb}" if kb else ""
        why = f"It is offered {month.month_name}'s cumulative update{named} instead of the {month.title}."
    rejoins = rejoin_text(machine.product, calendar, now, cause.day if cause else None)
    return Coverage(
        Level.ERROR,
        Situation.OFF_TRAIN,
        "Off the hotpatch train: no hotpatches until the next baseline.",
        why,
        f"Until then each month's update restarts it. It rejoins {rejoins}.",
    )


def _not_running_headline(machine: Machine) -> str:
    if machine.arc is not None and machine.arc.is_expired:
        return (
            "The registration of the server's agent has expired, so Azure can't manage the server."
        )
    return f"The machine is {machine.power.value}, so it can be neither assessed nor patched."


def _reach(machine: Machine) -> str:
    if machine.arc is not None and machine.arc.is_expired:
        return "Connect the agent again (azcmagent connect)"
    return "Start it and its agent" if machine.arc is not None else "Start it"


_HEADLINES: dict[Situation, Callable[[Evidence, Calendar, datetime], tuple[str, str]]] = {
    Situation.NOT_RUNNING: _not_running,
    Situation.NEVER_ASSESSED: _never_assessed,
    Situation.STALE: _stale,
    Situation.BEHIND: behind,
    Situation.NOT_OFFERED: not_offered,
    Situation.NOT_CONFIRMED: not_confirmed,
}
