"""A machine's missing releases, and why it isn't up to date, as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from hotpatch_gui.translation import translator

from .dates import day_name, month_name
from .evidence import (
    Evidence,
    expected_since,
    missing_releases,
    offers_release,
    released_since,
    running_of,
)
from .horizon import release_data_step
from .hotpatch import HotpatchStatus
from .machines import Freshness, freshness
from .outlook import horizon_since, next_restart_text
from .phrases import days, join, listed_some
from .release_calendar import Calendar
from .releases import Release, ReleaseKind
from .situation import COUNTS_UNREPORTED, RESTART_UNREPORTED
from .titles import ReleaseTitle
from .updates import RestartBehavior

tr = translator("Shortfall")

MAX_NAMES = 3
"""Missing releases that are named."""

_OFFER_RESTARTS = {
    RestartBehavior.NEVER: tr.mark(
        "Install it. It doesn't need a restart, according to Windows Update."
    ),
    RestartBehavior.ALWAYS: tr.mark("Install it. It restarts the machine."),
    RestartBehavior.CAN_REQUEST: tr.mark("Install it. It may restart the machine."),
    RestartBehavior.UNKNOWN: tr.mark("Install it. Whether it needs a restart isn't known."),
}
_OUT_OF_BAND_RESTARTS = {
    True: tr.mark("Install the out-of-band release {named}. It restarts the machine."),
    False: tr.mark("Install the out-of-band release {named}. It doesn't need a restart."),
    None: tr.mark(
        "Install the out-of-band release {named}. Whether it needs a restart isn't published."
    ),
}


def stale_headline(evidence: Evidence, calendar: Calendar, now: datetime) -> str:
    """Why the last assessment can't be relied on: it is too old, or a release followed it."""
    if freshness(evidence.assessed, now) is Freshness.TOO_OLD:
        return tr(
            "The last assessment is {assessed} old; Azure keeps assessments for seven days.",
            assessed=days(evidence.assessed, now),
        )
    newer, planned = (
        released_since(evidence, calendar, now),
        expected_since(evidence, calendar, now),
    )
    if planned is not None and (newer is None or planned.day > newer.released):
        return tr(
            "A {label} was planned for {day}, after the last assessment; its details aren't known.",
            label=planned.kind.label,
            day=day_name(planned.day),
        )
    assert newer is not None
    return tr("After the last assessment, the {title} was released.", title=newer.title)


def behind(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Headline and next step if updates are available."""
    missing = missing_releases(evidence, calendar, now)
    horizon = horizon_since(evidence, calendar, now)
    offer = _unknown_offer(evidence, calendar)
    needs_baseline = any(r.kind.is_baseline for r in missing)
    lead = ""
    if needs_baseline:
        lead = tr("The next restart after that")
    elif evidence.updates_restarting or evidence.updates_may_restart:
        lead = tr("Next restart for a baseline")
    expected = next_restart_text(evidence, calendar, now, lead)
    if missing:
        headline = tr(
            "Behind by {missing}. {updates}",
            missing=_how_far(missing, horizon),
            updates=updates_text(evidence),
        )
        step = _install_step(missing)
        if not needs_baseline and missing[-1].kind is ReleaseKind.HOTPATCH:
            step = join(step, _restarts_among_offered(evidence))
        return headline, join(step, horizon, release_data_step() if horizon else "", expected)
    if offer is not None:
        return tr("Azure offers {offer}.", offer=_offer_name(offer)), join(
            _offer_step(offer, evidence, calendar), release_data_step()
        )
    running = running_of(evidence, calendar)
    is_newest = running is not None and all(t.month <= running.month for t in evidence.titles)
    if is_newest and not horizon and offers_release(evidence, calendar) is not None:
        return tr("Hotpatch is current. {updates}", updates=updates_text(evidence)), join(
            _consequence(evidence), expected
        )
    return updates_text(evidence), join(
        _consequence(evidence), horizon, release_data_step() if horizon else "", expected
    )


def _restarts_among_offered(evidence: Evidence) -> str:
    """How many of the available updates restart the machine, or may; empty for none."""
    sure, possible = evidence.updates_restarting, evidence.updates_may_restart
    return join(
        tr("%n of the available updates restart the machine.", sure) if sure else "",
        tr("%n of the available updates may restart the machine.", possible) if possible else "",
    )


def _how_far(missing: list[Release], horizon: str) -> str:
    count = len(missing)
    return tr("at least %n release(s)", count) if horizon else tr("%n release(s)", count)


def _install_step(missing: list[Release]) -> str:
    baseline = next((r for r in reversed(missing) if r.kind.is_baseline), None)
    newest = missing[-1]
    if baseline is not None:
        return tr("Install the {title}: it restarts the machine.", title=baseline.title)
    if newest.kind is ReleaseKind.HOTPATCH:
        return tr("Install {title}: it needs no restart.", title=newest.title)
    named = newest.kb or tr("of {day}", day=day_name(newest.released))
    return tr(_OUT_OF_BAND_RESTARTS[newest.restarts], named=named)


def _unknown_offer(evidence: Evidence, calendar: Calendar) -> ReleaseTitle | None:
    """The newest available release of a month for which the release data has no confirmed release."""
    product = evidence.machine.product
    if product is None:
        return None
    unknown = [t for t in evidence.titles if calendar.month(product, t.month) is None]
    return max(unknown, key=lambda t: t.month, default=None)


def _offer_name(offer: ReleaseTitle) -> str:
    month = month_name(date.fromisoformat(f"{offer.month}-01"))
    name = (
        tr("{month}'s hotpatch", month=month)
        if offer.is_hotpatch
        else tr("{month}'s cumulative update", month=month)
    )
    return f"{name} {offer.kb}" if offer.kb else name


def _offer_step(offer: ReleaseTitle, evidence: Evidence, calendar: Calendar) -> str:
    """The effect of installing a release that the release data doesn't contain."""
    step = tr(_OFFER_RESTARTS[offer.restart])
    if offer.is_hotpatch:
        return join(step, tr("It isn't in the release data yet."))
    product = evidence.machine.product
    planned = calendar.planned_on(product, offer.month) if product else None
    if planned is not None and not planned.restarts:
        return join(
            step,
            tr(
                "The month was planned as a hotpatch: either Microsoft released a baseline instead, "
                "or this machine has left the hotpatch train."
            ),
        )
    return join(
        step,
        tr("According to the plan, it's the month's baseline. It isn't in the release data yet."),
    )


def not_offered(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Headline and next step if known releases are missing but not offered."""
    missing = missing_releases(evidence, calendar, now)
    horizon = horizon_since(evidence, calendar, now)
    behind = _how_far(missing, horizon)
    headline = (
        tr("Behind by {missing}. Azure doesn't offer the missing updates.", missing=behind)
        if evidence.updates
        else tr("Behind by {missing}. Azure offers no updates.", missing=behind)
    )
    return (
        headline,
        join(
            tr("Missing: {listed}.", listed=listed_some(_newest_first(missing), MAX_NAMES)),
            _why_not_offered(evidence),
            horizon,
        ),
    )


def _newest_first(missing: Sequence[Release]) -> list[str]:
    return [release.title for release in reversed(missing)]


def _why_not_offered(evidence: Evidence) -> str:
    service = (evidence.patch_service or "").upper().replace("-", "_")
    if service == "WU_WSUS":
        return tr(
            "Azure reports that updates come from WSUS (patchServiceUsed {patch_service}): "
            "approve the release there.",
            patch_service=evidence.patch_service,
        )
    if evidence.machine.settings.automatic_updates is False:
        return tr(
            "Automatic updates are turned off on the machine (enableAutomaticUpdates is false): "
            "check its Windows Update policy and whether updates are paused."
        )
    return tr(
        "The cause can't be determined remotely: check the machine for WSUS, a Windows "
        "Update policy or paused updates."
    )


def not_confirmed(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Headline and next step if nothing is missing but it can't be confirmed."""
    if evidence.status is HotpatchStatus.NOT_KNOWN:
        return (
            tr("Azure doesn't report whether this server receives hotpatches."),
            tr(
                "Azure Edition on Azure Local can receive them. Check the update history on the "
                "server."
            ),
        )
    nothing = (
        tr("No update is available.")
        if not evidence.updates
        else tr(
            "Only %n update(s) outside the operating system's releases are available.",
            evidence.updates,
        )
    )
    horizon = horizon_since(evidence, calendar, now)
    expected = next_restart_text(evidence, calendar, now)
    if COUNTS_UNREPORTED in evidence.unreported:
        missing = missing_releases(evidence, calendar, now)
        behind = tr("Behind by {missing}.", missing=_how_far(missing, horizon)) if missing else ""
        return (
            join(behind, tr("The last assessment doesn't report how many updates are missing.")),
            join(tr("Choose Assess now to check again."), horizon, expected),
        )
    product, build = evidence.machine.product, evidence.machine.build
    shared = _shared_build(evidence, calendar)
    if running_of(evidence, calendar) is None:
        why = (
            tr("its build isn't reported")
            if build is None
            else tr("its build is newer than the release data")
            if product is not None and calendar.is_newer_than_known(product, build)
            else tr("its build belongs to {shared}", shared=shared)
            if shared
            else tr("no known release has its build")
        )
        step = release_data_step() if horizon or build is not None else ""
        headline = join(nothing, tr("Its patch status can't be confirmed: {why}.", why=why))
        return headline, join(horizon, step, expected)
    headline = join(nothing, tr("Its patch status can't be confirmed."))
    if not horizon and RESTART_UNREPORTED in evidence.unreported:
        return headline, join(
            tr("The last assessment doesn't report whether a restart is pending."), expected
        )
    return headline, join(horizon, release_data_step(), expected)


def _shared_build(evidence: Evidence, calendar: Calendar) -> str:
    """The releases that share the running build, if nothing distinguishes them."""
    product = evidence.machine.product
    release = calendar.by_build(product, evidence.machine.build) if product else None
    twin = calendar.train_twin(release) if release is not None and not release.on_train else None
    return (
        tr("both {first} and {second}", first=release.kb, second=twin.kb)
        if release is not None and twin is not None
        else ""
    )


def _consequence(evidence: Evidence) -> str:
    sure, possible = evidence.updates_restarting, evidence.updates_may_restart
    if not evidence.is_list_read:
        return tr(
            "Their list hasn't been read yet, so it isn't known whether they restart the machine."
        )
    if evidence.updates == 1:
        if sure:
            return tr("It restarts the machine.")
        return tr("It may restart the machine.") if possible else tr("It needs no restart.")
    return _restarts_among_offered(evidence) or tr("None of them restarts the machine.")


def updates_text(evidence: Evidence) -> str:
    """A sentence: how many updates are available."""
    if COUNTS_UNREPORTED in evidence.unreported:
        return tr("The last assessment doesn't report how many updates are missing.")
    n = evidence.updates
    if n == 0:
        return tr("No update is available.")
    return tr("%n update(s) are available.", n)


def definitions_text(evidence: Evidence) -> str:
    """How many definitions are available; empty for none."""
    n = evidence.definitions
    return tr("%n definition update(s) are available.", n) if n else ""
