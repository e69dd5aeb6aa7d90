"""The coverage sentence: what runs now, on which baseline, the next expected restart, or what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from .clock import age_text
from .evidence import (
    LEVELS,
    Evidence,
    departure,
    expected_since,
    missing_releases,
    offered_instead,
    offers_release,
    released_since,
    running_of,
    standing,
)
from .horizon import GET_RELEASES, horizon_text
from .hotpatch import HotpatchStatus
from .machines import Freshness, Machine, PatchMode, freshness
from .platforms import REPLACEMENTS
from .releases import (
    Calendar,
    Product,
    Release,
    ReleaseKind,
    day_name,
    month_name,
    release_day,
)
from .standing import COUNTS_UNSAID, RESTART_UNSAID, Level, Situation
from .titles import ReleaseTitle
from .updates import RestartBehavior


@dataclass(frozen=True, slots=True)
class Coverage:
    """``headline`` says how it is, ``running`` what runs, ``next_step`` what comes or what to do."""

    level: Level
    situation: Situation
    headline: str
    running: str
    next_step: str

    @property
    def needs_releases(self) -> bool:
        """Whether newer release data would tell more."""
        return GET_RELEASES in self.next_step

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.headline, self.running, self.next_step) if part)


def coverage(evidence: Evidence, calendar: Calendar, now: datetime) -> Coverage:
    """The sentence for one machine at ``now`` (UTC). Never claims more than ``evidence`` holds."""
    machine = evidence.machine
    situation, level = standing(evidence, calendar, now)
    running = running_text(evidence, calendar)
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
    if situation is Situation.NOT_RUNNING and machine.build is not None:
        running = f"When it was last seen, {_lower(running).replace(' runs ', ' ran ', 1)}"
    return Coverage(level, situation, headline, running, step)


def _not_running(evidence: Evidence, _: Calendar, now: datetime) -> tuple[str, str]:
    reach = _reach(evidence.machine)
    step = (
        f"{reach} to go on; the last assessment is from {age_text(evidence.assessed, now)}."
        if evidence.assessed
        else f"{reach}, then choose Assess now; no assessment of it is known."
    )
    return _down_headline(evidence.machine), step


def _never_assessed(evidence: Evidence, _: Calendar, _now: datetime) -> tuple[str, str]:
    failed = evidence.assessment_error
    headline = (
        f"The assessment failed: {failed}"
        if failed
        else "No assessment of this machine is known, so missing updates are not known either."
    )
    return (
        headline,
        "Choose Assess now; it takes a few minutes and changes nothing on the machine.",
    )


def _stale(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    headline = _stale_headline(evidence, calendar, now)
    return headline, "Choose Assess now to know what is missing today."


def _last_failed(evidence: Evidence, situation: Situation, _: str) -> Coverage:
    return Coverage(
        LEVELS[situation],
        situation,
        "The last installation failed.",
        evidence.last_run_failed or "Azure gave no reason.",
        f"{_updates(evidence)}. Open Update history for the details, then install again.",
    )


def _restart_pending(evidence: Evidence, situation: Situation, _: str) -> Coverage:
    because = f" to finish {_and(evidence.restart_kbs)}" if evidence.restart_kbs else ""
    cause = "" if because else " Azure does not say which update asked for it."
    step = (
        "Choose Restart when the machine may go down."
        if evidence.machine.arc is None
        else "Restart it on the server itself: Azure does not restart Arc-enabled servers."
    )
    return Coverage(
        LEVELS[situation],
        situation,
        f"A restart is needed{because}.",
        f"Until it restarts, the machine still runs what it ran before.{cause}",
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
        f"{how}; it takes effect {_rejoin_text(machine.product, calendar, now, left)}.",
    )


def _unsupported(evidence: Evidence, situation: Situation, running: str) -> Coverage:
    machine = evidence.machine
    if machine.arc is not None:
        headline = "Hotpatch is not available on this server."
        fix = "Under Azure Arc it needs Windows Server 2025 Standard or Datacenter"
    else:
        sku = REPLACEMENTS.get((machine.image.sku or "").casefold())
        headline = "Hotpatch is not available on this image."
        fix = f"Redeploy from {sku or 'a supported image'} to use it"
    step = f"{fix}; until then each month's cumulative update restarts it."
    return Coverage(Level.INFO, situation, headline, running, step)


def _by_licence(evidence: Evidence, situation: Situation, running: str) -> Coverage:
    """An Arc-enabled server that its licence or its own state keeps from hotpatches."""
    level, arc = LEVELS[situation], evidence.machine.arc
    if situation is Situation.ACTION_REQUIRED:
        why = arc.error if arc is not None and arc.error else "Azure does not say what."
        return Coverage(
            level, situation, f"Hotpatch is enrolled, but something has to be mended: {why}", running,
            "Prerequisites below name what is known; Azure evaluates the machine anew by itself.",
        )  # fmt: skip
    if situation is Situation.ENROLLING:
        return Coverage(
            level, situation, f"Hotpatch enrolment is in progress{_since(evidence)}.", running,
            "It usually takes about ten minutes. If it takes hours, check the machine's agent: azcmagent check.",
        )  # fmt: skip
    cancelled = evidence.status is HotpatchStatus.CANCELED
    what = "The hotpatch licence was cancelled" if cancelled else "Not enrolled in hotpatch"
    if arc is not None and arc.licence_error:
        return Coverage(
            level, situation, f"The enrolment in hotpatch failed: {arc.licence_error}", running,
            "Fix the cause that Azure names, then enrol again in Update settings.",
        )  # fmt: skip
    return Coverage(
        level, situation, f"{what}: every month's cumulative update restarts this server.", running,
        "Enrol in Update settings; hotpatches come from the next baseline on.",
    )  # fmt: skip


def _since(evidence: Evidence) -> str:
    """When an enrolment under way began, or was first seen."""
    pending = evidence.pending_since
    return f" since {day_name(pending.date())}, {pending:%H:%M} UTC" if pending else ""


def _out_of_sight(evidence: Evidence, situation: Situation, running: str) -> Coverage:
    since = f" on {day_name(evidence.hidden.date())}" if evidence.hidden else ""
    return Coverage(
        Level.UNKNOWN,
        situation,
        "Your account can no longer read this machine, so what is shown may be out of date.",
        f"Azure stopped showing it{since}. {running}",
        "Ask for the role Reader on its resource group; Settings › Connections names what is needed.",
    )


_WHOLE: dict[Situation, Callable[[Evidence, Situation, str], Coverage]] = {
    Situation.RESTART_PENDING: _restart_pending,
    Situation.LAST_FAILED: _last_failed,
    Situation.NO_PERMISSION: _out_of_sight,
    Situation.UNSUPPORTED: _unsupported,
    Situation.ACTION_REQUIRED: _by_licence,
    Situation.ENROLLING: _by_licence,
    Situation.NOT_ENROLLED: _by_licence,
}


def running_text(evidence: Evidence, calendar: Calendar) -> str:
    """What runs, as far as the reported build tells."""
    machine, release = evidence.machine, running_of(evidence, calendar)
    if release is None:
        if machine.build is None:
            return "The running build is not reported, so what runs now is not known."
        product = machine.product
        if product is not None and calendar.is_newer_than_known(product, machine.build):
            return f"It runs build {machine.build}, newer than any release known here."
        return f"It runs build {machine.build}."
    if release.kind.is_baseline:
        return f"It runs the {release.title} (build {release.build})."
    base = calendar.baseline_of(release)
    on = f" on the {base.title}" if base else ""
    if release.kind is ReleaseKind.HOTPATCH:
        return f"{_capital(release.title)} runs{on}."
    return f"Out-of-band hotpatch {release.kb or '(KB number not known)'} runs{on}."


def next_restart_text(evidence: Evidence, calendar: Calendar, now: datetime) -> str:
    """When the next restart for a baseline is expected; a plan, and named as one."""
    product, today = evidence.machine.product, release_day(now)
    if product is None:
        return "The next restart is not known."
    running = running_of(evidence, calendar)
    overdue = [
        e
        for e in calendar.unknown(product, running.released if running else date.min, today)
        if e.restarts
    ]
    if overdue:
        return f"A baseline was planned for {day_name(overdue[-1].day)}; installing it restarts the machine."
    expected = calendar.next_restart(product, today)
    if expected is None:
        return f"No further baseline is planned: {_end_of_hotpatching(product)}."
    return f"Next expected restart: {day_name(expected.day)}, {expected.kind.label} (subject to change)."


def _horizon(evidence: Evidence, calendar: Calendar, now: datetime) -> str:
    product = evidence.machine.product
    if product is None:
        return ""
    running = running_of(evidence, calendar)
    build = evidence.machine.build
    if running is not None:
        return horizon_text(calendar, product, running.released, now)
    is_newer = build is not None and calendar.is_newer_than_known(product, build)
    since = date.min if is_newer else calendar.complete_until(product)
    return horizon_text(calendar, product, since, now)


def _end_of_hotpatching(product: Product) -> str:
    return f"hotpatches for {product.label} were announced until {month_name(product.last_planned)}"


def _off_train(evidence: Evidence, calendar: Calendar, now: datetime) -> Coverage:
    machine = evidence.machine
    cause = departure(evidence, calendar)
    if cause is not None:
        why = (
            f"It runs {cause.update}, build {machine.build}, which is not on the baseline in force."
        )
    else:
        offered = offered_instead(evidence, calendar)
        assert offered is not None
        month, kb = offered
        named = f" {kb}" if kb else ""
        why = f"It is offered {month.month_name}'s cumulative update{named} in place of the {month.title}."
    rejoins = _rejoin_text(machine.product, calendar, now, cause.day if cause else None)
    return Coverage(
        Level.ERROR,
        Situation.OFF_TRAIN,
        "Off the hotpatch train: no hotpatches until the next baseline.",
        why,
        f"Until then each month's update restarts it. It rejoins {rejoins}.",
    )


def _down_headline(machine: Machine) -> str:
    if machine.arc is not None and machine.arc.is_expired:
        return (
            "The registration of the server's agent has expired, so Azure can't manage the server."
        )
    return f"The machine is {machine.power.value}, so it can be neither assessed nor patched."


def _reach(machine: Machine) -> str:
    if machine.arc is not None and machine.arc.is_expired:
        return "Connect the agent again (azcmagent connect)"
    return "Start it and its agent" if machine.arc is not None else "Start it"


def _rejoin_text(
    product: Product | None, calendar: Calendar, now: datetime, left: date | None = None
) -> str:
    """With which baseline a machine gets hotpatches again; ``left`` is when it left the train."""
    if product is None:
        return "with the next baseline"
    today = release_day(now)
    base = calendar.baseline_in_force(product, today)
    since = max(left or date.min, base.released if base else date.min)
    overdue = [e for e in calendar.unknown(product, since, today) if e.restarts]
    if not overdue and left is not None and base is not None and base.released > left:
        return f"with the {base.title}, which is out; installing it restarts the machine"
    if overdue:
        return f"with the baseline that was planned for {day_name(overdue[-1].day)}; its details are not known here"
    expected = calendar.next_restart(product, today)
    if expected is None:
        return f"with no planned baseline: {_end_of_hotpatching(product)}"
    return f"with the next baseline, planned for {day_name(expected.day)}"


def _stale_headline(evidence: Evidence, calendar: Calendar, now: datetime) -> str:
    if freshness(evidence.assessed, now) is Freshness.TOO_OLD:
        return (
            f"The last assessment is {_days(evidence.assessed, now)} old; Azure keeps seven days."
        )
    newer, planned = (
        released_since(evidence, calendar, now),
        expected_since(evidence, calendar, now),
    )
    if planned is not None and (newer is None or planned.day > newer.released):
        return (
            f"A {planned.kind.label} was planned for {day_name(planned.day)}, after the last assessment; "
            "its details are not known here."
        )
    assert newer is not None
    return f"{_capital(newer.title)} came out after the last assessment."


def _behind(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Updates are offered: headline and next step."""
    missing = missing_releases(evidence, calendar, now)
    expected = next_restart_text(evidence, calendar, now)
    horizon = _horizon(evidence, calendar, now)
    offer = _unknown_offer(evidence, calendar)
    if any(r.kind.is_baseline for r in missing):
        expected = expected.replace("Next expected restart", "The next restart after that", 1)
    if missing:
        headline = f"Behind by {_how_far(missing, horizon)}: {_lower(_updates(evidence))}."
        step = _install_step(missing)
        return headline, _join(step, horizon, GET_RELEASES if horizon else "", expected)
    if offer is not None:
        return f"{_capital(_offer_name(offer))} is offered.", _join(
            _offer_step(offer, evidence, calendar), GET_RELEASES
        )
    running = running_of(evidence, calendar)
    is_newest = running is not None and all(t.month <= running.month for t in evidence.titles)
    if is_newest and not horizon and offers_release(evidence, calendar) is not None:
        return f"Hotpatch is current; {_lower(_updates(evidence))}.", _join(
            _consequence(evidence), expected
        )
    return f"{_updates(evidence)}.", _join(
        _consequence(evidence), horizon, GET_RELEASES if horizon else "", expected
    )


def _how_far(missing: list[Release], horizon: str) -> str:
    least = "at least " if horizon else ""
    return f"{least}{_number(len(missing))} release{'' if len(missing) == 1 else 's'}"


def _install_step(missing: list[Release]) -> str:
    baseline = next((r for r in reversed(missing) if r.kind.is_baseline), None)
    newest = missing[-1]
    if baseline is not None:
        return f"Install the {baseline.title}: it restarts the machine."
    if newest.kind is ReleaseKind.HOTPATCH:
        return f"Install {newest.title}: it needs no restart."
    named = newest.kb or "of " + day_name(newest.released)
    return f"Install the out-of-band release {named}: {_RESTART_WORDS[newest.restarts]}"


def _unknown_offer(evidence: Evidence, calendar: Calendar) -> ReleaseTitle | None:
    """The newest release offered whose month isn't known here."""
    product = evidence.machine.product
    if product is None:
        return None
    unknown = [t for t in evidence.titles if calendar.month(product, t.month) is None]
    return max(unknown, key=lambda t: t.month, default=None)


def _offer_name(offer: ReleaseTitle) -> str:
    month = month_name(date.fromisoformat(f"{offer.month}-01"))
    what = "hotpatch" if offer.is_hotpatch else "cumulative update"
    return f"{month}'s {what}{f' {offer.kb}' if offer.kb else ''}"


def _offer_step(offer: ReleaseTitle, evidence: Evidence, calendar: Calendar) -> str:
    """What installing it does, and what it may mean, as this release isn't in the release data."""
    restart = _OFFER_RESTARTS[offer.restart]
    if offer.is_hotpatch:
        return f"Install it: {restart} It is not in the release data yet."
    product = evidence.machine.product
    planned = calendar.planned_on(product, offer.month) if product else None
    if planned is not None and not planned.restarts:
        return (
            f"Install it: {restart} The month was planned as a hotpatch: either Microsoft released a baseline instead, "
            "or this machine has left the hotpatch train."
        )
    return f"Install it: {restart} By the plan, it is the month's baseline; it is not in the release data yet."


def _not_offered(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Known releases are missing, and a recent assessment doesn't offer them."""
    missing = missing_releases(evidence, calendar, now)
    horizon = _horizon(evidence, calendar, now)
    none = "no update is offered" if not evidence.updates else "none of them is offered"
    return (
        f"Behind by {_how_far(missing, horizon)}, and {none}.",
        _join(
            f"Missing: {_and(tuple(r.title for r in missing[-3:]))}.",
            _why_not_offered(evidence),
            horizon,
        ),
    )


def _why_not_offered(evidence: Evidence) -> str:
    service = (evidence.patch_service or "").upper().replace("-", "_")
    if service == "WU_WSUS":
        return (
            f"Azure reports that updates come from WSUS (patchServiceUsed {evidence.patch_service}): approve the "
            "release there."
        )
    if evidence.machine.settings.automatic_updates is False:
        return (
            "Automatic updates are turned off on the machine (enableAutomaticUpdates is false): check its Windows "
            "Update policy and whether updates are paused."
        )
    return "The cause can't be seen from here: check the machine for WSUS, a Windows Update policy or paused updates."


def _not_confirmed(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Nothing speaks against the machine, and what is known here isn't enough to call it up to date."""
    if evidence.status is HotpatchStatus.NOT_KNOWN:
        return (
            "Azure does not report whether this server receives hotpatches.",
            "Azure Edition on Azure Local can receive them. Look at the update history on the server.",
        )
    nothing = (
        "No update is offered"
        if not evidence.updates
        else f"{_updates(evidence)}, none of them a release of the operating system"
    )
    horizon = _horizon(evidence, calendar, now)
    expected = next_restart_text(evidence, calendar, now)
    if COUNTS_UNSAID in evidence.unsaid:
        return (
            "The last assessment does not say how many updates are missing.",
            _join("Choose Assess now to have it looked at again.", horizon, expected),
        )
    product, build = evidence.machine.product, evidence.machine.build
    shared = _shared_build(evidence, calendar)
    if running_of(evidence, calendar) is None:
        why = (
            "its build is not reported"
            if build is None
            else "its build is newer than the release data"
            if product is not None and calendar.is_newer_than_known(product, build)
            else f"its build belongs to {shared}"
            if shared
            else "no release known here has its build"
        )
        step = GET_RELEASES if horizon or build is not None else ""
        headline = f"{nothing}, but that it is up to date can't be confirmed: {why}."
        return headline, _join(horizon, step, expected)
    headline = f"{nothing}, but that it is up to date can't be confirmed."
    if not horizon and RESTART_UNSAID in evidence.unsaid:
        return headline, _join(
            "The last assessment does not say whether a restart is pending.", expected
        )
    return headline, _join(horizon, GET_RELEASES, expected)


def _shared_build(evidence: Evidence, calendar: Calendar) -> str:
    """The releases that share the running build, where nothing tells which of them runs."""
    product = evidence.machine.product
    release = calendar.by_build(product, evidence.machine.build) if product else None
    twin = calendar.train_twin(release) if release is not None and not release.on_train else None
    return f"both {release.kb} and {twin.kb}" if release is not None and twin is not None else ""


def _join(*sentences: str) -> str:
    return " ".join(s for s in sentences if s)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_OFFER_RESTARTS = {
    RestartBehavior.NEVER: "Windows Update says that it needs no restart.",
    RestartBehavior.ALWAYS: "it restarts the machine.",
    RestartBehavior.CAN_REQUEST: "it may restart the machine.",
    RestartBehavior.UNKNOWN: "whether it restarts is not reported.",
}
_RESTART_WORDS = {
    True: "it restarts the machine.",
    False: "it needs no restart.",
    None: "whether it restarts is not published.",
}


def _days(then: datetime | None, now: datetime) -> str:
    days = (now - then).days if then else 0
    return f"{days} day{'' if days == 1 else 's'}"


def _number(count: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)


def _consequence(evidence: Evidence) -> str:
    many = evidence.updates_that_restart
    if not (many or evidence.offered or evidence.titles):
        return "Their list is not read yet, so whether they restart the machine is not known."
    if evidence.updates == 1:
        return "It may restart the machine." if many else "It needs no restart."
    return (
        f"{_number(many).capitalize()} of them may restart the machine."
        if many
        else "None of them restarts the machine."
    )


def _updates(evidence: Evidence) -> str:
    n = evidence.updates
    if n == 0:
        return "No update is offered"
    return f"{n} update{'s are' if n != 1 else ' is'} available"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _and(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


_HEADLINES: dict[Situation, Callable[[Evidence, Calendar, datetime], tuple[str, str]]] = {
    Situation.NOT_RUNNING: _not_running,
    Situation.NEVER_ASSESSED: _never_assessed,
    Situation.STALE: _stale,
    Situation.BEHIND: _behind,
    Situation.NOT_OFFERED: _not_offered,
    Situation.NOT_CONFIRMED: _not_confirmed,
}
