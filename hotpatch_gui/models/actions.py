"""Actions: the operations of one click or command, as one row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QObject

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.store import lists
from hotpatch_gui.store.history_rows import ActionRow
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import columns, display_text, operation_text
from .log_model import LogModel
from .row_model import Column, field, time_of
from .source import DataSource

tr = translator("ActionsModel")


def glyph(row: ActionRow) -> Glyph:
    """In progress; otherwise a failure counts before an unknown result, which counts before a success."""
    if row.ended < row.total:
        return Glyph.RUNNING
    if row.failed:
        return Glyph.ERROR
    if row.unknown:
        return Glyph.UNKNOWN
    return Glyph.OK if row.succeeded and not row.canceled else Glyph.INFO


def text(row: ActionRow) -> str:
    """The state of a single operation, or how many of several ended, and how."""
    if row.total == 1:
        return _state(row)
    parts = [
        tr("%n succeeded", row.succeeded) if row.succeeded else "",
        tr("%n failed", row.failed) if row.failed else "",
        tr("%n unknown", row.unknown) if row.unknown else "",
        tr("%n canceled", row.canceled) if row.canceled else "",
    ]
    if row.ended < row.total:
        parts.insert(0, tr("{ended:,} of {total:,} finished", ended=row.ended, total=row.total))
    return ", ".join(part for part in parts if part)


def _state(row: ActionRow) -> str:
    counts = (
        (row.succeeded, OperationState.SUCCEEDED),
        (row.failed, OperationState.FAILED),
        (row.unknown, OperationState.UNKNOWN),
        (row.canceled, OperationState.CANCELED),
    )
    return next((s.display_name for n, s in counts if n), tr("In progress"))


def machines_text(row: ActionRow) -> str:
    """The machine's name, or the number of machines."""
    return row.machine_name if row.total == 1 else tr("%n machine(s)", row.total)


def _took(row: ActionRow, now: datetime) -> str:
    begun = from_text(row.created_at)
    ended = from_text(row.ended_at) or now
    return (
        display_text.span_text(max(ended - begun, ended - ended)) if begun else display_text.NOTHING
    )


COLUMNS = (
    Column("state", tr.mark("State"), 260, lambda r, _: text(r), glyph=glyph),
    Column("kind", tr.mark("Action"), 170, lambda r, _: operation_text.kind(r), sort="kind"),
    Column("machines", tr.mark("Machines"), 160, lambda r, _: machines_text(r)),
    Column(
        "total",
        tr.mark("Operations"),
        96,
        lambda r, _: f"{r.total:,}",
        right=True,
        raw=field("total"),
        hidden=True,
    ),
    columns.REQUESTED_BY,
    Column(
        "created",
        tr.mark("Requested"),
        148,
        lambda r, _: display_text.time_text(r.created_at),
        raw=time_of("created_at"),
        tip=lambda r, now: display_text.time_tip(r.created_at, now),
        sort="created",
    ),
    Column(
        "ended",
        tr.mark("Finished"),
        148,
        lambda r, _: display_text.time_text(r.ended_at),
        raw=time_of("ended_at"),
        tip=lambda r, now: display_text.time_tip(r.ended_at, now),
    ),
    Column(
        "took",
        tr.mark("Duration"),
        84,
        _took,
        right=True,
        raw=lambda r: display_text.minutes_between(r.created_at, r.ended_at),
        export_title=tr.mark("Duration (min)"),
    ),
)


class ActionsModel(LogModel[ActionRow]):
    """All actions, newest first; a text finds those with an operation that contains its words."""

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(source, lists.ACTIONS, COLUMNS, lists.actions_where, clock, parent=parent)


def title(row: ActionRow) -> str:
    """The action and its machines, in one line."""
    kind = next((k.label for k in OperationKind if k.value == row.kind), row.kind)
    return tr("{kind}: {machines}", kind=kind, machines=machines_text(row))


def operations_of(source: DataSource, action_ids: Sequence[int]) -> list[int]:
    """The operations of these actions."""
    return source.read_list(lambda db: lists.operations_of(db, action_ids))
