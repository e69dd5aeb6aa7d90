"""The hotpatch calendar as rows: releases, plans, and differences between them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from hotpatch_gui.domain.kb import help_page
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Expected, Product, Release, ReleaseKind, day_name
from hotpatch_gui.store import installations
from hotpatch_gui.store.history_rows import ReleaseDay
from hotpatch_gui.theme.glyphs import Glyph

from . import display_text
from .chart_data import CalendarData, CalendarMark, InstallMark
from .ledger import Ledger, read_ledger
from .row_model import Column, field

RELEASED, PLANNED, NOT_KNOWN = "Released", "Planned", "Not known"
SEEN = "Seen in your fleet"


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
    def tip(self) -> str:
        """The tooltip of the release."""
        lines = [f"{self.kb or 'KB not known'}, {kind_text(self)}, {self.product.label}"]
        lines.append(
            f"released {day_name(self.day)}"
            if self.state in (RELEASED, SEEN)
            else f"planned for {day_name(self.day)}; subject to change"
            if self.state == PLANNED
            else f"was planned for {day_name(self.day)}; the release isn't known"
        )
        if self.has_changed and self.planned is not None:
            lines.append(f"was planned as a {self.planned.label}")
        return "\n".join([*lines, f"Source: {self.source}", *([self.note] if self.note else [])])


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
        f"{r.source} ({r.confidence} confidence)",
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
    text = row.kind.label.capitalize()
    if row.kind is ReleaseKind.OUT_OF_BAND:
        return f"{text}, {row.channel}"
    return f"{text}, planned" if row.state == NOT_KNOWN else text


def _restart_text(row: ReleaseRow, _: datetime) -> str:
    if row.restarts is None:
        return "Not known" if row.state == NOT_KNOWN else "Not published"
    if row.state == PLANNED:
        return "Planned: yes" if row.restarts else "Planned: no"
    return "Restarts" if row.restarts else "No restart"


def _plan_text(row: ReleaseRow, _: datetime) -> str:
    if row.planned is None or row.state not in (RELEASED, SEEN):
        return display_text.NOTHING
    if row.has_changed:
        return f"Changed: planned as {row.planned.label}"
    return "As planned" if row.kb else "Not confirmed"


_STATE_GLYPHS = {
    RELEASED: Glyph.OK,
    SEEN: Glyph.INFO,
    PLANNED: Glyph.INFO,
    NOT_KNOWN: Glyph.UNKNOWN,
}
RELEASES = (
    Column("day", "Date", 142, lambda r, _: day_name(r.day), raw=field("day"), sort="day"),
    Column("product", "Product", 104, lambda r, _: f"Server {r.product.value[2:]}", sort="product"),
    Column("kind", "Release", 164, lambda r, _: kind_text(r), tip=lambda r, _: r.tip, sort="kind"),
    Column(
        "state",
        "Status",
        146,
        lambda r, _: r.state,
        sort="state",
        glyph=lambda r: _STATE_GLYPHS[r.state],
    ),
    Column(
        "kb",
        "KB",
        100,
        lambda r, _: r.kb or display_text.NOTHING,
        sort="kb",
        tip=lambda r, _: f"Enter opens {r.link}" if r.link else "No KB is known",
    ),
    Column("build", "Build", 112, lambda r, _: r.build or display_text.NOTHING, sort="build"),
    Column(
        "restarts",
        "Restart",
        104,
        _restart_text,
        sort="restarts",
        glyph=lambda r: Glyph.RESTART if r.restarts else None,
    ),
    Column(
        "plan",
        "Change",
        228,
        _plan_text,
        tip=lambda r, _: r.tip,
        glyph=lambda r: Glyph.WARNING if r.has_changed else None,
        sort="has_changed",
    ),
    Column("source", "Source", 84, lambda r, _: r.source, tip=lambda r, _: r.tip, takes_slack=True),
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
            r.tip,
        )
        for r in rows
    ]
    done = [
        InstallMark(date.fromisoformat(i.day), bool(i.failed), _install_words(i)) for i in installs
    ]
    return CalendarData(first, last, today, marks, done)


def _install_words(row: ReleaseDay) -> str:
    many = f"{row.machines:,} machine{'' if row.machines == 1 else 's'}"
    did = "failed on" if row.failed else "installed on"
    return f"{row.kb} {did} {many}\n{day_name(date.fromisoformat(row.day))}"


def calendar_words(data: CalendarData, rows: Sequence[ReleaseRow], machines: str) -> str:
    """The chart as text."""
    kinds = Counter(r.kind for r in rows if r.state in (RELEASED, SEEN))
    ahead = [r for r in rows if r.state == PLANNED]
    unknown = len({r.day for r in rows if r.state == NOT_KNOWN})
    changed = sum(r.has_changed for r in rows)
    failed = sum(i.failed for i in data.installs)
    parts = [
        (
            f"Released: {display_text.count(kinds[ReleaseKind.PLANNED_BASELINE], 'planned baseline')} (squares), "
            f"{display_text.count(kinds[ReleaseKind.UNPLANNED_BASELINE], 'unplanned baseline')} (diamonds), "
            f"{display_text.count(kinds[ReleaseKind.HOTPATCH], 'hotpatch', 'es')} (circles), "
            f"{display_text.count(kinds[ReleaseKind.OUT_OF_BAND], 'out-of-band update')} (plus signs)."
        ),
        f"Planned (outlines): {len(ahead)}, {sum(bool(r.restarts) for r in ahead)} of them restart.",
    ]
    if changed:
        parts.append(f"{changed} differ from the plan (ringed).")
    if unknown:
        parts.append(
            f"What was released on {unknown} planned day{'' if unknown == 1 else 's'} isn't known."
        )
    if machines:
        crosses = f", {failed} failed (crosses)" if failed else ""
        parts.append(
            f"{machines}: {display_text.count(len(data.installs) - failed, 'installation')} (triangles){crosses}."
        )
    return " ".join(parts)


class CalendarRead(NamedTuple):
    """Days on which releases were installed, and restarts."""

    installs: list[ReleaseDay]
    ledger: Ledger


def read_calendar(
    db: sqlite3.Connection, calendar: Calendar, ids: Sequence[int], first: date, last: date
) -> CalendarRead:
    """Read installations from ``first`` to ``last`` and restarts since ``first``, of these machines."""
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return CalendarRead(
        installations.release_days(db, ids, first, last), read_ledger(db, calendar, ids, since)
    )
