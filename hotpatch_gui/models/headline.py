"""The head of the blade: name and location of the machine, or of the selection, and the sentence."""

from __future__ import annotations

from datetime import datetime

from hotpatch_gui.domain.phrases import machines
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.status_text import StatusText, status_text
from hotpatch_gui.store import health
from hotpatch_gui.translation import translator

from . import display_text
from .selection import SelectionSummary

tr = translator("Headline")


def title(selection: SelectionSummary) -> str:
    """The blade's title."""
    row = selection.one
    name = row.display_name if row is not None else machines(len(selection.ids))
    return tr("{name} | Hotpatch", name=name)


def subtitle(selection: SelectionSummary) -> str:
    """Kind, location and power, or the selection's resource groups."""
    row = selection.one
    if row is None:
        return tr(
            "Machines · {resource_groups}", resource_groups=", ".join(selection.resource_groups)
        )
    zone = tr(" zone {zone}", zone=row.zone) if row.zone else ""
    where = f"{row.resource_group} · {row.location}{zone}"
    return f"{display_text.kind_text(row)} · {where} · {display_text.power_text(row)}"


def updates_count(selection: SelectionSummary) -> str:
    """The number of available updates; a dash if no list is known."""
    return f"{selection.updates:,}" if selection.counted else display_text.NOTHING


def status_text_of_one(
    selection: SelectionSummary, calendar: Calendar, now: datetime
) -> StatusText | None:
    """The status text of a single machine; None for several."""
    if selection.one is None:
        return None
    return status_text(health.evidence_of(selection.one), calendar, now)


def sum_of_several(selection: SelectionSummary) -> str:
    """Available updates of several machines, as far as known."""
    if selection.offered:
        updates = f"{selection.updates:,}" if selection.assessed else display_text.NOTHING
        return tr(
            "{updates} updates are available for {offered:,} of them; installing everything "
            "restarts or may restart {restarting:,} of the machines.",
            updates=updates,
            offered=selection.offered,
            restarting=selection.restarting,
        )
    if selection.counted == len(selection.ids):
        return tr("No update is available for any of them.")
    if selection.counted:
        return tr("The updates of %n of them are known, and none is available.", selection.counted)
    return tr("None of them has a current list of updates.")
