"""The Overview page: the fleet's state in one sentence and in figures, each with the machines behind it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from hotpatch_gui.domain.compliance_group import ComplianceGroup, compliance
from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.exposure import Exposure, exposure, missing_updates
from hotpatch_gui.domain.machine_filter import Condition, Dimension, MachineFilter
from hotpatch_gui.domain.machines import build_of
from hotpatch_gui.domain.phrases import join
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.situation import Level, Situation
from hotpatch_gui.store import daily_states, overview
from hotpatch_gui.store.overview import Change, FleetCounts, FleetGroup, GroupCount
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text

tr = translator("OverviewModel")

TREND_DAYS = 90
REASONS = 3
"""How many reasons a tile names."""


class OverviewQuery(NamedTuple):
    """The page's query: its grouping and filters; ``day`` is a past day, None for now."""

    now: datetime
    calendar: Calendar
    dimension: Dimension
    tag: str
    last_closed: datetime
    day: date | None


class OverviewData(NamedTuple):
    """The response to a query.

    Attributes:
        compliance: of the query's day, like ``groups``.
        last_synced: the oldest of the connections' last sync days, on or before the query's day; None if none had synced.
    """

    query: OverviewQuery
    counts: FleetCounts
    exposure: Exposure
    compliance: dict[ComplianceGroup, int]
    groups: list[GroupCount]
    trend: list[daily_states.SituationCount]
    changes: list[Change]
    tags: list[str]
    pending_since: date | None
    first_day: date | None
    last_synced: date | None

    @property
    def machines(self) -> int:
        """All machines, of the query's day."""
        return sum(self.compliance.values())

    def count(self, fits: Callable[[FleetGroup], bool]) -> int:
        """The machines now whose group fits."""
        return sum(g.machines for g in self.counts.groups if fits(g))

    def count_in(self, situation: Situation) -> int:
        """The machines now in this situation."""
        return self.count(lambda g: g.situation == situation.value)


def read_overview(db: sqlite3.Connection, query: OverviewQuery) -> OverviewData:
    """Read the whole fleet's aggregates."""
    now, today = query.now, query.now.date()
    counts = overview.counts(db, now)
    groups = overview.grouped(db, query.dimension, now, query.tag, query.day)
    return OverviewData(
        query,
        counts,
        exposure(_missing(db, query, counts), query.day or today),
        compliance((g.situation, g.machines) for g in groups),
        groups,
        daily_states.trend(db, today - timedelta(days=TREND_DAYS - 1), today),
        overview.changes_since(db, query.last_closed),
        overview.tag_names(db) if query.dimension is Dimension.TAG else [],
        daily_states.pending_since(db),
        daily_states.first_day(db),
        min(daily_states.last_synced(db, query.day or today).values(), default=None),
    )


def _missing(
    db: sqlite3.Connection, query: OverviewQuery, counts: FleetCounts
) -> list[tuple[bool | None, date | None, int]]:
    """Machines by missing monthly updates; on a past day, of the releases that are known now."""
    day = query.day
    if day is None:
        return [(g.is_missing, g.since, g.machines) for g in counts.groups]
    found = []
    synced = daily_states.last_synced(db, day)
    for connection_id, product, version, machines in daily_states.versions_on(db, day):
        build = build_of(version)
        of = (
            Product.of_build(build) if product else None
        )  # that day's: it may have been upgraded since
        missing = missing_updates(of, build, query.calendar, day, synced.get(connection_id, day))
        found.append((missing.is_missing, missing.since, machines))
    return found


class Headline(NamedTuple):
    """The state of the fleet in one sentence, with details, and the machines that it is about."""

    level: Level
    headline: str
    detail: str
    machines: MachineFilter | None = None


def headline(read: OverviewData) -> Headline:
    """The most important fact about the fleet. Unknown machines are never reported as up to date."""
    by_group, exposed = read.compliance, read.exposure
    total, day = read.machines, read.query.day
    if day is not None:
        detail = join(tr("Data as known at the end of that day (UTC)."), _synced_text(read, day))
        return Headline(Level.INFO, tr("Showing {day}", day=day_name(day)), detail)
    if not total:
        return Headline(Level.INFO, tr("No machines are known yet."), "")
    parts = [*_details(read), coverage_text(read)]
    detail = " ".join(parts)
    if exposed.machines:
        how_long = tr("for up to %n day(s)", exposed.worst) if exposed.worst else tr("since today")
        text = tr(
            "A monthly security update is missing on {missing:,} of %n machine(s), {how_long}.",
            total,
            missing=exposed.machines,
            how_long=how_long,
        )
        return Headline(Level.WARNING, text, detail, having(Condition.UPDATE_MISSING))
    urgent, unknown = by_group[ComplianceGroup.ATTENTION], by_group[ComplianceGroup.NOT_KNOWN]
    if urgent:
        machines = of_group(ComplianceGroup.ATTENTION)
        text = tr("%n machine(s) need attention.", urgent)
        return Headline(Level.WARNING, text, detail, machines)
    if unknown or exposed.not_known:
        text = (
            tr("The status of %n machine(s) isn't known.", unknown)
            if unknown
            else tr(
                "It isn't known whether %n machine(s) are missing a monthly update.",
                exposed.not_known,
            )
        )
        machines = (
            of_group(ComplianceGroup.NOT_KNOWN) if unknown else having(Condition.RELEASE_UNKNOWN)
        )
        return Headline(
            Level.UNKNOWN, text, " ".join(part for part in parts if part != text), machines
        )
    return Headline(Level.OK, tr("No machine is missing a monthly security update."), detail)


def _details(read: OverviewData) -> list[str]:
    """The details that the groups of the ring don't show."""
    others = read.count(
        lambda g: (
            g.is_missing is False and ComplianceGroup.of(g.situation) is ComplianceGroup.UPDATES
        )
    )
    both = read.count(
        lambda g: (
            g.is_missing is True and ComplianceGroup.of(g.situation) is ComplianceGroup.NOT_KNOWN
        )
    )
    found = []
    if both:
        found.append(tr("%n of these machines also count as Not known.", both))
    if read.last_synced is not None and read.last_synced < read.query.now.date():
        found.append(tr("The oldest data is from {day}.", day=day_name(read.last_synced)))
    if others:
        found.append(
            tr("%n machine(s) have other updates available, but no monthly one is missing.", others)
        )
    if read.exposure.not_known:
        found.append(
            tr(
                "It isn't known whether %n machine(s) are missing a monthly update.",
                read.exposure.not_known,
            )
        )
    return found


def coverage_text(read: OverviewData) -> str:
    """On how many of the machines that are known to be able to receive hotpatches hotpatch is on."""
    eligible = read.count(lambda g: g.is_eligible)
    if not eligible:
        return tr("No machine is known to be able to receive hotpatches.")
    return tr(
        "Hotpatch is on for {enabled:,} of %n machine(s) known to be able to receive hotpatches.",
        eligible,
        enabled=read.count(lambda g: g.is_on),
    )


class Figure(NamedTuple):
    """A tile: figure, note, state, and the machines behind it; None if it opens none."""

    figure: str
    note: str
    glyph: Glyph | None = None
    machines: MachineFilter | None = None


TILES = (
    ("exposed", tr.mark("Monthly update missing")),
    ("restart", tr.mark("Restart pending")),
    ("failed", tr.mark("Failed installations, 30 days")),
    ("not-known", tr.mark("Not known")),
    ("coverage", tr.mark("Hotpatch on")),
)


def figures(read: OverviewData) -> dict[str, Figure]:
    """The tiles by key. For a past day, only some tiles are available, and none opens the machine list."""
    total, unknown = read.machines, read.compliance[ComplianceGroup.NOT_KNOWN]
    not_known = Figure(
        f"{unknown:,}",
        _why_unknown(read) or share_text(unknown, total),
        Glyph.UNKNOWN if unknown else Glyph.OK if total else None,
        of_group(ComplianceGroup.NOT_KNOWN) if unknown else None,
    )
    if read.query.day is not None:
        pending = sum(g.restart_pending for g in read.groups)
        return {
            "exposed": _exposed(read)._replace(machines=None),
            "restart": Figure(f"{pending:,}", share_text(pending, total), _restart_glyph(pending)),
            "not-known": not_known._replace(machines=None),
        }
    counts, pending = read.counts, read.count(lambda g: g.restart_pending)
    failed = Figure(
        f"{counts.failed:,}",
        tr("%n failure(s)", counts.failures),
        Glyph.ERROR if counts.failed else None,
        having(Condition.FAILED) if counts.failed else None,
    )
    restart = Figure(
        f"{pending:,}",
        pending_text(read),
        _restart_glyph(pending),
        having(Condition.RESTART_PENDING) if pending else None,
    )
    return {
        "exposed": _exposed(read),
        "restart": restart,
        "failed": failed,
        "not-known": not_known,
        "coverage": _coverage(read),
    }


def _why_unknown(read: OverviewData) -> str:
    """The most frequent reasons why a state isn't known, with their machines."""
    known = {s.value: s.label for s in Situation}
    counts: Counter[str] = Counter()
    for group in read.groups:
        if ComplianceGroup.of(group.situation) is ComplianceGroup.NOT_KNOWN:
            counts[group.situation] += group.machines
    return ", ".join(
        f"{known.get(situation) or tr('Not read yet')}: {count:,}"
        for situation, count in counts.most_common(REASONS)
    )


def _restart_glyph(pending: int) -> Glyph | None:
    return Glyph.RESTART if pending else None


def _synced_text(read: OverviewData, day: date) -> str:
    """How old the data of a past day is."""
    if read.last_synced is None:
        return tr("Azure hadn't been read by that day.")
    if read.last_synced >= day:
        return ""
    return tr(
        "Not every connection was read on that day; the oldest data is from {synced}.",
        synced=day_name(read.last_synced),
    )


def _exposed(read: OverviewData) -> Figure:
    exposed = read.exposure
    if exposed.machines:
        note = tr("median {median} d, max. {worst} d", median=exposed.median, worst=exposed.worst)
        machines = having(Condition.UPDATE_MISSING)
        return Figure(f"{exposed.machines:,}", note, Glyph.WARNING, machines)
    if exposed.not_known:
        note = tr("%n not known", exposed.not_known)
        return Figure("0", note, Glyph.UNKNOWN, having(Condition.RELEASE_UNKNOWN))
    return Figure("0", tr("by installed build"), Glyph.OK if read.machines else None)


def _coverage(read: OverviewData) -> Figure:
    enabled, eligible = read.count(lambda g: g.is_on), read.count(lambda g: g.is_eligible)
    if not eligible:
        return Figure(display_text.NOTHING, tr("no eligible machine is known"))
    figure = tr("{enabled:,} of {eligible:,}", enabled=enabled, eligible=eligible)
    off = eligible - enabled
    if not off:
        return Figure(figure, tr("all eligible machines"), Glyph.OK)
    return Figure(figure, tr("not on for %n machine(s)", off), None, having(Condition.HOTPATCH_OFF))


def share_text(part: int, total: int) -> str:
    """``part`` of ``total`` machines, in percent; never rounded to 0 or 100."""
    if not total:
        return tr("no machines")
    percent = round(100 * part / total)
    if 0 < part < total:
        percent = min(99, max(1, percent))
    return tr("{percent}% of %n machine(s)", total, percent=percent)


def pending_text(read: OverviewData) -> str:
    """For how long, at least, the longest pending restart has been pending."""
    if not read.count(lambda g: g.restart_pending):
        return tr("none known")
    if read.pending_since is None:
        return tr("start date not known")
    days = (read.query.now.date() - read.pending_since).days
    return tr("%n day(s) or longer", days) if days else tr("since today or earlier")


def of_group(group: ComplianceGroup) -> MachineFilter:
    """The machines of a compliance group."""
    return MachineFilter(situations=group.stored)


def having(condition: Condition) -> MachineFilter:
    """The machines with a condition."""
    return MachineFilter(condition=condition)
