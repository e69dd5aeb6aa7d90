"""Discrepancies between a run and the next assessment, as text."""

from __future__ import annotations

from hotpatch_gui.domain import verify
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.store.history_rows import InstallationRunRow
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import display_text

tr = translator("Discrepancies")


def text(row: InstallationRunRow) -> str:
    """The run's verification in a few words; for an unfinished run, when it was last updated."""
    if not RunStatus.parse(row.status).is_final:
        return tr(
            "Not finished; last update {time_text}",
            time_text=display_text.time_text(row.modified_at or row.started_at),
        )
    if row.discrepancies is None:
        return tr("Not assessed since")
    found = verify.decode(row.discrepancies)
    return ", ".join(discrepancy.label for discrepancy, _ in found) or tr("Confirmed")


def glyph(row: InstallationRunRow) -> Glyph | None:
    """A warning if there are discrepancies."""
    return Glyph.WARNING if row.discrepancies else None


def sentences(row: InstallationRunRow) -> list[str]:
    """Each discrepancy's meaning and remedy."""
    return [verify.explanation(*found) for found in verify.decode(row.discrepancies)]
