"""The running release and the next expected restart, as text."""

from __future__ import annotations

from datetime import date, datetime

from hotpatch_gui.translation import translator

from .dates import day_name, month_name
from .evidence import Evidence, running_of
from .horizon import horizon_text
from .release_calendar import Calendar
from .releases import Product, ReleaseKind, release_day

tr = translator("Outlook")


def running_text(evidence: Evidence, calendar: Calendar, *, at_last_sync: bool = False) -> str:
    """The running release by the reported build. With ``at_last_sync``, the text says that this was known at the last sync."""
    text = _running_text(evidence, calendar)
    return tr("At the last sync: {text}", text=text) if at_last_sync else text


def _running_text(evidence: Evidence, calendar: Calendar) -> str:
    machine, release = evidence.machine, running_of(evidence, calendar)
    if release is None:
        if machine.build is None:
            return tr("The running build isn't reported, so the running release isn't known.")
        product = machine.product
        if product is not None and calendar.is_newer_than_known(product, machine.build):
            return tr("It runs build {build}, newer than any known release.", build=machine.build)
        return tr("It runs build {build}.", build=machine.build)
    if release.kind.is_baseline:
        return tr("It runs the {title} (build {build}).", title=release.title, build=release.build)
    base = calendar.baseline_of(release)
    name = (
        release.title
        if release.kb is None or release.kind is ReleaseKind.HOTPATCH
        else tr("out-of-band hotpatch {kb}", kb=release.kb)
    )
    if base is None:
        return tr("It runs the {title}.", title=name)
    return tr("It runs the {title} on the {baseline}.", title=name, baseline=base.title)


def next_restart_text(evidence: Evidence, calendar: Calendar, now: datetime, lead: str = "") -> str:
    """When the next restart for a baseline is expected, marked as planned. ``lead`` begins the sentence if a date is expected."""
    lead = lead or tr("Next expected restart")
    product, today = evidence.machine.product, release_day(now)
    if product is None:
        return tr("The next restart isn't known.")
    running = running_of(evidence, calendar)
    overdue = [
        e
        for e in calendar.unknown(product, running.released if running else date.min, today)
        if e.restarts
    ]
    if overdue:
        return tr(
            "A baseline was planned for {day}; installing it restarts the machine.",
            day=day_name(overdue[-1].day),
        )
    expected = calendar.next_restart(product, today)
    if expected is None:
        return tr("No further baseline is planned: {product}.", product=end_of_hotpatching(product))
    return tr(
        "{lead}: {day}, {label} (subject to change).",
        lead=lead,
        day=day_name(expected.day),
        label=expected.kind.label,
    )


def horizon_since(evidence: Evidence, calendar: Calendar, now: datetime) -> str:
    """Planned releases since the running one whose details aren't known; empty if none."""
    product = evidence.machine.product
    if product is None:
        return ""
    running = running_of(evidence, calendar)
    return horizon_text(calendar, product, running.released if running else date.min, now)


def end_of_hotpatching(product: Product) -> str:
    """After which month no hotpatches are planned for the product."""
    return tr(
        "no hotpatches for {label} are planned after {last_planned}",
        label=product.label,
        last_planned=month_name(product.last_planned),
    )


def rejoin_text(
    product: Product | None, calendar: Calendar, now: datetime, left: date | None = None
) -> str:
    """With which baseline a machine receives hotpatches again; ``left`` is when it left the train."""
    if product is None:
        return tr("with the next baseline")
    today = release_day(now)
    base = calendar.baseline_in_force(product, today)
    since = max(left or date.min, base.released if base else date.min)
    overdue = [e for e in calendar.unknown(product, since, today) if e.restarts]
    if not overdue and left is not None and base is not None and base.released > left:
        return tr(
            "with the {title}, which is already available; installing it restarts the machine",
            title=base.title,
        )
    if overdue:
        return tr(
            "with the baseline that was planned for {day}; its details aren't known",
            day=day_name(overdue[-1].day),
        )
    expected = calendar.next_restart(product, today)
    if expected is None:
        return tr(
            "with a later baseline; none is planned yet ({support_end})",
            support_end=end_of_hotpatching(product),
        )
    return tr("with the next baseline, planned for {day}", day=day_name(expected.day))
