"""Values of updates, installations and operations in the user's words, and their glyphs."""

from __future__ import annotations

import sqlite3

from hotpatch_gui.domain import verify
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.records import RESTART_STATUS_LABELS, RunStatus
from hotpatch_gui.domain.releases import ReleaseKind
from hotpatch_gui.domain.updates import Classification, RestartBehavior
from hotpatch_gui.theme.glyphs import Glyph

from .words import NOTHING

RUN_GLYPHS = {
    RunStatus.SUCCEEDED: Glyph.OK,
    RunStatus.COMPLETED_WITH_WARNINGS: Glyph.WARNING,
    RunStatus.FAILED: Glyph.ERROR,
    RunStatus.IN_PROGRESS: Glyph.RUNNING,
}
OPERATION_GLYPHS = {
    OperationState.SUCCEEDED: Glyph.OK,
    OperationState.FAILED: Glyph.ERROR,
    OperationState.UNKNOWN: Glyph.UNKNOWN,
    OperationState.CANCELLED: Glyph.INFO,
}
RESTART_GLYPHS = {
    RestartBehavior.NEVER: Glyph.OK,
    RestartBehavior.ALWAYS: Glyph.RESTART,
    RestartBehavior.CAN_REQUEST: Glyph.WARNING,
    RestartBehavior.UNKNOWN: Glyph.UNKNOWN,
}
UPDATE_STATE_GLYPHS = {
    "installed": Glyph.OK,
    "failed": Glyph.ERROR,
    "pending": Glyph.WARNING,
}


def classification_text(value: str) -> str:
    known = Classification.parse(value)
    return known.label if known else value


def release_text(kind: str | None) -> str:
    known = next((k for k in ReleaseKind if k.value == kind), None)
    return known.label.capitalize() if known else NOTHING


def run_status(row: sqlite3.Row) -> RunStatus:
    return RunStatus.parse(row["status"])


def run_status_text(row: sqlite3.Row) -> str:
    label = run_status(row).label
    return f"{label}, window exceeded" if row["window_exceeded"] else label


def restart_status_text(value: str | None) -> str:
    return RESTART_STATUS_LABELS.get((value or "").casefold(), value or NOTHING)


def started_by_text(value: str | None) -> str:
    return {"user": "User", "platform": "Azure, automatic"}.get(
        (value or "").casefold(), value or NOTHING
    )


def restart_of(row: sqlite3.Row) -> RestartBehavior:
    return RestartBehavior.parse(row["restart"])


def operation_state(row: sqlite3.Row) -> OperationState:
    return OperationState.parse(row["state"])


def operation_glyph(row: sqlite3.Row) -> Glyph:
    return OPERATION_GLYPHS.get(operation_state(row), Glyph.RUNNING)


def operation_text(row: sqlite3.Row) -> str:
    return operation_state(row).value.capitalize()


def operation_kind(row: sqlite3.Row) -> str:
    return next((k.label for k in OperationKind if k.value == row["kind"]), row["kind"] or NOTHING)


def operation_doing(row: sqlite3.Row) -> str:
    """``Assessing vm-web-01``, of an open operation."""
    return f"{OperationKind(row['kind']).doing} {row['machine_name']}"


def doubts_text(row: sqlite3.Row) -> str:
    """What the next assessment says against the run's report, in a few words."""
    if row["doubts"] is None:
        return "Not assessed since"
    found = verify.read(row["doubts"])
    return ", ".join(doubt.label for doubt, _ in found) or "As reported"


def doubts_glyph(row: sqlite3.Row) -> Glyph | None:
    return Glyph.WARNING if row["doubts"] else None


def doubt_sentences(row: sqlite3.Row) -> list[str]:
    return [verify.sentence(*found) for found in verify.read(row["doubts"])]


_CALL_GLYPHS = {
    "sending": Glyph.RUNNING, "accepted": Glyph.OK, "refused": Glyph.ERROR, "not sent": Glyph.WARNING,
    "answer lost": Glyph.UNKNOWN,
}  # fmt: skip


def call_glyph(row: sqlite3.Row) -> Glyph:
    """Of a line of the audit log; an end has the glyph of how it ended."""
    known = _CALL_GLYPHS.get(row["event"])
    is_good = row["result"].casefold().startswith(OperationState.SUCCEEDED.value)
    return known or (Glyph.OK if is_good else Glyph.ERROR)
