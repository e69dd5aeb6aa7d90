"""Values of rows in the user's words: times, ages, states."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, tzinfo

from hotpatch_gui.domain.coverage import Level, Situation
from hotpatch_gui.domain.machines import age_text
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.records import RESTART_STATUS_LABELS, RunStatus
from hotpatch_gui.domain.releases import ReleaseKind
from hotpatch_gui.domain.updates import Classification, RestartBehavior
from hotpatch_gui.store.times import from_text
from hotpatch_gui.theme.glyphs import Glyph

NOTHING = "–"
LEVEL_GLYPHS = {
    Level.OK: Glyph.OK,
    Level.INFO: Glyph.INFO,
    Level.UNKNOWN: Glyph.UNKNOWN,
    Level.WARNING: Glyph.WARNING,
    Level.ERROR: Glyph.ERROR,
}
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


def local(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """In the user's time zone."""
    return moment.astimezone(zone)


def time_text(text: str | None) -> str:
    """``20 Aug 2026 09:14`` local; a dash for none."""
    moment = from_text(text)
    return moment_text(moment) if moment else NOTHING


def moment_text(moment: datetime) -> str:
    here = local(moment)
    return f"{here.day} {here:%b %Y %H:%M}"


def day_text(text: str | None) -> str:
    moment = from_text(text)
    return f"{moment.day} {moment:%b %Y}" if moment else NOTHING


def time_tip(text: str | None, now: datetime) -> str:
    """Local time, UTC and age: every number carries its age."""
    moment = from_text(text)
    if moment is None:
        return "Not known"
    return f"{moment_text(moment)} local · {moment:%Y-%m-%d %H:%M} UTC · {age_text(moment, now)}"


def duration_text(start: str | None, end: str | None) -> str:
    begun, ended = from_text(start), from_text(end)
    if begun is None or ended is None or ended < begun:
        return NOTHING
    return span_text(ended - begun)


def span_text(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def age_days(text: str | None, now: datetime) -> str:
    moment = from_text(text)
    if moment is None:
        return NOTHING
    days = max(0, (now - moment).days)
    return "today" if days == 0 else f"{days} d"


def number(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


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


def level_of(row: sqlite3.Row) -> Level:
    try:
        return Level(row["attention"])
    except ValueError:
        return Level.UNKNOWN


def machine_summary(row: sqlite3.Row) -> str:
    """The second line of a machine in the list."""
    situation = row["situation"]
    if situation == Situation.BEHIND:
        count = row["updates"]
        restart = row["updates_that_restart"]
        what = f"{count} update{'' if count == 1 else 's'}"
        return f"{what}, restart needed" if restart and restart == count else what
    return str(situation) if situation else "Not read yet"


def assessed_age(row: sqlite3.Row, now: datetime) -> str:
    moment = from_text(row["assessed_at"])
    return age_text(moment, now) if moment else "never"


def operation_state(row: sqlite3.Row) -> OperationState:
    return OperationState(row["state"])


def operation_glyph(row: sqlite3.Row) -> Glyph:
    return OPERATION_GLYPHS.get(operation_state(row), Glyph.RUNNING)


def operation_text(row: sqlite3.Row) -> str:
    return operation_state(row).value.capitalize()


def operation_kind(row: sqlite3.Row) -> str:
    return OperationKind(row["kind"]).label
