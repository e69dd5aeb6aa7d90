"""Release knowledge from outside the program: what the fleet shows, and how it joins the published calendar."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from .releases import (
    BASELINE_MONTHS,
    Calendar,
    Product,
    Release,
    ReleaseKind,
    build_revision,
    second_tuesday,
)
from .titles import ReleaseTitle
from .updates import RestartBehavior

FORMAT = "hotpatch-releases"
"""What a list written by ``releases export`` calls itself."""
FLEET = "fleet"
"""Origin of what the user's own machines show; other origins are published."""


class Sighting(NamedTuple):
    """A monthly release that one enrolled machine on the hotpatch train is offered or has installed.
    ``build`` is what it reported after the installation; None while the release is only offered."""

    machine_id: int
    product: Product
    title: ReleaseTitle
    build: str | None = None


def learn(sightings: Iterable[Sighting], calendar: Calendar) -> list[Release]:
    """The releases that the fleet shows and that nothing published tells in full, oldest first.

    A hotpatch is known by its title and by needing no restart; a cumulative update offered to enrolled
    machines is the month's baseline, unless a hotpatch of that month is seen too: then it is what machines
    off the train get. The day is the plan's, the second Tuesday.
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
    many = f"{machines} machine{'' if machines == 1 else 's'}"
    return Release(
        product, month, released, kind, "hotpatch", kb, build, restarts, lcu_kb, lcu_build,
        confidence="hint" if machines == 1 else "medium", source=f"Seen in your fleet on {many}",
        note="One machine is a hint only; the release counts as known once several show it."
        if machines == 1
        else "The day is the plan's: updates don't carry the day of their release.",
        machines=machines,
    )  # fmt: skip


def _build(
    product: Product, seen: list[Sighting], released: date, calendar: Calendar
) -> str | None:
    """What most machines report that installed it, where that can be this release's build at all."""
    before = calendar.monthly(product, released)
    floor = max((build_revision(r.build) or 0 for r in before if r.released < released), default=0)
    builds = [
        s.build for s in seen
        if s.build and s.build.startswith(f"{product.build_family}.")
        and (build_revision(s.build) or 0) > floor
    ]  # fmt: skip
    return _most_common(builds)


def _most_common(values: Iterable[str | None]) -> str | None:
    counted = Counter(v for v in values if v)
    return min(counted, key=lambda v: (-counted[v], v)) if counted else None


def merge(shipped: Calendar, learned: Iterable[tuple[str, Release]]) -> Calendar:
    """The program's own calendar with what was learned since: (origin, release) pairs.

    What the program carries whole stays as it is; published rows fill its gaps and add months; the fleet's
    rows count where nothing published is known.
    """
    rows = {(r.product, r.month, r.kind, r.kb): r for r in shipped.releases}
    monthly = {
        (r.product, r.month): r
        for r in shipped.releases
        if r.on_train and r.kind is not ReleaseKind.OUT_OF_BAND
    }
    ordered = sorted(learned, key=lambda pair: (pair[0] == FLEET, pair[1].released))
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
    """``there`` with the gaps filled that ``by`` can fill without contradicting it."""
    if contradiction(there, by):
        return there
    gaps: Mapping[str, object] = {
        name: getattr(by, name)
        for name in ("kb", "build", "restarts", "lcu_kb", "lcu_build")
        if getattr(there, name) is None and getattr(by, name) is not None
    }
    if not gaps:
        return there
    source = f"{there.source}; {', '.join(sorted(gaps))}: {by.source}"
    return replace(there, **gaps, source=source)  # type: ignore[arg-type]


def contradiction(there: Release, by: Release) -> str | None:
    """Why two rows of one month can't both be true; None where they can."""
    if there.kind.is_baseline is not by.kind.is_baseline:
        return f"{there.month}: known as {there.kind.label}, listed as {by.kind.label}"
    for name, word in (("kb", "KB"), ("build", "build"), ("lcu_kb", "cumulative update"), ("lcu_build", "its build")):  # fmt: skip
        mine, theirs = getattr(there, name), getattr(by, name)
        if mine is not None and theirs is not None and mine != theirs:
            return f"{there.month}: {word} known as {mine}, listed as {theirs}"
    return None
