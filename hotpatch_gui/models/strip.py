"""The strip of baselines and hotpatches of one machine."""

from __future__ import annotations

from datetime import date, timedelta

from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, ReleaseKind, day_name
from hotpatch_gui.store import installations
from hotpatch_gui.store.timestamps import from_text

from . import display_text
from .chart_data import StripData, StripInstall, StripMark
from .source import DataSource

YEAR = timedelta(days=365)


def strip_data(
    source: DataSource, machine_id: int, machine: Machine, calendar: Calendar, today: date
) -> StripData:
    """A year before and after ``today``."""
    product = machine.product
    first, last = today - YEAR, today + YEAR
    marks = _marks(calendar, product, first, last, today) if product else []
    done = []
    found = source.read_list(lambda db: installations.release_installs(db, machine_id))
    for install in found:
        when, kb, state = from_text(install.started_at), install.kb, install.state
        if when is None or when.date() < first:
            continue
        what = calendar.by_kb(product, kb) if product else None
        kind = f" ({what.kind.label})" if what else ""
        done.append(
            StripInstall(
                when, state == "Failed", f"{kb}{kind}\n{state} {display_text.moment_text(when)}"
            )
        )
    return StripData(first, last, today, marks, done)


def _marks(
    calendar: Calendar, product: Product, first: date, last: date, today: date
) -> list[StripMark]:
    facts = [
        StripMark(
            r.released,
            r.kind.value,
            is_plan=False,
            words=f"{r.title}\nreleased {day_name(r.released)}",
        )
        for r in calendar.monthly(product, today)
        if r.released >= first
    ]
    plans = [
        StripMark(
            e.day,
            e.kind.value,
            is_plan=True,
            words=f"{e.kind.label}, planned\n{day_name(e.day)}; subject to change",
        )
        for e in calendar.expected(product, today, 12)
        if e.day <= last
    ]
    unknown = [
        StripMark(
            e.day,
            e.kind.value,
            is_plan=True,
            words=f"{e.kind.label} (planned)\n{day_name(e.day)}; the release isn't known",
        )
        for e in calendar.unknown(product, first, today)
    ]
    return facts + unknown + plans


def strip_words(data: StripData) -> str:
    """The strip as text."""
    facts = [m for m in data.marks if not m.is_plan]
    plans = [m for m in data.marks if m.is_plan and m.day > data.today]
    unknown = sum(m.is_plan and m.day <= data.today for m in data.marks)
    kinds = {k: sum(m.kind == k.value for m in facts) for k in ReleaseKind}
    ahead = sum(m.kind == ReleaseKind.PLANNED_BASELINE.value for m in plans)
    failed = sum(i.failed for i in data.installs)
    crosses = f", {failed} failed (crosses)" if failed else ""
    due = (
        f" {display_text.count(unknown, 'release')} planned since then, details not known."
        if unknown
        else ""
    )
    planned = display_text.count(kinds[ReleaseKind.PLANNED_BASELINE], "planned baseline")
    unplanned = display_text.count(kinds[ReleaseKind.UNPLANNED_BASELINE], "unplanned baseline")
    hotpatches = display_text.count(kinds[ReleaseKind.HOTPATCH], "hotpatch", "es")
    return (
        f"Last 12 months: {planned} (squares), {unplanned} (diamonds), {hotpatches} (circles); "
        f"{len(data.installs) - failed} installed here (triangles){crosses}.{due} "
        f"Ahead, as outlines: {len(plans)} planned, {ahead} of them baselines that restart."
    )
