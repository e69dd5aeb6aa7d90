"""Release knowledge from the fleet, and how it is combined with the published calendar."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from hotpatch_gui.translation import translator

from .dates import day_name, month_name
from .release_calendar import Calendar
from .releases import (
    BASELINE_MONTHS,
    HINT,
    Product,
    Release,
    ReleaseKind,
    build_revision,
    second_tuesday,
)
from .titles import ReleaseTitle
from .updates import RestartBehavior

tr = translator("Learning")

FORMAT = "hotpatch-releases"
"""The format name of lists from ``releases export``."""
FLEET = "fleet"
"""The origin of what the user's machines show; other origins are published."""


class Sighting(NamedTuple):
    """A monthly release that one enrolled machine on the train is offered or has installed.

    ``build`` is what it reported after the installation; None while the release is only offered.
    """

    machine_id: int
    product: Product
    title: ReleaseTitle
    build: str | None = None


def learn(sightings: Iterable[Sighting], calendar: Calendar) -> list[Release]:
    """Releases that the fleet shows and that aren't fully published, by product and month.

    A hotpatch is recognized by its title and by needing no restart. A cumulative update is the baseline of a month for
    which one is planned. In another month it remains a hint: either Microsoft released a baseline instead of the hotpatch,
    or these machines have left the train. The date is the planned one, the second Tuesday.
    """
    by_month: dict[tuple[Product, str], list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_month[sighting.product, sighting.title.month].append(sighting)
    found = (_release(*key, seen, calendar) for key, seen in sorted(by_month.items()))
    return [r for r in found if r is not None]


def _release(
    product: Product, month: str, seen: list[Sighting], calendar: Calendar
) -> Release | None:
    known = calendar.month(product, month)
    if known is not None and known.machines is None and known.kb and known.build:
        return None
    hotpatches = [
        s for s in seen if s.title.is_hotpatch and s.title.restart is RestartBehavior.NEVER
    ]
    others = [s for s in seen if not s.title.is_hotpatch]
    decisive = hotpatches or others
    if not decisive:
        return None
    number = int(month[5:])
    released = second_tuesday(int(month[:4]), number)
    kb = _most_common(s.title.kb for s in decisive)
    machines = len({s.machine_id for s in decisive})
    build = _build(product, decisive, released, calendar)
    restarts = True if any(s.title.restart is RestartBehavior.ALWAYS for s in decisive) else None
    if hotpatches:
        kind, restarts = ReleaseKind.HOTPATCH, False
        lcu_kb, lcu_build = _most_common(s.title.kb for s in others), None
    else:
        is_planned = number in BASELINE_MONTHS
        kind = ReleaseKind.PLANNED_BASELINE if is_planned else ReleaseKind.UNPLANNED_BASELINE
        lcu_kb, lcu_build = kb, build
    is_hint = machines == 1 or kind is ReleaseKind.UNPLANNED_BASELINE
    return Release(
        product,
        month,
        released,
        kind,
        "hotpatch",
        kb,
        build,
        restarts,
        lcu_kb,
        lcu_build,
        confidence=HINT if is_hint else "medium",
        source=tr("Seen in your fleet on %n machine(s)", machines),
        note=_note(machines, kind),
        machines=machines,
    )


def _note(machines: int, kind: ReleaseKind) -> str:
    if machines == 1:
        return tr(
            "One machine is only a hint; the release is confirmed when several machines show it."
        )
    if kind is ReleaseKind.UNPLANNED_BASELINE:
        return tr(
            "A hint: a hotpatch was planned, and machines off the train are offered cumulative "
            "updates too."
        )
    return tr("The date is the planned one: updates don't contain their release date.")


def _build(
    product: Product, seen: list[Sighting], released: date, calendar: Calendar
) -> str | None:
    """The build that most machines report after installing it, if it can be this release's build."""
    before = calendar.monthly(product, released)
    floor = max((build_revision(r.build) or 0 for r in before if r.released < released), default=0)
    builds = [
        s.build
        for s in seen
        if s.build
        and s.build.startswith(f"{product.build_family}.")
        and (build_revision(s.build) or 0) > floor
    ]
    return _most_common(builds)


def _most_common(values: Iterable[str | None]) -> str | None:
    counted = Counter(v for v in values if v)
    return min(counted, key=lambda v: (-counted[v], v)) if counted else None


def merge(shipped: Calendar, others: Iterable[tuple[str, Release]]) -> Calendar:
    """Combine the program's calendar with (origin, release) pairs from Microsoft, from a file and from the fleet.

    Complete shipped rows stay. Published rows fill gaps and add months. Rows from the fleet count where nothing is published.
    """
    rows = {(r.product, r.month, r.kind, r.kb): r for r in shipped.releases}
    monthly = {
        (r.product, r.month): r
        for r in shipped.releases
        if r.on_train and r.kind is not ReleaseKind.OUT_OF_BAND
    }
    ordered = sorted(others, key=lambda pair: (pair[0] == FLEET, pair[1].released))
    for _, given in ordered:
        if given.kind is ReleaseKind.OUT_OF_BAND:
            rows.setdefault((given.product, given.month, given.kind, given.kb), given)
            continue
        key = given.product, given.month
        there = monthly.get(key)
        if there is not None and not given.is_certain:
            continue
        if there is not None:
            del rows[there.product, there.month, there.kind, there.kb]
        release = given if there is None else _filled(there, given)
        monthly[key] = release
        rows[release.product, release.month, release.kind, release.kb] = release
    return shipped.with_releases(rows.values())


def _filled(there: Release, by: Release) -> Release:
    """``there`` with its gaps filled from ``by`` where they don't contradict."""
    if contradiction(there, by):
        return there
    gaps: dict[str, Any] = {
        name: getattr(by, name)
        for name in ("kb", "build", "restarts", "lcu_kb", "lcu_build")
        if getattr(there, name) is None and getattr(by, name) is not None
    }
    if not gaps:
        return there
    source = f"{there.source}; {', '.join(sorted(gaps))}: {by.source}"
    return replace(there, **gaps, source=source)


def contradiction(there: Release, by: Release) -> str | None:
    """Why two rows of one month can't both be true; None if they can."""
    if there.kind.is_baseline is not by.kind.is_baseline:
        return tr(
            "{month}: known as {label}, listed as {listed}",
            month=there.month,
            label=there.kind.label,
            listed=by.kind.label,
        )
    for name, word in (
        ("kb", "KB"),
        ("build", "build"),
        ("lcu_kb", tr("cumulative update")),
        ("lcu_build", tr("its build")),
    ):
        mine, theirs = getattr(there, name), getattr(by, name)
        if mine is not None and theirs is not None and mine != theirs:
            return tr(
                "{month}: {word} known as {mine}, listed as {theirs}",
                month=there.month,
                word=word,
                mine=mine,
                theirs=theirs,
            )
    return None


def objection(release: Release, calendar: Calendar) -> str | None:
    """The reason why a release can't be true, on its own or compared with known ones; None if it can."""
    return _own_fault(release) or _claimed_kb(release, calendar) or _disagreement(release, calendar)


def _own_fault(release: Release) -> str | None:
    name = month_name(release.released)
    if f"{release.released:%Y-%m}" != release.month:
        return tr(
            "{month}: released on {released}, which is another month",
            month=release.month,
            released=day_name(release.released),
        )
    if not (release.kb or release.build):
        return tr("{name}: neither its KB nor its build is given", name=name)
    for build in (release.build, release.lcu_build):
        if build is not None and not build.startswith(f"{release.product.build_family}."):
            return tr(
                "{name}: {build} isn't a build of {label}",
                name=name,
                build=build,
                label=release.product.label,
            )
    if release.kind is not ReleaseKind.HOTPATCH:
        return None
    own, lcu = build_revision(release.build), build_revision(release.lcu_build)
    if own and lcu and own >= lcu:
        return tr(
            "{name}: the hotpatch's build {build} isn't below the cumulative update's {lcu_build}",
            name=name,
            build=release.build,
            lcu_build=release.lcu_build,
        )
    return (
        tr("{name}: hotpatch {kb} is listed as requiring a restart", name=name, kb=release.kb)
        if release.restarts
        else None
    )


def _claimed_kb(release: Release, calendar: Calendar) -> str | None:
    for kb in {release.kb, release.lcu_kb} - {None}:
        for product in Product:
            other = calendar.by_kb(product, kb)
            if other is not None and (product, other.month) != (release.product, release.month):
                return tr(
                    "{released}: {kb} is {month}'s for {label}",
                    released=month_name(release.released),
                    kb=kb,
                    month=other.month_name,
                    label=product.label,
                )
    return None


def _disagreement(release: Release, calendar: Calendar) -> str | None:
    if release.released < calendar.first_day(release.product):
        return tr(
            "{released}: {label} had no hotpatches yet",
            released=month_name(release.released),
            label=release.product.label,
        )
    if release.released > release.product.last_planned:
        return tr(
            "{released}: {label} no longer had hotpatches",
            released=month_name(release.released),
            label=release.product.label,
        )
    known = calendar.month(release.product, release.month)
    is_monthly = release.kind is not ReleaseKind.OUT_OF_BAND
    if is_monthly and known is not None and known.machines is None:
        return contradiction(known, release) or _out_of_order(release, calendar)
    return _out_of_order(release, calendar)


def _out_of_order(release: Release, calendar: Calendar) -> str | None:
    own = build_revision(release.build)
    if own is None:
        return None
    name = month_name(release.released)
    for r in calendar.monthly(release.product, date.max):
        other = build_revision(r.build)
        if other is None or r.month == release.month or r.machines is not None:
            continue
        if (r.released < release.released) is not (other < own):
            return tr(
                "{name}: build {build} doesn't fit {month}'s {other}",
                name=name,
                build=release.build,
                month=r.month_name,
                other=r.build,
            )
    return None
