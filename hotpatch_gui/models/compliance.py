"""Texts of the Update compliance tab besides its table."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from hotpatch_gui.domain.clock import age_text
from hotpatch_gui.domain.health import Situation
from hotpatch_gui.domain.machines import Freshness, freshness
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.store import assessments
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.glyphs import Glyph

from . import display_text
from .chart_data import ClassCount
from .update_text import classification_text


def read_counts(db: sqlite3.Connection, machine_ids: Sequence[int]) -> list[ClassCount]:
    """Available updates by classification."""
    counts = assessments.counts_by_classification(db, machine_ids)
    return [ClassCount(classification_text(c), n, restarting) for c, n, restarting in counts]


def counts_words(counts: Sequence[ClassCount]) -> str:
    """The chart as text."""
    parts = [
        f"{c.label} {c.updates:,}" + (f", {c.restarting:,} may restart" if c.restarting else "")
        for c in counts
    ]
    return f"By classification: {'; '.join(parts)}. Orange: restarts or may restart."


def why_empty(row: MachineRow, now: datetime) -> tuple[Glyph, str, str]:
    """Why a machine shows no updates: glyph, headline and detail."""
    assessed = from_text(row.assessed_at)
    fresh = freshness(assessed, now)
    if fresh is Freshness.NEVER:
        return (
            Glyph.UNKNOWN,
            "Never assessed",
            "Missing updates aren't known. Choose Assess now; it changes nothing on the machine.",
        )
    if fresh is Freshness.TOO_OLD:
        count = row.updates
        counted = f" It counted {count} update{'' if count == 1 else 's'}." if count else ""
        return (
            Glyph.UNKNOWN,
            "The assessment is too old",
            (
                f"Azure keeps the list for seven days; the last one is {(now - assessed).days if assessed else 0} days old.{counted} "
                "Choose Assess now."
            ),
        )
    if row.situation == Situation.UNSUPPORTED and not row.in_graph:
        return (
            Glyph.INFO,
            "Not supported",
            "Azure doesn't assess this image, so missing updates aren't known.",
        )
    if row.power not in (PowerState.RUNNING, PowerState.UNKNOWN):
        return (
            Glyph.INFO,
            f"The machine is {row.power}",
            f"No updates were available {age_text(assessed, now)}. It isn't assessed while it isn't running.",
        )
    if row.updates:
        return (
            Glyph.INFO,
            "The list isn't available yet",
            (
                f"The assessment {age_text(assessed, now)} counted {row.updates}; Azure provides their names a little "
                "later. Press F5."
            ),
        )
    found = f"The assessment {age_text(assessed, now)} offers no update."
    if row.situation == Situation.UP_TO_DATE:
        return Glyph.OK, "Up to date", found
    glyph = display_text.LEVEL_GLYPHS[display_text.level_of(row)]
    return glyph, "No update is offered", f"{found} {display_text.situation_of(row)}: see Status."
