"""The head of the blade: the title and subtitle of the machine or selection, and its status text."""

from __future__ import annotations

from datetime import datetime

from hotpatch_gui.domain.phrases import join, listed_some, machines, updates
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.status_text import StatusText, status_text
from hotpatch_gui.store import situations
from hotpatch_gui.translation import translator

from . import display_text
from .selection import SelectionSummary

tr = translator("Headline")

MAX_GROUPS = 3
"""How many statuses the headline of several machines names; the others are counted."""


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
    place = (
        tr("{region} zone {zone}", region=row.location, zone=row.zone) if row.zone else row.location
    )
    parts = (display_text.kind_text(row), row.resource_group, place, display_text.power_text(row))
    return " · ".join(parts)


def updates_count(selection: SelectionSummary) -> str:
    """The number of available updates; a dash if no list is known."""
    return f"{selection.updates:,}" if selection.counted else display_text.NOTHING


def status_text_of_one(
    selection: SelectionSummary, calendar: Calendar, now: datetime
) -> StatusText | None:
    """The status text of a single machine; None for several."""
    if selection.one is None:
        return None
    return status_text(situations.evidence_of(selection.one), calendar, now)


def most_urgent(selection: SelectionSummary) -> str:
    """The statuses of several machines that need attention first, with their numbers of machines."""
    worst = [g for g in selection.status_groups if g.level is selection.level]
    groups = listed_some(
        [tr("{status} on %n machine(s)", g.count, status=g.situation) for g in worst], MAX_GROUPS
    )
    return tr("Most urgent: {groups}.", groups=groups)


def sum_of_several(selection: SelectionSummary) -> str:
    """Available updates of several machines, as far as known."""
    if selection.offered:
        return join(
            tr(
                "{updates} available on %n machine(s).",
                selection.offered,
                updates=updates(selection.updates),
            ),
            tr("Installing everything restarts or may restart %n machine(s).", selection.restarting)
            if selection.restarting
            else "",
        )
    if selection.counted == len(selection.ids):
        return tr("No update is available for any of them.")
    if selection.counted:
        return tr("The updates of %n machine(s) are known; none is available.", selection.counted)
    return tr("None of them has a current list of updates.")
