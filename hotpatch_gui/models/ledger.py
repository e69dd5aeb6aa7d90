"""The restart ledger as rows: recorded restarts and their causes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.ledger import MONTHLY, Cause, Reason, read_updates, reason
from hotpatch_gui.domain.machines import product_of
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.store import installations
from hotpatch_gui.store.history_rows import RestartRecord, RestartTotal
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text, update_text
from .row_model import Column

tr = translator("LedgerModel")

LEDGER_ROWS = 2000


class RestartRow(NamedTuple):
    """One recorded restart."""

    id: int
    when: str
    machine: str
    cause: Cause
    kb: str | None
    sentence: str
    started_by: str


class Ledger(NamedTuple):
    """The newest restarts, and the number of all restarts by cause."""

    rows: list[RestartRow]
    totals: dict[Cause, int]

    @property
    def text(self) -> str:
        """The ledger in one sentence."""
        total = sum(self.totals.values())
        if not total:
            return tr("No restarts on record.")
        monthly = sum(self.totals.get(c, 0) for c in MONTHLY)
        parts = [f"{c.plural} {n}" for c in Cause if (n := self.totals.get(c, 0))]
        shown = tr(" The newest %n are listed.", len(self.rows)) if len(self.rows) < total else ""
        caused = tr("Monthly releases of the operating system caused %n of them.", monthly)
        return tr(
            "%n restart(s) on record: {parts}. {caused}{shown}",
            total,
            parts=", ".join(parts),
            caused=caused,
            shown=shown,
        )


def read_ledger(
    db: sqlite3.Connection, calendar: Calendar, machine_ids: Sequence[int] | None, since: datetime
) -> Ledger:
    """Restarts of these machines, or all, from installations and this program's requests."""
    rows = []
    for number, row in enumerate(installations.restarts(db, machine_ids, since, LEDGER_ROWS)):
        why = _reason(calendar, row)
        rows.append(
            RestartRow(
                number,
                row.at,
                row.name,
                why.cause,
                why.kb,
                why.sentence,
                row.started_by or "",
            )
        )
    totals: Counter[Cause] = Counter()
    for total in installations.restart_totals(db, machine_ids, since):
        totals[_reason(calendar, total).cause] += total.restarts
    return Ledger(rows, dict(totals))


def _reason(calendar: Calendar, row: RestartRecord | RestartTotal) -> Reason:
    updates = read_updates(row.required_by)
    return reason(calendar, _product(row), updates, is_request=bool(row.is_request))


def _product(row: RestartRecord | RestartTotal) -> Product | None:
    return product_of(row.sku, row.os_name, row.os_version)


def _by(row: RestartRow, _: datetime) -> str:
    return update_text.started_by_text(row.started_by)


RESTARTS = (
    Column(
        "when",
        tr.mark("When"),
        148,
        lambda r, _: display_text.time_text(r.when),
        raw=lambda r: from_text(r.when),
        tip=lambda r, now: display_text.time_tip(r.when, now),
        sort="when",
    ),
    Column("machine", tr.mark("Machine"), 120, lambda r, _: r.machine, sort="machine"),
    Column(
        "cause",
        tr.mark("Cause"),
        250,
        lambda r, _: r.cause.label,
        sort="cause",
        glyph=lambda r: (
            Glyph.WARNING if r.cause in (Cause.CUMULATIVE, Cause.OUT_OF_BAND) else Glyph.INFO
        ),
    ),
    Column("kb", "KB", 100, lambda r, _: r.kb or display_text.NOTHING, sort="kb"),
    Column("by", tr.mark("Started by"), 90, _by, sort="started_by"),
    Column(
        "why",
        tr.mark("Why"),
        320,
        lambda r, _: r.sentence,
        tip=lambda r, _: r.sentence,
    ),
)
