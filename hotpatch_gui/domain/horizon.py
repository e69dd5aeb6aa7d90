"""Where release knowledge ends, and how to extend it."""

from __future__ import annotations

from datetime import date, datetime

from .release_calendar import Calendar
from .releases import Product, day_name, release_day

GET_RELEASES = "Update the release data: Settings › Release data, or hotpatch-gui releases update."


def horizon_text(calendar: Calendar, product: Product, after: date, now: datetime) -> str:
    """Planned releases between ``after`` and ``now`` whose details aren't known; empty if none."""
    missing = calendar.unknown(product, after, release_day(now))
    if not missing:
        return ""
    until = day_name(calendar.complete_until(product))
    if len(missing) == 1:
        one = missing[0]
        return (
            f"According to plan, a {one.kind.label} was released on {day_name(one.day)}; its details aren't known, "
            f"because the release data ends on {until}."
        )
    baselines = [e for e in missing if e.restarts]
    among = f", the last baseline among them on {day_name(baselines[-1].day)}" if baselines else ""
    return (
        f"According to plan, {len(missing)} monthly releases were published by {day_name(missing[-1].day)}{among}; their "
        f"details aren't known because the release data ends on {until}."
    )


def horizon_notes(calendar: Calendar, now: datetime) -> list[str]:
    """One sentence per product about releases that are due but not known; one for all if they agree."""
    found: dict[str, list[Product]] = {}
    for product in Product:
        note = horizon_text(calendar, product, date.min, now)
        if note:
            found.setdefault(note, []).append(product)
    return [f"{' and '.join(p.label for p in of)}: {note}" for note, of in found.items()]
