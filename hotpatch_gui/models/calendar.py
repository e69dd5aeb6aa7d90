"""The hotpatch calendar as rows: releases, plans, and differences between them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from hotpatch_gui.domain.dates import day_name
from hotpatch_gui.domain.kb import help_page
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Expected, Product, Release, ReleaseKind
from hotpatch_gui.store import installations
from hotpatch_gui.store.history_rows import ReleaseDay
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translated, translator

from . import display_text, update_text
from .chart_data import CalendarData, CalendarMark, InstallMark
from .ledger import Ledger, read_ledger
from .row_model import Column, field

tr = translator("CalendarModel")

RELEASED, PLANNED, NOT_KNOWN = tr.mark("Released"), tr.mark("Planned"), tr.mark("Not known")
SEEN = tr.mark("Seen in your fleet")


class ReleaseRow(NamedTuple):
    """One entry of the calendar. ``planned`` is what was planned for the month; None without a plan."""

    id: int
    day: date
    product: Product
    kind: ReleaseKind
    state: str
    planned: ReleaseKind | None
    kb: str | None
    build: str | None
    restarts: bool | None
    channel: str
    source: str
    note: str

    @property
    def has_changed(self) -> bool:
        """Whether the release differs from the plan."""
        return (
            self.state in (RELEASED, SEEN)
            and self.planned is not None
            and self.planned is not self.kind
        )

    @property
    def link(self) -> str | None:
        """Microsoft's page of the KB."""
        return help_page(self.kb) if self.kb else None

    @property
    def origin(self) -> str:
        """Where it is from, in short."""
        return tr("Microsoft") if self.link else translated(self.source)

    @property
    def tooltip_text(self) -> str:
        """The release in a few lines."""
        lines = [f"{self.kb or tr('KB not known')}, {kind_text(self)}, {self.product.label}"]
        lines.append(
            tr("released {day}", day=day_name(self.day))
            if self.state in (RELEASED, SEEN)
            else tr("planned for {day}; subject to change", day=day_name(self.day))
            if self.state == PLANNED
            else tr("was planned for {day}; the release isn't known", day=day_name(self.day))
        )
        if self.has_changed and self.planned is not None:
            lines.append(tr("was planned as a {label}", label=self.planned.label))
        return "\n".join(lines)

    @property
    def tip(self) -> str:
        """The release with its source and note."""
        source = tr("Source: {source}", source=translated(self.source))
        return "\n".join([self.tooltip_text, source, *([self.note] if self.note else [])])


def release_rows(calendar: Calendar, first: date, last: date, today: date) -> list[ReleaseRow]:
    """Entries from ``first`` to ``last`` as of ``today``, newest first. Later releases count as planned."""
    found: list[ReleaseRow] = []
    for product in Product:
        begins = max(first, calendar.first_day(product))
        plan = {f"{e.day:%Y-%m}": e for e in calendar.plan(product, begins, last)}
        facts = [
            r
            for r in calendar.releases
            if r.product is product and first <= r.released <= min(last, today)
        ]
        found += [_fact(r, plan.get(r.month)) for r in facts]
        known = {r.month for r in facts if r.kind is not ReleaseKind.OUT_OF_BAND and r.is_certain}
        found += [_planned(e, today) for month, e in plan.items() if month not in known]
    found.sort(key=lambda r: (r.day, r.product), reverse=True)
    return [row._replace(id=number) for number, row in enumerate(found)]


def _fact(r: Release, plan: Expected | None) -> ReleaseRow:
    planned = plan.kind if plan and r.kind is not ReleaseKind.OUT_OF_BAND else None
    state = RELEASED if r.machines is None else SEEN
    return ReleaseRow(
        0,
        r.released,
        r.product,
        r.kind,
        state,
        planned,
        r.kb,
        r.build,
        r.restarts,
        r.channel,
        tr("{source} ({confidence} confidence)", source=r.source, confidence=r.confidence),
        r.note,
    )


def _planned(e: Expected, today: date) -> ReleaseRow:
    state = PLANNED if e.day > today else NOT_KNOWN
    return ReleaseRow(
        0,
        e.day,
        e.product,
        e.kind,
        state,
        e.kind,
        None,
        None,
        e.restarts if state == PLANNED else None,
        "hotpatch",
        e.source,
        "",
    )


def kind_text(row: ReleaseRow) -> str:
    """The kind's display text."""
    text = row.kind.display_name
    if row.kind is ReleaseKind.OUT_OF_BAND:
        return f"{text}, {row.channel}"
    return tr("{text} (plan)", text=text) if row.state == NOT_KNOWN else text


def _restart_text(row: ReleaseRow, _: datetime) -> str:
    if row.restarts is None:
        return tr("Not known") if row.state == NOT_KNOWN else tr("Not published")
    if row.state == PLANNED:
        return tr("Restart planned") if row.restarts else tr("No restart planned")
    return tr("Restarts") if row.restarts else tr("No restart")


def _plan_text(row: ReleaseRow, _: datetime) -> str:
    if row.planned is None or row.state not in (RELEASED, SEEN):
        return display_text.NOTHING
    if row.has_changed:
        return tr("Changed: planned as {label}", label=row.planned.label)
    return tr("As planned") if row.kb else tr("Not confirmed")


_STATE_GLYPHS = {
    RELEASED: Glyph.OK,
    SEEN: Glyph.INFO,
    PLANNED: Glyph.INFO,
    NOT_KNOWN: Glyph.UNKNOWN,
}
RELEASES = (
    Column("day", tr.mark("Date"), 144, lambda r, _: day_name(r.day), raw=field("day"), sort="day"),
    Column(
        "product",
        tr.mark("Product"),
        108,
        lambda r, _: tr("Server {year}", year=r.product.value[2:]),
        sort="product",
    ),
    Column(
        "kind",
        tr.mark("Release"),
        162,
        lambda r, _: kind_text(r),
        tip=lambda r, _: r.tip,
        sort="kind",
    ),
    Column(
        "state",
        tr.mark("Status"),
        112,
        lambda r, _: translated(r.state),
        sort="state",
        glyph=lambda r: _STATE_GLYPHS[r.state],
    ),
    Column(
        "kb",
        "KB",
        100,
        lambda r, _: r.kb or display_text.NOTHING,
        sort="kb",
        tip=lambda r, _: tr("Enter opens {link}", link=r.link) if r.link else tr("No KB is known"),
    ),
    Column(
        "build", tr.mark("Build"), 102, lambda r, _: r.build or display_text.NOTHING, sort="build"
    ),
    Column(
        "restarts",
        tr.mark("Restart"),
        122,
        _restart_text,
        sort="restarts",
        glyph=lambda r: Glyph.RESTART if r.restarts else None,
    ),
    Column(
        "plan",
        tr.mark("Change"),
        216,
        _plan_text,
        tip=lambda r, _: r.tip,
        glyph=lambda r: Glyph.WARNING if r.has_changed else None,
        sort="has_changed",
    ),
    Column(
        "source",
        tr.mark("Source"),
        84,
        lambda r, _: r.origin,
        raw=lambda r: translated(r.source),
        tip=lambda r, _: r.tip,
    ),
)


def calendar_data(
    rows: Sequence[ReleaseRow], installs: Iterable[ReleaseDay], first: date, last: date, today: date
) -> CalendarData:
    """The chart's data."""
    marks = [
        CalendarMark(
            r.day,
            r.product.value,
            r.kind.value,
            r.state in (PLANNED, NOT_KNOWN),
            r.has_changed,
            r.tooltip_text,
        )
        for r in rows
    ]
    done = [
        InstallMark(date.fromisoformat(i.day), bool(i.failed), i.machines, _installations_text(i))
        for i in installs
    ]
    return CalendarData(first, last, today, marks, done)


def _installations_text(row: ReleaseDay) -> str:
    what = (
        tr("{kb} failed on %n machine(s)", row.machines, kb=row.kb)
        if row.failed
        else tr("{kb} installed on %n machine(s)", row.machines, kb=row.kb)
    )
    return f"{what}\n{day_name(date.fromisoformat(row.day))}"


def calendar_description(data: CalendarData, rows: Sequence[ReleaseRow], machines: str) -> str:
    """The chart as text."""
    kinds = Counter(r.kind for r in rows if r.state in (RELEASED, SEEN))
    ahead = [r for r in rows if r.state == PLANNED]
    unknown = len({r.day for r in rows if r.state == NOT_KNOWN})
    changed = sum(r.has_changed for r in rows)
    failed = sum(i.machines for i in data.installs if i.failed)
    installed = sum(i.machines for i in data.installs if not i.failed)
    parts = [
        (
            tr(
                "Released: {planned}, {unplanned}, {hotpatches}, {out_of_band}.",
                planned=update_text.release_count(ReleaseKind.PLANNED_BASELINE, kinds),
                unplanned=update_text.release_count(ReleaseKind.UNPLANNED_BASELINE, kinds),
                hotpatches=update_text.release_count(ReleaseKind.HOTPATCH, kinds),
                out_of_band=update_text.release_count(ReleaseKind.OUT_OF_BAND, kinds),
            )
        ),
        tr(
            "Planned: {releases}, with {restarts}.",
            releases=tr("%n release(s)", len(ahead)),
            restarts=tr("%n restart(s)", sum(bool(r.restarts) for r in ahead)),
        ),
    ]
    if changed:
        parts.append(tr("%n release(s) differ from the plan.", changed))
    if unknown:
        parts.append(
            tr(
                "The releases of %n planned day(s) aren't known.",
                unknown,
            )
        )
    if machines:
        failures = tr(", %n failed", failed) if failed else ""
        parts.append(
            tr(
                "{machines}: %n monthly release(s) installed{failures}.",
                installed,
                machines=machines,
                failures=failures,
            )
        )
    return " ".join(parts)


class InstallationsData(NamedTuple):
    """Days on which releases were installed, and restarts."""

    installs: list[ReleaseDay]
    ledger: Ledger


def read_calendar(
    db: sqlite3.Connection, calendar: Calendar, ids: Sequence[int], first: date, last: date
) -> InstallationsData:
    """Read installations from ``first`` to ``last`` and restarts since ``first``, of these machines."""
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return InstallationsData(
        installations.release_days(db, ids, first, last), read_ledger(db, calendar, ids, since)
    )
