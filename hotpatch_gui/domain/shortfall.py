"""A machine's missing releases, and why it isn't up to date, as text."""

from __future__ import annotations

from datetime import date, datetime

from .evidence import (
    Evidence,
    expected_since,
    missing_releases,
    offers_release,
    released_since,
    running_of,
)
from .health import COUNTS_UNREPORTED, RESTART_UNREPORTED
from .horizon import GET_RELEASES
from .hotpatch import HotpatchStatus
from .machines import Freshness, freshness
from .outlook import horizon_since, next_restart_text
from .phrases import capital, days, join, listed, lower, number
from .release_calendar import Calendar
from .releases import Release, ReleaseKind, day_name, month_name
from .titles import ReleaseTitle
from .updates import RestartBehavior

_OFFER_RESTARTS = {
    RestartBehavior.NEVER: "Windows Update reports that it needs no restart.",
    RestartBehavior.ALWAYS: "it restarts the machine.",
    RestartBehavior.CAN_REQUEST: "it may restart the machine.",
    RestartBehavior.UNKNOWN: "whether it restarts is not reported.",
}


_RESTART_WORDS = {
    True: "it restarts the machine.",
    False: "it needs no restart.",
    None: "whether it restarts is not published.",
}


def stale_headline(evidence: Evidence, calendar: Calendar, now: datetime) -> str:
    """That the last assessment is too old, and what was released since."""
    if freshness(evidence.assessed, now) is Freshness.TOO_OLD:
        return f"The last assessment is {days(evidence.assessed, now)} old; Azure keeps assessments for seven days."
    newer, planned = (
        released_since(evidence, calendar, now),
        expected_since(evidence, calendar, now),
    )
    if planned is not None and (newer is None or planned.day > newer.released):
        return (
            f"A {planned.kind.label} was planned for {day_name(planned.day)}, after the last assessment; "
            "its details aren't known."
        )
    assert newer is not None
    return f"{capital(newer.title)} was released after the last assessment."


def behind(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Headline and next step if updates are available."""
    missing = missing_releases(evidence, calendar, now)
    horizon = horizon_since(evidence, calendar, now)
    offer = _unknown_offer(evidence, calendar)
    needs_baseline = any(r.kind.is_baseline for r in missing)
    lead = "The next restart after that" if needs_baseline else "Next expected restart"
    expected = next_restart_text(evidence, calendar, now, lead)
    if missing:
        headline = f"Behind by {_how_far(missing, horizon)}: {lower(updates_text(evidence))}."
        step = _install_step(missing)
        return headline, join(step, horizon, GET_RELEASES if horizon else "", expected)
    if offer is not None:
        return f"{capital(_offer_name(offer))} is offered.", join(
            _offer_step(offer, evidence, calendar), GET_RELEASES
        )
    running = running_of(evidence, calendar)
    is_newest = running is not None and all(t.month <= running.month for t in evidence.titles)
    if is_newest and not horizon and offers_release(evidence, calendar) is not None:
        return f"Hotpatch is current; {lower(updates_text(evidence))}.", join(
            _consequence(evidence), expected
        )
    return f"{updates_text(evidence)}.", join(
        _consequence(evidence), horizon, GET_RELEASES if horizon else "", expected
    )


def _how_far(missing: list[Release], horizon: str) -> str:
    least = "at least " if horizon else ""
    return f"{least}{number(len(missing))} release{'' if len(missing) == 1 else 's'}"


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
    """The newest available release whose month isn't known."""
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
    """The effect of installing a release that the release data doesn't contain."""
    restart = _OFFER_RESTARTS[offer.restart]
    if offer.is_hotpatch:
        return f"Install it: {restart} It isn't in the release data yet."
    product = evidence.machine.product
    planned = calendar.planned_on(product, offer.month) if product else None
    if planned is not None and not planned.restarts:
        return (
            f"Install it: {restart} The month was planned as a hotpatch: either Microsoft released a baseline instead, "
            "or this machine has left the hotpatch train."
        )
    return f"Install it: {restart} According to plan, it's the month's baseline. It isn't in the release data yet."


def not_offered(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Headline and next step if known releases are missing but not offered."""
    missing = missing_releases(evidence, calendar, now)
    horizon = horizon_since(evidence, calendar, now)
    none = "Azure offers no updates" if not evidence.updates else "Azure offers none of them"
    return (
        f"Behind by {_how_far(missing, horizon)}, and {none}.",
        join(
            f"Missing: {listed(tuple(r.title for r in missing[-3:]))}.",
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
    return "The cause can't be determined remotely: check the machine for WSUS, a Windows Update policy or paused updates."


def not_confirmed(evidence: Evidence, calendar: Calendar, now: datetime) -> tuple[str, str]:
    """Headline and next step if nothing is missing but it can't be confirmed."""
    if evidence.status is HotpatchStatus.NOT_KNOWN:
        return (
            "Azure does not report whether this server receives hotpatches.",
            "Azure Edition on Azure Local can receive them. Check the update history on the server.",
        )
    nothing = (
        "No update is offered"
        if not evidence.updates
        else f"{updates_text(evidence)}, none of them a release of the operating system"
    )
    horizon = horizon_since(evidence, calendar, now)
    expected = next_restart_text(evidence, calendar, now)
    if COUNTS_UNREPORTED in evidence.unreported:
        return (
            "The last assessment doesn't report how many updates are missing.",
            join("Choose Assess now to check again.", horizon, expected),
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
            else "no known release has its build"
        )
        step = GET_RELEASES if horizon or build is not None else ""
        headline = f"{nothing}, but whether it's up to date can't be confirmed: {why}."
        return headline, join(horizon, step, expected)
    headline = f"{nothing}, but whether it's up to date can't be confirmed."
    if not horizon and RESTART_UNREPORTED in evidence.unreported:
        return headline, join(
            "The last assessment doesn't report whether a restart is pending.", expected
        )
    return headline, join(horizon, GET_RELEASES, expected)


def _shared_build(evidence: Evidence, calendar: Calendar) -> str:
    """The releases that share the running build, if nothing distinguishes them."""
    product = evidence.machine.product
    release = calendar.by_build(product, evidence.machine.build) if product else None
    twin = calendar.train_twin(release) if release is not None and not release.on_train else None
    return f"both {release.kb} and {twin.kb}" if release is not None and twin is not None else ""


def _consequence(evidence: Evidence) -> str:
    many = evidence.updates_that_restart
    if not (many or evidence.offered or evidence.titles):
        return (
            "Their list hasn't been read yet, so it isn't known whether they restart the machine."
        )
    if evidence.updates == 1:
        return "It may restart the machine." if many else "It needs no restart."
    return (
        f"{number(many).capitalize()} of them may restart the machine."
        if many
        else "None of them restarts the machine."
    )


def updates_text(evidence: Evidence) -> str:
    """How many updates are available, and whether they may restart the machine."""
    n = evidence.updates
    if n == 0:
        return "No update is offered"
    return f"{n} update{'s are' if n != 1 else ' is'} available"
