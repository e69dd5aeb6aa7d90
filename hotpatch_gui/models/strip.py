"""The strip of baselines and hotpatches of one machine."""

from __future__ import annotations

from datetime import date, timedelta

from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.phrases import join
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, ReleaseKind
from hotpatch_gui.store import installations
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.translation import translator

from . import display_text, update_text
from .chart_data import StripData, StripInstall, StripMark
from .source import DataSource

tr = translator("Strip")

YEAR = timedelta(days=365)


def strip_data(
    source: DataSource, machine_id: int, machine: Machine, calendar: Calendar, today: date
) -> StripData:
    """A year before and after ``today``."""
    product = machine.product
    first, last = today - YEAR, today + YEAR
    marks = release_marks(calendar, product, first, last, today) if product else []
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
                when,
                state == "Failed",
                f"{kb}{kind}\n{update_text.update_state_text(state)} {display_text.moment_text(when)}",
            )
        )
    return StripData(first, last, today, marks, done)


def release_marks(
    calendar: Calendar, product: Product, first: date, last: date, today: date
) -> list[StripMark]:
    """A product's releases since ``first`` and planned ones until ``last``."""
    facts = [
        StripMark(
            r.released,
            r.kind.value,
            is_plan=False,
            tooltip=tr(
                "{title}\nreleased {released}", title=r.title, released=day_name(r.released)
            ),
        )
        for r in calendar.monthly(product, today)
        if r.released >= first
    ]
    plans = [
        StripMark(
            e.day,
            e.kind.value,
            is_plan=True,
            tooltip=tr(
                "{label}\nPlanned for {day}; subject to change",
                label=e.kind.label,
                day=day_name(e.day),
            ),
        )
        for e in calendar.expected(product, today, 12)
        if e.day <= last
    ]
    unknown = [
        StripMark(
            e.day,
            e.kind.value,
            is_plan=True,
            tooltip=tr(
                "{label}\nPlanned for {day}; the release isn't known",
                label=e.kind.label,
                day=day_name(e.day),
            ),
        )
        for e in calendar.unknown(product, first, today)
    ]
    return facts + unknown + plans


def release_strip_description(data: StripData) -> str:
    """The strip as text."""
    facts = [m for m in data.marks if not m.is_plan]
    plans = [m for m in data.marks if m.is_plan and m.day > data.today]
    unknown = sum(m.is_plan and m.day <= data.today for m in data.marks)
    kinds = {k: sum(m.kind == k.value for m in facts) for k in ReleaseKind}
    ahead = sum(m.kind == ReleaseKind.PLANNED_BASELINE.value for m in plans)
    failed = sum(i.failed for i in data.installs)
    return join(
        tr(
            "Last 12 months: {planned}, {unplanned}, {hotpatches}.",
            planned=update_text.release_count(ReleaseKind.PLANNED_BASELINE, kinds),
            unplanned=update_text.release_count(ReleaseKind.UNPLANNED_BASELINE, kinds),
            hotpatches=update_text.release_count(ReleaseKind.HOTPATCH, kinds),
        ),
        tr("%n known installation(s) here.", len(data.installs) - failed),
        tr("%n known failure(s) here.", failed) if failed else "",
        tr("%n more release(s) were planned in that time; details not known.", unknown)
        if unknown
        else "",
        tr(
            "Ahead: {releases}, with {restarts}.",
            releases=tr("%n planned release(s)", len(plans)),
            restarts=tr("%n restart(s)", ahead),
        ),
    )
