"""The coverage sentence: what runs now, on which baseline, the next expected restart, or what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .clock import age_text
from .hotpatch import HotpatchStatus, is_on
from .machines import Freshness, Machine, PatchMode, freshness
from .platforms import REPLACEMENTS
from .power import PowerState
from .releases import Calendar, Product, Release, ReleaseKind, day_name, release_day
from .standing import Level, Situation


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the store holds about one machine, as far as the sentence needs it.

    ``assessed`` is the last assessment that counts; ``assessment_error`` why a later one failed.
    ``offered`` are the KBs that the latest assessment offers and that are operating-system releases
    or cumulative updates; ``restart_kbs`` those installed last whose restart is awaited, if known;
    ``out_of_band_kbs`` the out-of-band releases that installations on record have installed.
    """

    machine: Machine
    status: HotpatchStatus
    assessed: datetime | None
    assessment_error: str | None = None
    restart_pending: bool = False
    updates: int = 0
    updates_that_restart: int = 0
    offered: tuple[str, ...] = ()
    restart_kbs: tuple[str, ...] = ()
    last_run_failed: str | None = None
    out_of_band_kbs: tuple[str, ...] = ()
    hidden: datetime | None = None
    """Since when the account cannot read the machine any more."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """``headline`` what is so, ``running`` what runs, ``next_step`` what comes or what to do."""

    level: Level
    situation: Situation
    headline: str
    running: str
    next_step: str

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.headline, self.running, self.next_step) if part)


_LEVELS = {
    Situation.NO_PERMISSION: Level.UNKNOWN,
    Situation.UNSUPPORTED: Level.INFO,
    Situation.RESTART_PENDING: Level.WARNING,
    Situation.OFF_TRAIN: Level.ERROR,
    Situation.ACTION_REQUIRED: Level.ERROR,
    Situation.ENROLLING: Level.UNKNOWN,
    Situation.NOT_ENROLLED: Level.WARNING,
    Situation.DISABLED: Level.WARNING,
    Situation.LAST_FAILED: Level.ERROR,
    Situation.NOT_RUNNING: Level.INFO,
    Situation.NEVER_ASSESSED: Level.UNKNOWN,
    Situation.STALE: Level.UNKNOWN,
    Situation.UP_TO_DATE: Level.OK,
}


def standing(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[Situation, Level]:
    """What the sentence says, without its words: for whole fleets."""
    situation = _situation(evidence, calendar, now)
    if situation is not Situation.BEHIND:
        return situation, _LEVELS[situation]
    release = running_release(evidence.machine, calendar)
    is_behind = bool(_missing(evidence, calendar, release, now))
    return situation, Level.WARNING if is_behind else Level.INFO


def coverage(evidence: Evidence, calendar: Calendar, now: datetime) -> Coverage:
    """The sentence for one machine at ``now`` (UTC). Never claims more than ``evidence`` holds."""
    machine = evidence.machine
    situation = _situation(evidence, calendar, now)
    running = running_text(machine, calendar)
    expected = next_restart_text(machine, calendar, now)
    today = release_day(now)
    match situation:
        case s if s in _NOT_PATCHED:
            return _NOT_PATCHED[s](evidence, s, running)
        case Situation.RESTART_PENDING:
            return _restart_pending(evidence)
        case Situation.OFF_TRAIN:
            return _off_train(evidence, calendar, now)
        case Situation.DISABLED:
            return _disabled(machine, running, calendar, now)
        case Situation.LAST_FAILED:
            return Coverage(
                Level.ERROR,
                situation,
                "The last installation failed.",
                evidence.last_run_failed or "Azure gave no reason.",
                f"{_updates(evidence)}. Open Update history for the details, then install again.",
            )
        case Situation.NOT_RUNNING:
            return Coverage(
                Level.INFO,
                situation,
                f"The machine is {machine.power.value}, so it can be neither assessed nor patched.",
                running,
                f"{_reach(machine)} to go on; the last assessment is from {age_text(evidence.assessed, now)}."
                if evidence.assessed
                else f"{_reach(machine)}, then choose Assess now; it was never assessed.",
            )
        case Situation.NEVER_ASSESSED:
            failed = evidence.assessment_error
            return Coverage(
                Level.UNKNOWN,
                situation,
                f"The assessment failed: {failed}"
                if failed
                else "Not assessed yet, so nothing is known about missing updates.",
                running,
                "Choose Assess now; it takes a few minutes and changes nothing on the machine.",
            )
        case Situation.STALE:
            return _stale(evidence, calendar, running, now)
        case Situation.BEHIND:
            return _behind(evidence, calendar, running, expected, now)
    newest = machine.product and calendar.newest(machine.product, today)
    doing = "Hotpatch is on and up to date." if newest else "Up to date."
    return Coverage(Level.OK, situation, doing, running, expected)


def _restart_pending(evidence: Evidence) -> Coverage:
    because = f" to finish {_and(evidence.restart_kbs)}" if evidence.restart_kbs else ""
    cause = "" if because else " Azure does not say which update asked for it."
    step = (
        "Choose Restart when the machine may go down."
        if evidence.machine.arc is None
        else "Restart it on the server itself: Azure does not restart Arc-enabled servers."
    )
    return Coverage(
        Level.WARNING,
        Situation.RESTART_PENDING,
        f"A restart is needed{because}.",
        f"Until it restarts, the machine still runs what it ran before.{cause}",
        step,
    )


def _disabled(machine: Machine, running: str, calendar: Calendar, now: datetime) -> Coverage:
    mode, bypassed = machine.settings.patch_mode, machine.settings.bypass_safety_checks
    is_ready = machine.arc or (mode is PatchMode.AUTOMATIC_BY_PLATFORM and not bypassed)
    how = (
        "Turn hotpatch on in Update settings"
        if is_ready
        else "Set orchestration to Azure Managed and turn hotpatch on in Update settings"
    )
    when = _rejoin_text(machine.product, calendar, now)
    return Coverage(
        Level.WARNING,
        Situation.DISABLED,
        "Hotpatch is off: every month's cumulative update restarts this machine.",
        running,
        f"{how}; it takes effect {when}.",
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
    level, arc = _LEVELS[situation], evidence.machine.arc
    if situation is Situation.ACTION_REQUIRED:
        why = arc.error if arc is not None and arc.error else "Azure does not say what."
        return Coverage(
            level, situation, f"Hotpatch is enrolled, but something has to be mended: {why}", running,
            "Prerequisites below name what is known; Azure evaluates the machine anew by itself.",
        )  # fmt: skip
    if situation is Situation.ENROLLING:
        return Coverage(
            level, situation, "Hotpatch enrolment is in progress.", running,
            "It takes about ten minutes. If it stays so, look at the agent of the machine.",
        )  # fmt: skip
    cancelled = evidence.status is HotpatchStatus.CANCELED
    what = "The hotpatch licence was cancelled" if cancelled else "Not enrolled in hotpatch"
    return Coverage(
        level, situation, f"{what}: every month's cumulative update restarts this server.", running,
        "Enrol in Update settings; hotpatches come from the next baseline on.",
    )  # fmt: skip


def _out_of_sight(evidence: Evidence, situation: Situation, running: str) -> Coverage:
    since = f" on {day_name(evidence.hidden.date())}" if evidence.hidden else ""
    return Coverage(
        Level.UNKNOWN,
        situation,
        "Your account can no longer read this machine, so what is shown may be out of date.",
        f"Azure stopped showing it{since}. {running}",
        "Ask for the role Reader on its resource group; Settings › Connections names what is needed.",
    )


_NOT_PATCHED: dict[Situation, Callable[[Evidence, Situation, str], Coverage]] = {
    Situation.NO_PERMISSION: _out_of_sight,
    Situation.UNSUPPORTED: _unsupported,
    Situation.ACTION_REQUIRED: _by_licence,
    Situation.ENROLLING: _by_licence,
    Situation.NOT_ENROLLED: _by_licence,
}


def running_release(machine: Machine, calendar: Calendar) -> Release | None:
    """The hotpatch-channel release whose build the machine reports; None if it cannot be told."""
    if machine.product is None:
        return None
    release = calendar.by_build(machine.product, machine.build)
    return release if release is not None and release.on_train else None


def left_train_with(machine: Machine, calendar: Calendar) -> str | None:
    """The update that took the machine off the baseline, in words; None where the build shows none."""
    product, build = machine.product, machine.build
    if product is None or build is None:
        return None
    release = calendar.by_build(product, build)
    if release is not None:
        return None if release.on_train else f"the out-of-band update {release.kb}"
    month = calendar.hotpatch_month_of_lcu(product, build)
    return f"{month.month_name}'s cumulative update {month.lcu_kb}" if month else None


def running_text(machine: Machine, calendar: Calendar) -> str:
    release = running_release(machine, calendar)
    if release is None:
        if machine.build is None:
            return "The running build is not reported, so what runs now is not known."
        return f"It runs build {machine.build}."
    if release.kind.is_baseline:
        return f"It runs the {release.month_name} baseline {release.kb} (build {release.build})."
    base = calendar.baseline_of(release)
    on = f" on the {base.month_name} baseline {base.kb}" if base else ""
    word = "Hotpatch" if release.kind is ReleaseKind.HOTPATCH else "Out-of-band hotpatch"
    return f"{word} {release.kb} runs{on}."


def next_restart_text(machine: Machine, calendar: Calendar, now: datetime) -> str:
    expected = calendar.next_restart(machine.product, now.date()) if machine.product else None
    if expected is None:
        return "The next restart is not known."
    return f"Next expected restart: {day_name(expected.day)}, {expected.kind.label} (a plan, it can change)."


def _situation(evidence: Evidence, calendar: Calendar, now: datetime) -> Situation:
    """The first check that holds; those behind it are not looked at."""
    for situation, holds in _CHECKS:
        if holds(evidence, calendar, now):
            return situation
    return Situation.UP_TO_DATE


def _is_down(evidence: Evidence) -> bool:
    return evidence.machine.power not in (
        PowerState.RUNNING,
        PowerState.UNKNOWN,
        PowerState.STARTING,
    )


_UNLICENSED = (HotpatchStatus.NOT_ENROLLED, HotpatchStatus.CANCELED)
_CHECKS: tuple[tuple[Situation, Callable[[Evidence, Calendar, datetime], bool]], ...] = (
    (Situation.NO_PERMISSION, lambda e, c, now: e.hidden is not None),
    (Situation.RESTART_PENDING, lambda e, c, now: e.restart_pending),
    (Situation.UNSUPPORTED, lambda e, c, now: e.status is HotpatchStatus.NOT_AVAILABLE),
    (Situation.NOT_RUNNING, lambda e, c, now: _is_down(e)),
    (Situation.ACTION_REQUIRED, lambda e, c, now: e.status is HotpatchStatus.ACTION_REQUIRED),
    (Situation.ENROLLING, lambda e, c, now: e.status is HotpatchStatus.PENDING),
    (Situation.NOT_ENROLLED, lambda e, c, now: e.status in _UNLICENSED),
    (Situation.DISABLED, lambda e, c, now: not is_on(e.machine)),
    (Situation.OFF_TRAIN, lambda e, c, now: _left_train(e, c) is not None),
    (Situation.NEVER_ASSESSED, lambda e, c, now: freshness(e.assessed, now) is Freshness.NEVER),
    (Situation.OFF_TRAIN, lambda e, c, now: _drift_by_offer(e, c) is not None),
    (Situation.LAST_FAILED, lambda e, c, now: e.last_run_failed is not None),
    (Situation.STALE, lambda e, c, now: freshness(e.assessed, now) is Freshness.TOO_OLD),
    (Situation.BEHIND, lambda e, c, now: e.updates > 0),
    (Situation.STALE, lambda e, c, now: _out_since(e, c, now) is not None),
)


def _left_train(evidence: Evidence, calendar: Calendar) -> str | None:
    """As ``left_train_with``; where two releases share the build, only if the one that leaves the train
    is known to have been installed."""
    machine = evidence.machine
    cause = left_train_with(machine, calendar)
    release = calendar.by_build(machine.product, machine.build) if machine.product else None
    if release is not None and calendar.shares_build(release):
        return cause if release.kb in evidence.out_of_band_kbs else None
    return cause


def _out_since(evidence: Evidence, calendar: Calendar, now: datetime) -> Release | None:
    """The newest release of the train that came out on the day of the assessment or later and does not run."""
    product, assessed = evidence.machine.product, evidence.assessed
    if product is None or assessed is None or not is_on(evidence.machine):
        return None
    running = running_release(evidence.machine, calendar)
    if running is None:
        return None
    missing = [
        r for r in _missing(evidence, calendar, running, now) if r.released >= assessed.date()
    ]
    return missing[-1] if missing else None


def _missing(
    evidence: Evidence, calendar: Calendar, running: Release | None, now: datetime
) -> list[Release]:
    """Releases of the train that came out after ``running``. One whose build nobody published cannot be told
    by the build that runs, only by its installation."""
    newer = calendar.behind(running, release_day(now)) if running else []
    return [r for r in newer if r.build is not None or r.kb not in evidence.out_of_band_kbs]


def _drift_by_offer(evidence: Evidence, calendar: Calendar) -> Release | None:
    """The hotpatch month whose ordinary cumulative update an enrolled machine is offered instead."""
    product = evidence.machine.product
    if product is None or evidence.status is not HotpatchStatus.ENABLED:
        return None
    months = (calendar.hotpatch_month_of_lcu(product, kb) for kb in evidence.offered)
    return next((m for m in months if m is not None), None)


def _off_train(evidence: Evidence, calendar: Calendar, now: datetime) -> Coverage:
    machine = evidence.machine
    cause = _left_train(evidence, calendar)
    offered = _drift_by_offer(evidence, calendar)
    if cause is not None:
        why = f"It runs {cause}, build {machine.build}, which is not on the baseline in force."
    else:
        assert offered is not None
        why = f"It is offered the cumulative update {offered.lcu_kb} in place of the hotpatch {offered.kb}."
    return Coverage(
        Level.ERROR,
        Situation.OFF_TRAIN,
        "Off the hotpatch train: no hotpatches until the next baseline.",
        why,
        f"Until then each month's update restarts it. It rejoins {_rejoin_text(machine.product, calendar, now)}.",
    )


def _reach(machine: Machine) -> str:
    return "Start it and its agent" if machine.arc is not None else "Start it"


def _rejoin_text(product: Product | None, calendar: Calendar, now: datetime) -> str:
    expected = calendar.next_restart(product, now.date()) if product else None
    return (
        f"with the next baseline, planned for {day_name(expected.day)}"
        if expected
        else "with the next baseline"
    )


def _stale(evidence: Evidence, calendar: Calendar, running: str, now: datetime) -> Coverage:
    newer = _out_since(evidence, calendar, now)
    if newer is not None and freshness(evidence.assessed, now) is not Freshness.TOO_OLD:
        headline = f"{newer.kind.label.capitalize()} {newer.kb} came out after the last assessment."
    else:
        headline = (
            f"The last assessment is {_days(evidence.assessed, now)} old; Azure keeps seven days."
        )
    step = "Choose Assess now to know what is missing today."
    return Coverage(Level.UNKNOWN, Situation.STALE, headline, running, step)


def _behind(
    evidence: Evidence, calendar: Calendar, running: str, expected: str, now: datetime
) -> Coverage:
    machine = evidence.machine
    release = running_release(machine, calendar)
    missing = _missing(evidence, calendar, release, now)
    if not missing:
        step = _consequence(evidence)
        return Coverage(
            Level.INFO,
            Situation.BEHIND,
            f"Hotpatch is current; {_lower(_updates(evidence))}.",
            running,
            f"{step} {expected}",
        )
    how_far = f"{_number(len(missing))} release{'' if len(missing) == 1 else 's'}"
    baseline = next((r for r in reversed(missing) if r.kind.is_baseline), None)
    newest = missing[-1]
    if baseline is not None:
        step = f"Install the {baseline.month_name} baseline {baseline.kb}: it restarts the machine."
    elif newest.kind is ReleaseKind.HOTPATCH:
        step = f"Install hotpatch {newest.kb}: it needs no restart."
    else:
        step = f"Install the out-of-band release {newest.kb}: {_RESTART_WORDS[newest.restarts]}"
    return Coverage(
        Level.WARNING,
        Situation.BEHIND,
        f"Behind by {how_far}: {_lower(_updates(evidence))}.",
        running,
        f"{step} {expected}",
    )


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
