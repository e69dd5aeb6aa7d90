"""Sources and horizon of the release data, as text."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.horizon import horizon_notes
from hotpatch_gui.domain.learning import FORMAT
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, Release, release_day
from hotpatch_gui.store import releases
from hotpatch_gui.translation import translated, translator

from .source import DataSource

tr = translator("ReleaseSources")


def newest_text(calendar: Calendar, product: Product) -> str:
    """Such as ``complete until 9 Nov 2026; the newest release known is the October 2026 baseline``."""
    known = [r for r in calendar.monthly(product, date.max) if r.is_certain]
    newest = tr("; the newest release known is the {title}", title=known[-1].title) if known else ""
    return tr(
        "complete until {day}{newest}",
        day=day_name(calendar.complete_until(product)),
        newest=newest,
    )


SHIPPED, MICROSOFT, FLEET = (
    tr.mark("with the program"),
    tr.mark("from Microsoft or a file"),
    tr.mark("seen in your fleet"),
)


def sources(calendar: Calendar, shipped: Calendar) -> list[tuple[str, int]]:
    """(kind of source, number of releases it provided or completed)."""
    own = {r.source for r in shipped.releases}

    def origin(release: Release) -> str:
        if release.machines is not None:
            return FLEET
        return SHIPPED if release.source in own else MICROSOFT

    counted = Counter(map(origin, calendar.releases))
    return [
        (translated(name), counted[name]) for name in (SHIPPED, MICROSOFT, FLEET) if counted[name]
    ]


def last_read(source: DataSource) -> datetime | None:
    """When Microsoft's Security Update API was last read; None for never."""
    return source.read(releases.last_read, None)


def summary(
    calendar: Calendar, shipped: Calendar, now: datetime, last_read: datetime | None
) -> list[str]:
    """Lines for the user."""
    lines = [f"{p.label}: {newest_text(calendar, p)}." for p in Product]
    named = ", ".join(f"{count:,} {name}" for name, count in sources(calendar, shipped))
    lines.append(tr("Releases known: {named}.", named=named))
    lines.append(
        tr(
            "Microsoft's Security Update API was last read on {day}.",
            day=day_name(last_read.date()),
        )
        if last_read is not None
        else tr("Microsoft's Security Update API hasn't been read yet.")
    )
    return [*lines, *horizon_notes(calendar, now)]


def summary_json(
    calendar: Calendar, shipped: Calendar, now: datetime, last_read: datetime | None
) -> dict[str, Any]:
    """Known releases, horizon and sources, as for ``releases --json``."""
    return {
        "products": [
            {
                "product": p.label,
                "complete_until": calendar.complete_until(p).isoformat(),
                "unknown": [
                    e.day.isoformat() for e in calendar.unknown(p, date.min, release_day(now))
                ],
            }
            for p in Product
        ],
        "sources": dict(sources(calendar, shipped)),
        "last_read": last_read.isoformat() if last_read else None,
        "notes": horizon_notes(calendar, now),
    }


def export_rows(calendar: Calendar, now: datetime) -> dict[str, Any]:
    """All published releases for ``releases import``, without the fleet's own sightings."""
    return {
        "format": FORMAT,
        "exported": now.isoformat(timespec="seconds"),
        "releases": [
            {
                "product": r.product.value,
                "month": r.month,
                "released": r.released.isoformat(),
                "kind": r.kind.value,
                "channel": r.channel,
                "kb": r.kb,
                "build": r.build,
                "restarts": r.restarts,
                "lcu_kb": r.lcu_kb,
                "lcu_build": r.lcu_build,
                "offered": r.is_offered,
                "confidence": r.confidence,
                "source": r.source,
                "note": r.note,
            }
            for r in calendar.releases
            if r.machines is None
        ],
    }
