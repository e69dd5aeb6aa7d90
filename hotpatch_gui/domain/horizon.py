"""The end of release knowledge, and the way to extend it."""

from __future__ import annotations

from datetime import date, datetime

from hotpatch_gui.translation import translator

from .dates import day_name
from .phrases import join, listed
from .release_calendar import Calendar
from .releases import Product, release_day

tr = translator("Horizon")


def release_data_step() -> str:
    """How to get newer release data."""
    return tr("Update the release data: Settings › Release data, or hotpatch-gui releases update.")


def horizon_text(calendar: Calendar, product: Product, after: date, now: datetime) -> str:
    """Planned releases between ``after`` and ``now`` whose details aren't known; empty if none."""
    missing = calendar.unknown(product, after, release_day(now))
    if not missing:
        return ""
    until = day_name(calendar.complete_until(product))
    if len(missing) == 1:
        one = missing[0]
        return tr(
            "According to the plan, a {label} was released on {day}; its details aren't known, "
            "because the release data ends on {until}.",
            label=one.kind.label,
            day=day_name(one.day),
            until=until,
        )
    baselines = [e for e in missing if e.restarts]
    return join(
        tr(
            "According to the plan, %n monthly releases were published by {day}; their details "
            "aren't known because the release data ends on {until}.",
            len(missing),
            day=day_name(missing[-1].day),
            until=until,
        ),
        tr("The last baseline among them was on {day}.", day=day_name(baselines[-1].day))
        if baselines
        else "",
    )


def horizon_notes(calendar: Calendar, now: datetime) -> list[str]:
    """One sentence per product about releases that are due but not known; one for all if they agree."""
    found: dict[str, list[Product]] = {}
    for product in Product:
        note = horizon_text(calendar, product, date.min, now)
        if note:
            found.setdefault(note, []).append(product)
    return [f"{listed([p.label for p in of])}: {note}" for note, of in found.items()]
