"""What was asked of Azure in the user's words: operations, and the lines of the audit log. In the first frame."""

from __future__ import annotations

import sqlite3

from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.theme.glyphs import Glyph

from .words import NOTHING

GLYPHS = {
    OperationState.SUCCEEDED: Glyph.OK,
    OperationState.FAILED: Glyph.ERROR,
    OperationState.UNKNOWN: Glyph.UNKNOWN,
    OperationState.CANCELLED: Glyph.INFO,
    OperationState.DISMISSED: Glyph.UNKNOWN,
}


def state(row: sqlite3.Row) -> OperationState:
    return OperationState.parse(row["state"])


def glyph(row: sqlite3.Row) -> Glyph:
    return GLYPHS.get(state(row), Glyph.RUNNING)


def text(row: sqlite3.Row) -> str:
    return state(row).label.capitalize()


def kind(row: sqlite3.Row) -> str:
    return next((k.label for k in OperationKind if k.value == row["kind"]), row["kind"] or NOTHING)


def doing(row: sqlite3.Row) -> str:
    """``Assessing vm-web-01``, of an open operation."""
    return f"{OperationKind(row['kind']).doing} {row['machine_name']}"


_CALL_GLYPHS = {
    "sending": Glyph.RUNNING, "accepted": Glyph.OK, "refused": Glyph.ERROR, "not sent": Glyph.WARNING,
    "answer lost": Glyph.UNKNOWN, "cancelled": Glyph.INFO, "dismissed": Glyph.UNKNOWN,
}  # fmt: skip


def call_glyph(row: sqlite3.Row) -> Glyph:
    """Of a line of the audit log; an end has the glyph of how it ended."""
    known = _CALL_GLYPHS.get(row["event"])
    is_good = row["result"].casefold().startswith(OperationState.SUCCEEDED.value)
    return known or (Glyph.OK if is_good else Glyph.ERROR)
