"""The status text: the running release and its baseline, the next expected restart, or the problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from hotpatch_gui.translation import translator

from .clock import age_text
from .dates import day_name
from .evidence import (
    LEVELS,
    Evidence,
    classify,
    departure,
    first_departure,
    offered_cumulative_update,
)
from .horizon import release_data_step
from .hotpatch import HotpatchStatus
from .kb import help_page, kb_in_title
from .machines import Machine, PatchMode
from .outlook import next_restart_text, rejoin_text, running_text
from .phrases import join, listed
from .platforms import REPLACEMENTS
from .release_calendar import Calendar
from .resource_health import is_unhealthy
from .shortfall import (
    behind,
    definitions_text,
    not_confirmed,
    not_offered,
    stale_headline,
    updates_text,
)
from .situation import Level, Situation
from .update_error_list import Remedy
from .update_errors import error_in

tr = translator("StatusText")


@dataclass(frozen=True, slots=True)
class StatusText:
    """The text in three parts: the state, what runs, and what to do or expect next."""

    level: Level
    situation: Situation
    headline: str
    running: str
    next_step: str
    page: str = ""
    """Microsoft's page about it."""

    @property
    def needs_releases(self) -> bool:
        """Whether newer release data would help."""
        return release_data_step() in self.next_step

    @property
    def text(self) -> str:
        """All parts as one text."""
        page = tr("See {page}.", page=self.page) if self.page else ""
        return " ".join(filter(None, (self.headline, self.running, self.next_step, page)))


def status_text(evidence: Evidence, calendar: Calendar, now: datetime) -> StatusText:
    """The status text of one machine.

    Never claims more than the evidence shows. ``now`` is UTC.
    """
    found = _patch_status(evidence, calendar, now)
    if not is_unhealthy(evidence.resource_health, evidence.machine.power):
        return found
    since = evidence.resource_health_since
    state = evidence.resource_health
    headline = (
        tr("Resource Health reports “{state}” since {day}.", state=state, day=day_name(since))
        if since
        else tr("Resource Health reports “{state}”.", state=state)
    )
    step = tr("Check the machine before you install updates on it or on others.")
    return replace(
        found,
        level=Level.ERROR,
        headline=headline,
        running=join(found.headline, found.running),
        next_step=join(step, found.next_step),
    )


def _patch_status(evidence: Evidence, calendar: Calendar, now: datetime) -> StatusText:
    """Its status text as far as updates are concerned."""
    machine = evidence.machine
    situation, level = classify(evidence, calendar, now)
    is_past = situation is Situation.NOT_RUNNING and machine.build is not None
    running = running_text(evidence, calendar, at_last_sync=is_past)
    if situation in _WHOLE:
        return replace(_WHOLE[situation](evidence, situation, running), level=level)
    if situation is Situation.OFF_TRAIN:
        return _off_train(evidence, calendar, now)
    if situation is Situation.AWAITS_BASELINE:
        return _awaits_baseline(evidence, calendar, now)
    if situation is Situation.DISABLED:
        return _disabled(machine, running, calendar, now)
    if situation is Situation.UP_TO_DATE:
        headline, step = (
            tr("Hotpatch is on and up to date."),
            join(definitions_text(evidence), next_restart_text(evidence, calendar, now)),
        )
    else:
        headline, step = _HEADLINES[situation](evidence, calendar, now)
    return StatusText(level, situation, headline, running, step)


def _not_running(evidence: Evidence, _: Calendar, now: datetime) -> tuple[str, str]:
    reach = _reach(evidence.machine)
    step = (
        tr(
            "{reach} to assess and patch it. Last assessed {assessed}.",
            reach=reach,
            assessed=age_text(evidence.assessed, now),
        )
        if evidence.assessed
        else tr(
            "This machine has never been assessed. {reach}, then choose Assess now.", reach=reach
        )
    )
    return _not_running_headline(evidence.machine), step


def _never_assessed(evidence: Evidence, _: Calendar, _now: datetime) -> tuple[str, str]:
    failed = evidence.assessment_error
    headline = (
        tr("The assessment failed: {failed}", failed=failed or tr("Azure gave no reason."))
        if failed is not None
        else tr("No assessment of this machine is known, so its missing updates are unknown.")
    )
    return (
        headline,
        tr("Choose Assess now; it takes a few minutes and changes nothing on the machine."),
    )


def _stale(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    headline = stale_headline(evidence, calendar, now)
    return headline, tr("Choose Assess now to see what is missing today.")


def _last_failed(evidence: Evidence, situation: Situation, _: str) -> StatusText:
    kb = kb_in_title(evidence.last_run_error or "")
    error = error_in(evidence.last_run_error or "")
    return StatusText(
        LEVELS[situation],
        situation,
        tr("The last installation failed."),
        evidence.last_run_error or tr("Azure gave no reason."),
        join(error.step if error else Remedy.LOGS.text, updates_text(evidence)),
        help_page(kb) if kb else "",
    )


def _restart_pending(evidence: Evidence, situation: Situation, _: str) -> StatusText:
    kbs = listed(evidence.restart_kbs)
    cause = "" if kbs else tr("Azure doesn't report which update requires it.")
    step = (
        tr("Choose Restart when the machine can be down.")
        if evidence.machine.arc is None
        else tr("Restart the server itself: Azure doesn't restart Arc-enabled servers.")
    )
    return StatusText(
        LEVELS[situation],
        situation,
        tr("A restart is needed to finish {kbs}.", kbs=kbs) if kbs else tr("A restart is needed."),
        join(tr("Until it restarts, the machine runs its previous updates."), cause),
        step,
    )


def _disabled(machine: Machine, running: str, calendar: Calendar, now: datetime) -> StatusText:
    mode, bypassed = machine.settings.patch_mode, machine.settings.bypass_safety_checks
    runs = calendar.by_build(machine.product, machine.build) if machine.product else None
    left = runs.released if runs else None
    is_ready = machine.arc or (mode is PatchMode.AUTOMATIC_BY_PLATFORM and not bypassed)
    how = (
        tr("Turn hotpatch on in Update settings")
        if is_ready
        else tr("Set orchestration to Azure Managed and turn hotpatch on in Update settings")
    )
    return StatusText(
        Level.WARNING,
        Situation.DISABLED,
        tr("Hotpatch is off: every month's cumulative update restarts this machine."),
        running,
        tr(
            "{how}; it takes effect {when}.",
            how=how,
            when=rejoin_text(machine.product, calendar, now, left),
        ),
    )


def _unsupported(evidence: Evidence, situation: Situation, running: str) -> StatusText:
    machine = evidence.machine
    if machine.arc is not None:
        headline = tr("Hotpatch isn't available on this server.")
        fix = tr("Under Azure Arc, hotpatch needs Windows Server 2025 Standard or Datacenter")
    else:
        sku = REPLACEMENTS.get((machine.image.sku or "").casefold())
        headline = tr("Hotpatch isn't available on this image.")
        fix = tr("Redeploy from {sku} to use it", sku=sku or tr("a supported image"))
    step = tr("{fix}; until then each month's cumulative update restarts it.", fix=fix)
    return StatusText(Level.INFO, situation, headline, running, step)


def _by_license(evidence: Evidence, situation: Situation, running: str) -> StatusText:
    """An Arc-enabled server whose license or state prevents hotpatches."""
    level, arc = LEVELS[situation], evidence.machine.arc
    if situation is Situation.ACTION_REQUIRED:
        why = arc.error if arc is not None and arc.error else tr("Azure doesn't name the cause.")
        return StatusText(
            level,
            situation,
            tr("Hotpatch can't run: {why}", why=why),
            running,
            tr(
                "Check the prerequisites on the Status tab. Azure re-evaluates the machine automatically."
            ),
        )
    if situation is Situation.ENROLLING:
        return StatusText(
            level,
            situation,
            tr("Hotpatch enrollment is in progress{since}.", since=_since(evidence)),
            running,
            tr(
                "It usually takes about ten minutes. If it takes hours, check the machine's agent: "
                "azcmagent check."
            ),
        )
    if situation is Situation.UNENROLLING:
        return StatusText(
            level,
            situation,
            tr("Azure is canceling the hotpatch license{since}.", since=_since(evidence)),
            running,
            tr(
                "It usually takes about ten minutes. After that, every month's cumulative update "
                "restarts this server."
            ),
        )
    canceled = evidence.status is HotpatchStatus.CANCELED
    what = tr("The hotpatch license was canceled") if canceled else tr("Not enrolled in hotpatch")
    if arc is not None and arc.license_error:
        return StatusText(
            level,
            situation,
            tr(
                "The enrollment in hotpatch failed: {license_error}",
                license_error=arc.license_error,
            ),
            running,
            tr("Fix the cause that Azure reports, then enroll again in Update settings."),
        )
    return StatusText(
        level,
        situation,
        tr("{what}: every month's cumulative update restarts this server.", what=what),
        running,
        tr("Enroll in Update settings. Hotpatches start with the next baseline."),
    )


def _since(evidence: Evidence) -> str:
    """When the pending enrollment started, or was first seen."""
    pending = evidence.pending_since
    return (
        tr(" since {day}, {pending:%H:%M} UTC", day=day_name(pending.date()), pending=pending)
        if pending
        else ""
    )


def _without_permission(evidence: Evidence, situation: Situation, running: str) -> StatusText:
    hidden = evidence.hidden
    stopped = (
        tr("Azure stopped returning it on {day}.", day=day_name(hidden.date()))
        if hidden
        else tr("Azure stopped returning it.")
    )
    return StatusText(
        Level.UNKNOWN,
        situation,
        tr("Your account can no longer read this machine, so this data may be out of date."),
        join(stopped, running),
        tr(
            "Request the Reader role on its resource group. Settings › Connections lists the "
            "required permissions."
        ),
    )


_WHOLE: dict[Situation, Callable[[Evidence, Situation, str], StatusText]] = {
    Situation.RESTART_PENDING: _restart_pending,
    Situation.LAST_FAILED: _last_failed,
    Situation.NO_PERMISSION: _without_permission,
    Situation.UNSUPPORTED: _unsupported,
    Situation.ACTION_REQUIRED: _by_license,
    Situation.ENROLLING: _by_license,
    Situation.UNENROLLING: _by_license,
    Situation.NOT_ENROLLED: _by_license,
}


def _off_train(evidence: Evidence, calendar: Calendar, now: datetime) -> StatusText:
    machine = evidence.machine
    cause = departure(evidence, calendar)
    assert cause is not None
    why = tr(
        "It runs {update}, build {build}, which isn't based on the current baseline.",
        update=cause.update,
        build=machine.build,
    )
    first = first_departure(evidence, calendar, cause)
    if first is not None:
        why = tr(
            "It left the train with {kb}, released on {day}, and runs {update}, build {build}.",
            kb=first.kb,
            day=day_name(first.released),
            update=cause.update,
            build=machine.build,
        )
    rejoins = rejoin_text(machine.product, calendar, now, cause.day)
    return StatusText(
        Level.ERROR,
        Situation.OFF_TRAIN,
        tr("Off the hotpatch train: no hotpatches until the next baseline."),
        why,
        tr("Until then each month's update restarts it. It rejoins {rejoins}.", rejoins=rejoins),
    )


def _awaits_baseline(evidence: Evidence, calendar: Calendar, now: datetime) -> StatusText:
    """Hotpatch was turned on after the last baseline, or the machine left the train in a way that isn't known."""
    offered = offered_cumulative_update(evidence, calendar)
    assert offered is not None
    month, kb = offered
    return StatusText(
        Level.WARNING,
        Situation.AWAITS_BASELINE,
        tr("Hotpatch is on and begins with the next baseline."),
        tr(
            "Azure offers {month}'s cumulative update{named} instead of the {title}.",
            month=month.month_name,
            named=f" {kb}" if kb else "",
            title=month.title,
        ),
        tr(
            "Until then each month's update restarts it. Hotpatches begin {begins}.",
            begins=rejoin_text(evidence.machine.product, calendar, now),
        ),
    )


def _not_running_headline(machine: Machine) -> str:
    if machine.arc is not None and machine.arc.is_expired:
        return tr(
            "The registration of the server's agent has expired, so Azure can't manage the server."
        )
    return tr(
        "The machine is {power}, so it can be neither assessed nor patched.",
        power=machine.power.label,
    )


def _reach(machine: Machine) -> str:
    if machine.arc is not None and machine.arc.is_expired:
        return tr("Connect the agent again (azcmagent connect)")
    return tr("Start it and its agent") if machine.arc is not None else tr("Start it")


_HEADLINES: dict[Situation, Callable[[Evidence, Calendar, datetime], tuple[str, str]]] = {
    Situation.NOT_RUNNING: _not_running,
    Situation.NEVER_ASSESSED: _never_assessed,
    Situation.STALE: _stale,
    Situation.BEHIND: behind,
    Situation.NOT_OFFERED: not_offered,
    Situation.NOT_CONFIRMED: not_confirmed,
}
