"""The essentials of one machine, as text."""

from __future__ import annotations

from datetime import date, datetime

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.evidence import running_release
from hotpatch_gui.domain.machines import AssessmentMode, Machine
from hotpatch_gui.domain.phrases import listed
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, release_day
from hotpatch_gui.domain.situation import RESTART_UNREPORTED
from hotpatch_gui.store.machine_columns import machine_of
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.translation import translated, translator

from . import display_text

tr = translator("EssentialsModel")

NAMES = (
    tr.mark("Hotpatch"),
    tr.mark("Orchestration"),
    tr.mark("Periodic assessment"),
    tr.mark("Last assessment"),
    tr.mark("Restart pending"),
    tr.mark("Running build"),
    tr.mark("Monthly update"),
    tr.mark("Connection"),
    tr.mark("Baseline in force"),
    tr.mark("Operating system"),
    tr.mark("Image"),
    tr.mark("Region"),
    tr.mark("Resource group"),
    tr.mark("Subscription"),
    tr.mark("Tags"),
    tr.mark("Last read"),
)


def values(row: MachineRow, calendar: Calendar, now: datetime) -> list[str]:
    """The values of NAMES in order."""
    machine = machine_of(row)
    assessed = from_text(row.assessed_at)
    settings = machine.settings
    cause = (
        tr(", for {restart_kbs}", restart_kbs=listed(row.restart_kbs.split()))
        if row.restart_kbs
        else ""
    )
    product = machine.product
    running = running_release(machine, calendar, row.out_of_band_kbs.split())
    return [
        display_text.hotpatch_text(row.hotpatch_status),
        translated(settings.orchestration),
        tr(_PERIODIC[settings.assessment_mode]),
        f"{display_text.moment_text(assessed)} ({age_text(assessed, now)})"
        if assessed
        else tr("None known"),
        tr("Yes{cause}", cause=cause)
        if row.restart_pending
        else (
            tr("No")
            if row.in_graph and RESTART_UNREPORTED not in row.unreported
            else tr("Not known")
        ),
        f"{machine.build}{f' ({running.kb or running.month_name})' if running else ''}"
        if machine.build
        else tr("Not reported"),
        monthly_text(row, now),
        row.connection_name or tr("None"),
        _baseline_text(calendar, product, now) if product else tr("Not known"),
        machine.os_name or tr("Not reported"),
        tr("None ({kind})", kind=display_text.kind_text(row))
        if machine.arc is not None
        else machine.image.text,
        _location(machine),
        machine.resource_group,
        row.subscription_name,
        row.tags or tr("None"),
        f"{display_text.time_text(row.fetched_at)} ({display_text.since_text(row.fetched_at, now)})",
    ]


def monthly_text(row: MachineRow, now: datetime) -> str:
    """Whether a monthly update is missing, and since when."""
    if row.update_missing is None:
        return tr("Not known")
    if not row.update_missing or not row.missing_since:
        return tr("Installed (by build number)")
    since = date.fromisoformat(row.missing_since)
    days = (now.date() - since).days
    return tr("Missing since {day} (%n day(s))", days, day=day_name(since))


_PERIODIC = {
    AssessmentMode.AUTOMATIC_BY_PLATFORM: tr.mark("On, every 24 hours"),
    AssessmentMode.IMAGE_DEFAULT: tr.mark("Off; Azure assesses every few days"),
    None: tr.mark("Not known"),
}


def _location(machine: Machine) -> str:
    """The region with its zone and availability set."""
    parts = [machine.location]
    if machine.zone:
        parts.append(tr("zone {zone}", zone=machine.zone))
    if machine.availability_set:
        parts.append(tr("availability set {name}", name=machine.availability_set))
    return ", ".join(parts)


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
        planned = tr("one was planned for {day}, details not known", day=day_name(since[-1].day))
        return (
            f"{base.build or tr('Build not known')} ({base.title}); {planned}" if base else planned
        )
    if base is None:
        return tr("Not known")
    newest = tr("Newest known: ") if calendar.unknown(product, base.released, today) else ""
    return f"{newest}{base.build or tr('build not known')} ({base.title})"
