"""Texts of the Update compliance tab besides its table."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.machines import Freshness, freshness
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.store import assessments
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text
from .chart_data import ClassCount
from .update_text import classification_text

tr = translator("ComplianceModel")


def read_counts(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[ClassCount]:
    """Available updates by classification."""
    counts = assessments.counts_by_classification(db, machine_ids)
    return [ClassCount(classification_text(c), n, restarting) for c, n, restarting in counts]


def counts_description(counts: Sequence[ClassCount]) -> str:
    """The chart as text."""
    parts = [
        tr("{count}, %n of them restart or may restart", c.restarting, count=count)
        if c.restarting
        else count
        for c in counts
        for count in [f"{c.label} {c.updates:,}"]
    ]
    return tr("By classification: {parts}.", parts="; ".join(parts))


def why_empty(row: MachineRow, now: datetime) -> tuple[Glyph, str, str]:
    """Why a machine shows no updates: glyph, headline and detail."""
    assessed = from_text(row.assessed_at)
    fresh = freshness(assessed, now)
    if fresh is Freshness.NEVER:
        return (
            Glyph.UNKNOWN,
            tr("Never assessed"),
            tr(
                "Missing updates aren't known. Choose Assess now; it changes nothing on the machine."
            ),
        )
    if fresh is Freshness.TOO_OLD:
        count = row.updates
        counted = tr(" It counted %n update(s).", count) if count else ""
        return (
            Glyph.UNKNOWN,
            tr("The assessment is too old"),
            (
                tr(
                    "Azure keeps the list for seven days; the last one is %n day(s) old.{counted} "
                    "Choose Assess now.",
                    (now - assessed).days if assessed else 0,
                    counted=counted,
                )
            ),
        )
    if row.situation == Situation.UNSUPPORTED and not row.in_graph:
        return (
            Glyph.INFO,
            tr("Not supported"),
            tr("Azure doesn't assess this image, so missing updates aren't known."),
        )
    if row.power not in (PowerState.RUNNING, PowerState.UNKNOWN):
        return (
            Glyph.INFO,
            tr("The machine is {power}", power=PowerState.parse(row.power).label),
            tr(
                "No updates were available {assessed}. It isn't assessed while it isn't running.",
                assessed=age_text(assessed, now),
            ),
        )
    if row.updates:
        return (
            Glyph.INFO,
            tr("The list isn't available yet"),
            (
                tr(
                    "The assessment {assessed} counted {updates}; Azure provides their names a little "
                    "later. Press F5.",
                    assessed=age_text(assessed, now),
                    updates=row.updates,
                )
            ),
        )
    found = tr(
        "The assessment {assessed} found no missing updates.", assessed=age_text(assessed, now)
    )
    if row.situation == Situation.UP_TO_DATE:
        return Glyph.OK, tr("Up to date"), found
    glyph = display_text.LEVEL_GLYPHS[display_text.level_of(row)]
    return (
        glyph,
        tr("No update is offered"),
        tr(
            "{found} {situation}: see Status.",
            found=found,
            situation=display_text.situation_text(row),
        ),
    )
