"""The Overview page: figures, what needs attention, groups and changes, each with the machines behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.compliance_group import ComplianceGroup, compliance
from hotpatch_gui.domain.exposure import Exposure, exposure
from hotpatch_gui.domain.health import Situation
from hotpatch_gui.domain.machine_filter import Condition, Dimension, MachineFilter
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, day_name, release_day
from hotpatch_gui.store import daily_states, overview
from hotpatch_gui.store.overview import Change, FleetCounts, GroupCount
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translated, translator

from . import display_text
from .chart_data import ComplianceDay, TrendData
from .row_model import Column, field

tr = translator("OverviewModel")

TREND_DAYS = 90
FAILURES = timedelta(days=30)
"""How long failed installations are counted."""


class Wanted(NamedTuple):
    """What the page asks for; ``day`` is a past day, None for now."""

    now: datetime
    dimension: Dimension
    tag: str
    looked: datetime
    day: date | None


class OverviewRead(NamedTuple):
    """What the file says. ``compliance`` is of the wanted day."""

    wanted: Wanted
    counts: FleetCounts
    compliance: dict[ComplianceGroup, int]
    groups: list[GroupCount]
    trend: list[daily_states.DayCount]
    changes: list[Change]
    tags: list[str]
    pending_since: date | None
    first_day: date | None


def read_overview(db: sqlite3.Connection, wanted: Wanted) -> OverviewRead:
    """Read the whole fleet's aggregates."""
    now, today = wanted.now, wanted.now.date()
    groups = overview.grouped(db, wanted.dimension, wanted.tag, wanted.day)
    return OverviewRead(
        wanted,
        overview.counts(db, now - FAILURES),
        compliance((g.situation, g.machines) for g in groups),
        groups,
        daily_states.trend(db, today - timedelta(days=TREND_DAYS - 1), today),
        overview.changes_since(db, wanted.looked),
        overview.tag_names(db) if wanted.dimension is Dimension.TAG else [],
        daily_states.pending_since(db),
        daily_states.first_day(db),
    )


class Figure(NamedTuple):
    """A tile's figure and note, and the machines behind it; None if there are none."""

    figure: str
    note: str
    machines: MachineFilter | None = None


TILES = (
    ("up-to-date", tr.mark("Up to date")),
    ("restart", tr.mark("Restart pending")),
    ("failed", tr.mark("Failed, 30 days")),
    ("not-known", tr.mark("Not known")),
    ("exposed", tr.mark("Monthly update missing")),
)


def figures(read: OverviewRead, exposed: Exposure, wanted: Wanted) -> dict[str, Figure]:
    """The tiles by key. Of a past day, only compliance is kept."""
    total = sum(read.compliance.values())
    good = read.compliance[ComplianceGroup.UP_TO_DATE]
    unknown = read.compliance[ComplianceGroup.NOT_KNOWN]
    found = {
        "up-to-date": Figure(
            f"{good:,}", share_text(good, total), of_group(ComplianceGroup.UP_TO_DATE)
        ),
        "not-known": Figure(
            f"{unknown:,}", share_text(unknown, total), of_group(ComplianceGroup.NOT_KNOWN)
        ),
    }
    if wanted.day is not None:
        past = Figure(display_text.NOTHING, tr("kept only for today"))
        found = {key: f._replace(machines=None) for key, f in found.items()}
        return found | dict.fromkeys(("restart", "failed", "exposed"), past)
    counts = read.counts
    return found | {
        "restart": Figure(
            f"{counts.restart_pending:,}", _pending_text(read, wanted.now), pending(counts)
        ),
        "failed": Figure(
            f"{counts.failures:,}",
            tr("on %n machine(s)", counts.failed),
            failed(counts, wanted.now),
        ),
        "exposed": Figure(f"{exposed.machines:,}", exposure_text(exposed), missing(exposed)),
    }


def share_text(part: int, total: int) -> str:
    """``part`` of ``total`` machines, in percent; never rounded to 0 or 100."""
    if not total:
        return tr("no machines")
    percent = round(100 * part / total)
    if 0 < part < total:
        percent = min(99, max(1, percent))
    return tr("{percent} % of {total:,} machines", percent=percent, total=total)


def _pending_text(read: OverviewRead, now: datetime) -> str:
    if not read.counts.restart_pending:
        return tr("none is known")
    if read.pending_since is None:
        return tr("start date not known")
    days = (now.date() - read.pending_since).days
    return tr("%n day(s) or longer", days) if days else tr("since today or longer")


def exposure_text(exposed: Exposure) -> str:
    """Days since the release of the first missing update."""
    if exposed.median is not None:
        return tr("median {median}, worst {worst} d", median=exposed.median, worst=exposed.worst)
    return tr("%n not known", exposed.not_known) if exposed.not_known else tr("by installed build")


def coverage_text(counts: FleetCounts, exposed: Exposure) -> str:
    """How many of the machines that can receive hotpatches do, and how many releases aren't known."""
    coverage = (
        tr(
            "Hotpatch is on for {enabled:,} of {eligible:,} machines that can receive hotpatches.",
            enabled=counts.enabled,
            eligible=counts.eligible,
        )
        if counts.eligible
        else tr("No machine is known to be able to receive hotpatches.")
    )
    once = tr("Each machine counts once above, by what is most urgent.")
    if not exposed.not_known:
        return f"{once} {coverage}"
    unknown = tr("The installed release of %n machine(s) isn't known.", exposed.not_known)
    return f"{once} {coverage} {unknown}"


def of_group(group: ComplianceGroup) -> MachineFilter:
    """The machines of a compliance group."""
    return MachineFilter(situations=group.stored)


def pending(counts: FleetCounts) -> MachineFilter | None:
    """Machines with a pending restart."""
    if not counts.restart_pending:
        return None
    return MachineFilter(condition=Condition.RESTART_PENDING, name=tr("Restart pending"))


def failed(counts: FleetCounts, now: datetime) -> MachineFilter | None:
    """Machines with failed installations."""
    if not counts.failed:
        return None
    name = tr("Failed installation in 30 days")
    return MachineFilter(condition=Condition.FAILED, since=now - FAILURES, name=name)


def missing(exposed: Exposure) -> MachineFilter | None:
    """Machines that miss a monthly update."""
    if not exposed.keys:
        return None
    name = tr("Monthly update missing")
    return MachineFilter(dimension=Dimension.PRODUCT, keys=exposed.keys, name=name)


class Attention(NamedTuple):
    """Something that needs attention, with one action: show these machines, or a page if there is no filter."""

    glyph: Glyph
    title: str
    detail: str
    action: str
    machines: MachineFilter | None
    page: str = ""


_SITUATIONS = (
    (
        Situation.ACTION_REQUIRED,
        Glyph.ERROR,
        tr.mark("A prerequisite of hotpatching is missing."),
    ),
    (Situation.LAST_FAILED, Glyph.ERROR, tr.mark("The update history shows the error.")),
    (Situation.OFF_TRAIN, Glyph.WARNING, tr.mark("No hotpatches until the next baseline.")),
    (
        Situation.NOT_OFFERED,
        Glyph.WARNING,
        tr.mark("Updates are missing, but Azure offers none."),
    ),
    (
        Situation.NO_PERMISSION,
        Glyph.UNKNOWN,
        tr.mark("Azure doesn't let this account read their state."),
    ),
    (Situation.NEVER_ASSESSED, Glyph.UNKNOWN, tr.mark("Missing updates aren't known.")),
    (
        Situation.STALE,
        Glyph.UNKNOWN,
        tr.mark("The last assessment is more than seven days old."),
    ),
    (
        Situation.NOT_CONFIRMED,
        Glyph.UNKNOWN,
        tr.mark("Newer releases may be missing from the release data."),
    ),
    (Situation.NOT_RUNNING, Glyph.UNKNOWN, tr.mark("Not assessed while not running.")),
    (Situation.BEHIND, Glyph.INFO, tr.mark("Updates can be installed.")),
)


def attention(read: OverviewRead, calendar: Calendar, now: datetime) -> list[Attention]:
    """What needs attention, with errors first."""
    counts, show = read.counts, tr("Show")
    by_situation = dict(counts.situations)
    found = []
    if counts.unknown:
        found.append(
            Attention(
                Glyph.UNKNOWN,
                tr("%n machine(s) with an unknown result", counts.unknown),
                tr("Azure hasn't reported how an operation ended."),
                tr("Open Activity"),
                None,
                "activity",
            )
        )
    waiting = pending(counts)
    if waiting is not None:
        found.append(
            Attention(
                Glyph.RESTART,
                tr("%n machine(s) wait for a restart", counts.restart_pending),
                _pending_text(read, now),
                show,
                waiting,
            )
        )
    for situation, glyph, detail in _SITUATIONS:
        machines = by_situation.get(situation.value, 0)
        if machines:
            title = f"{situation.label}: {machines:,}"
            where = MachineFilter(situations=(situation.value,))
            found.append(Attention(glyph, title, translated(detail), show, where))
    found += _old_releases(counts, calendar, now)
    return sorted(found, key=lambda item: item.glyph is not Glyph.ERROR)


def calm_text(read: OverviewRead) -> tuple[Glyph, str]:
    """The glyph and the sentence if nothing is listed. Machines that aren't known never look well."""
    total = sum(read.compliance.values())
    if not total:
        return Glyph.INFO, tr("No machines are known yet.")
    unknown = read.compliance[ComplianceGroup.NOT_KNOWN]
    if unknown:
        return Glyph.UNKNOWN, tr("The state of %n machine(s) isn't known.", unknown)
    return Glyph.OK, tr("Nothing needs attention.")


def _old_releases(counts: FleetCounts, calendar: Calendar, now: datetime) -> list[Attention]:
    today = release_day(now)
    return [
        Attention(
            Glyph.UNKNOWN,
            tr("Releases of {product} not known", product=product.label),
            tr(
                "Release data is complete until {day}; what was released since then isn't known.",
                day=day_name(calendar.complete_until(product)),
            ),
            tr("Open Calendar"),
            None,
            "calendar",
        )
        for product in products(counts)
        if calendar.unknown(product, calendar.complete_until(product), today)
    ]


def products(counts: FleetCounts) -> list[Product]:
    """The products of the fleet."""
    return sorted({b.product for b in counts.builds if b.product is not None})


def restarts_text(read: OverviewRead, calendar: Calendar, now: datetime) -> str:
    """The next planned baseline of each product, and which machines restart more often."""
    lines = []
    for product in products(read.counts):
        expected = calendar.next_restart(product, release_day(now))
        if expected is None:
            lines.append(tr("{product}: no planned restart is known.", product=product.label))
        else:
            lines.append(
                tr(
                    "{product}: {day}, {kind}; subject to change.",
                    product=product.label,
                    day=day_name(expected.day),
                    kind=expected.kind.label,
                )
            )
    without = compliance(read.counts.situations)[ComplianceGroup.NO_HOTPATCH]
    if lines and without:
        lines.append(
            tr("%n machine(s) without hotpatch restart with each monthly update.", without)
        )
    return "\n".join(lines)


def changes_text(changes: Sequence[Change], now: datetime) -> list[tuple[str, str]]:
    """(what, when last) of the changes since the last look."""
    texts = {
        "installed": lambda n: tr("%n installation(s) succeeded", n),
        "failed": lambda n: tr("%n installation(s) failed", n),
        "deleted": lambda n: tr("%n machine(s) deleted", n),
        "requested": lambda n: tr("%n operation(s) of this program ended", n),
    }
    return [(texts[c.kind](c.times), age_text(c.at, now)) for c in changes]


class GroupRow(NamedTuple):
    """A group of machines by compliance."""

    id: int
    name: str
    keys: tuple[str, ...]
    machines: int
    up_to_date: int
    updates: int
    attention: int
    no_hotpatch: int
    not_known: int


def group_rows(groups: Sequence[GroupCount]) -> list[GroupRow]:
    """Groups by value, the largest first."""
    keys: dict[str, set[str]] = {}
    counts: dict[str, list[tuple[str, int]]] = {}
    for value, key, situation, machines in groups:
        keys.setdefault(value, set()).add(key)
        counts.setdefault(value, []).append((situation, machines))
    rows = []
    for value, found in counts.items():
        by_group = compliance(found)
        total = sum(by_group.values())
        rows.append(GroupRow(0, value, tuple(sorted(keys[value])), total, *by_group.values()))
    rows.sort(key=lambda r: (-r.machines, r.name))
    return [row._replace(id=crc32(row.name.encode()) & 0x7FFFFFFF) for row in rows]


def group_filter(row: GroupRow, dimension: Dimension, tag: str, column: str) -> MachineFilter:
    """The machines behind a cell: of the group by dimension or tag, and of the column's compliance group."""
    group = COLUMN_GROUPS.get(column)
    return MachineFilter(
        situations=group.stored if group else (),
        dimension=dimension,
        keys=row.keys,
        name=f"{tag or dimension.label}: {name_text(row)}",
    )


def name_text(row: GroupRow) -> str:
    """The group's name."""
    return row.name or tr("(none)")


COLUMN_GROUPS = {
    "up_to_date": ComplianceGroup.UP_TO_DATE,
    "updates": ComplianceGroup.UPDATES,
    "attention": ComplianceGroup.ATTENTION,
    "no_hotpatch": ComplianceGroup.NO_HOTPATCH,
    "not_known": ComplianceGroup.NOT_KNOWN,
}
"""Compliance groups by their column."""


def _number(key: str, title: str, width_px: int) -> Column:
    return Column(
        key,
        title,
        width_px,
        lambda r, _: f"{getattr(r, key):,}",
        right=True,
        sort=key,
        raw=field(key),
    )


GROUPS = (
    Column("name", tr.mark("Group"), 240, lambda r, _: name_text(r), sort="name", takes_slack=True),
    _number("machines", tr.mark("Machines"), 92),
    _number("up_to_date", tr.mark("Up to date"), 100),
    _number("updates", tr.mark("Updates available"), 136),
    _number("attention", tr.mark("Needs attention"), 124),
    _number("no_hotpatch", tr.mark("Without hotpatch"), 132),
    _number("not_known", tr.mark("Not known"), 100),
)


def trend_data(read: OverviewRead, today: date) -> TrendData:
    """Compliance by day; days without a sync are missing."""
    by_day: dict[date, list[tuple[str, int]]] = {}
    for day, situation, machines in read.trend:
        by_day.setdefault(day, []).append((situation, machines))
    days = [
        ComplianceDay(day, tuple(compliance(counts).values())) for day, counts in by_day.items()
    ]
    return TrendData(today - timedelta(days=TREND_DAYS - 1), today, days)


def trend_words(data: TrendData) -> str:
    """The trend as text."""
    if not data.days:
        return tr("Compliance is kept from the first complete sync on.")
    first, last = data.days[0], data.days[-1]
    if first is last:
        return tr(
            "The first day with data is {day}. Days without a sync are gaps.",
            day=day_name(first.day),
        )
    return tr(
        "%n day(s) with data of the last 90. Up to date: {before:,} of {all_before:,} on {first}, "
        "{after:,} of {all_after:,} on {last}. Days without a sync are gaps.",
        len(data.days),
        before=first.machines[0],
        all_before=sum(first.machines),
        first=day_name(first.day),
        after=last.machines[0],
        all_after=sum(last.machines),
        last=day_name(last.day),
    )


def exposure_of(read: OverviewRead, calendar: Calendar, now: datetime) -> Exposure:
    """The fleet's exposure now."""
    return exposure(read.counts.builds, calendar, release_day(now))
