"""The running release and the next expected restart, as text."""

from __future__ import annotations

from datetime import date, datetime

from .evidence import Evidence, running_of
from .horizon import horizon_text
from .phrases import capital
from .release_calendar import Calendar
from .releases import Product, ReleaseKind, day_name, month_name, release_day


def running_text(evidence: Evidence, calendar: Calendar, *, at_last_sync: bool = False) -> str:
    """The running release by the reported build; in the past tense if ``at_last_sync``."""
    clause = _running_clause(evidence, calendar, "ran" if at_last_sync else "runs")
    return f"At the last sync, {clause}." if at_last_sync else f"{capital(clause)}."


def _running_clause(evidence: Evidence, calendar: Calendar, runs: str) -> str:
    machine, release = evidence.machine, running_of(evidence, calendar)
    if release is None:
        if machine.build is None:
            return "the running build isn't reported, so the running release isn't known"
        product = machine.product
        if product is not None and calendar.is_newer_than_known(product, machine.build):
            return f"it {runs} build {machine.build}, newer than any known release"
        return f"it {runs} build {machine.build}"
    if release.kind.is_baseline:
        return f"it {runs} the {release.title} (build {release.build})"
    base = calendar.baseline_of(release)
    on = f" on the {base.title}" if base else ""
    if release.kind is ReleaseKind.HOTPATCH:
        return f"{release.title} {runs}{on}"
    return f"out-of-band hotpatch {release.kb or '(KB number not known)'} {runs}{on}"


def next_restart_text(
    evidence: Evidence, calendar: Calendar, now: datetime, lead: str = "Next expected restart"
) -> str:
    """When the next restart for a baseline is expected, marked as planned. ``lead`` begins the sentence."""
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
        return f"No further baseline is planned: {end_of_hotpatching(product)}."
    return f"{lead}: {day_name(expected.day)}, {expected.kind.label} (subject to change)."


def horizon_since(evidence: Evidence, calendar: Calendar, now: datetime) -> str:
    """Planned releases since the running one whose details aren't known; empty if none."""
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


def end_of_hotpatching(product: Product) -> str:
    """Until when hotpatches are announced for the product."""
    return f"hotpatches for {product.label} were announced until {month_name(product.last_planned)}"


def rejoin_text(
    product: Product | None, calendar: Calendar, now: datetime, left: date | None = None
) -> str:
    """With which baseline a machine receives hotpatches again; ``left`` is when it left the train."""
    if product is None:
        return "with the next baseline"
    today = release_day(now)
    base = calendar.baseline_in_force(product, today)
    since = max(left or date.min, base.released if base else date.min)
    overdue = [e for e in calendar.unknown(product, since, today) if e.restarts]
    if not overdue and left is not None and base is not None and base.released > left:
        return (
            f"with the {base.title}, which is already available; installing it restarts the machine"
        )
    if overdue:
        return f"with the baseline that was planned for {day_name(overdue[-1].day)}; its details aren't known"
    expected = calendar.next_restart(product, today)
    if expected is None:
        return f"with a later baseline; none is planned yet ({end_of_hotpatching(product)})"
    return f"with the next baseline, planned for {day_name(expected.day)}"
