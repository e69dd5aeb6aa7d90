"""The essentials of one machine, as text."""

from __future__ import annotations

from datetime import date, datetime

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.evidence import running_release
from hotpatch_gui.domain.health import RESTART_UNREPORTED
from hotpatch_gui.domain.machines import AssessmentMode
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, day_name, release_day
from hotpatch_gui.store.machine_columns import machine_of
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.store.timestamps import from_text

from . import display_text

NAMES = (
    "Hotpatch",
    "Orchestration",
    "Periodic assessment",
    "Last assessment",
    "Restart pending",
    "Running build",
    "Connection",
    "Baseline in force",
    "Operating system",
    "Image",
    "Location",
    "Resource group",
    "Subscription",
    "Tags",
)


def values(row: MachineRow, calendar: Calendar, now: datetime) -> list[str]:
    """The values of NAMES in order."""
    machine = machine_of(row)
    assessed = from_text(row.assessed_at)
    settings = machine.settings
    cause = f", for {row.restart_kbs.replace(' ', ', ')}" if row.restart_kbs else ""
    product = machine.product
    running = running_release(machine, calendar, row.out_of_band_kbs.split())
    return [
        row.hotpatch_status or "Not known",
        settings.orchestration,
        _PERIODIC[settings.assessment_mode],
        f"{display_text.moment_text(assessed)} ({age_text(assessed, now)})"
        if assessed
        else "None known",
        f"Yes{cause}"
        if row.restart_pending
        else ("No" if row.in_graph and RESTART_UNREPORTED not in row.unreported else "Not known"),
        f"{machine.build}{f' ({running.kb or running.month_name})' if running else ''}"
        if machine.build
        else "Not reported",
        row.connection_name or "None",
        _baseline_text(calendar, product, now) if product else "Not known",
        machine.os_name or "Not reported",
        f"None ({display_text.kind_text(row)})" if machine.arc is not None else machine.image.text,
        (
            f"{machine.location}{f', zone {machine.zone}' if machine.zone else ''}"
            f"{f', availability set {machine.availability_set}' if machine.availability_set else ''}"
        ),
        machine.resource_group,
        row.subscription_name,
        row.tags or "None",
    ]


_PERIODIC = {
    AssessmentMode.AUTOMATIC_BY_PLATFORM: "On, every 24 hours",
    AssessmentMode.IMAGE_DEFAULT: "Off; Azure assesses every few days",
    None: "Not known",
}


def _baseline_text(calendar: Calendar, product: Product, now: datetime) -> str:
    """The current baseline, and what was planned since but isn't known."""
    today = release_day(now)
    base = calendar.baseline_in_force(product, today)
    since = [
        e
        for e in calendar.unknown(product, base.released if base else date.min, today)
        if e.restarts
    ]
    if since:
        planned = f"one was planned for {day_name(since[-1].day)}, details not known"
        return f"{base.build or 'Build not known'} ({base.title}); {planned}" if base else planned
    if base is None:
        return "Not known"
    newest = "Newest known: " if calendar.unknown(product, base.released, today) else ""
    return f"{newest}{base.build or 'build not known'} ({base.title})"
