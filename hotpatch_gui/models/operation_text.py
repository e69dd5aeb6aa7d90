"""Display text of operations and of the audit log. In the first paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotpatch_gui.domain.operations import OperationKind, OperationState, Standby
from hotpatch_gui.domain.schedule_changes import ChangeKind
from hotpatch_gui.store.audit import DEPLOYMENT, Event
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from .display_text import NOTHING, time_text

if TYPE_CHECKING:
    from hotpatch_gui.store.history_rows import CallRow
    from hotpatch_gui.store.resource_changes import ResourceChangeRow
    from hotpatch_gui.store.rows import OperationRow

tr = translator("OperationText")

_ALL_KINDS: tuple[OperationKind | ChangeKind, ...] = (*OperationKind, *ChangeKind)
_KINDS = frozenset(k.value for k in OperationKind)
_DEPLOYMENT = tr.mark("Create machine")
WAITING = tr.mark("Waiting for its turn.")
GLYPHS = {
    OperationState.SUCCEEDED: Glyph.OK,
    OperationState.FAILED: Glyph.ERROR,
    OperationState.UNKNOWN: Glyph.UNKNOWN,
    OperationState.CANCELED: Glyph.INFO,
    OperationState.DISMISSED: Glyph.UNKNOWN,
}


def state(row: OperationRow | ResourceChangeRow) -> OperationState:
    """The operation's state."""
    return OperationState.parse(row.state)


def glyph(row: OperationRow | ResourceChangeRow) -> Glyph:
    """The state's glyph."""
    return GLYPHS.get(state(row), Glyph.RUNNING)


def text(row: OperationRow | ResourceChangeRow) -> str:
    """The state's display text."""
    return state(row).display_name


def kind(row: OperationRow | CallRow | ResourceChangeRow) -> str:
    """The name of the operation, of the change of a schedule, or of a deployment."""
    return dict(_labels()).get(row.kind) or row.kind or NOTHING


def _labels() -> list[tuple[str, str]]:
    """(stored kind, its name)."""
    return [*((k.value, k.label) for k in _ALL_KINDS), (DEPLOYMENT, tr(_DEPLOYMENT))]


def meanings(word: str) -> list[str]:
    """The stored kinds and states whose display text contains the word."""
    folded = word.casefold()
    labeled = [*_labels(), *((s.value, s.label) for s in OperationState)]
    return [value for value, label in labeled if folded in label.casefold()]


def kind_doing(kind: str) -> str:
    """An open operation of a machine as ``Assessing…``."""
    return OperationKind(kind).progress if kind in _KINDS else kind


def doing(row: OperationRow) -> str:
    """An open operation as ``Assessing vm-web-01``."""
    return f"{OperationKind(row.kind).doing} {row.machine_name}"


def note(row: OperationRow) -> str:
    """The current step, or the reason for waiting."""
    waiting = (
        tr("Waiting for its wave: {wave_name}.", wave_name=row.wave_name)
        if row.wave_name
        else tr(WAITING)
    )
    return row.note or waiting


def wave(row: OperationRow) -> str:
    """The wave's group, for an installation by groups."""
    return row.wave_name or NOTHING


def detail(row: OperationRow) -> str:
    """The operation in detail, with Azure's code and request ID."""
    parts = [
        tr(
            "{kind} on {machine_name}: {note}",
            kind=kind(row),
            machine_name=row.machine_name,
            note=note(row),
        )
    ]
    if row.state == OperationState.RUNNING and row.latest_end_at:
        parts.append(
            tr(
                "Azure offers no cancel; its window ends {latest_end_at}.",
                latest_end_at=time_text(row.latest_end_at),
            )
        )
    if row.code:
        parts.append(tr("Azure's code: {code}.", code=row.code))
    if row.request_id:
        parts.append(tr("Request ID: {request_id}.", request_id=row.request_id))
    return " ".join(parts)


def can_wait(row: OperationRow) -> bool:
    """Whether Azure rejected it as busy, so that it can wait and be retried."""
    return row.standby == Standby.OFFERED


_CALL_GLYPHS = {
    "sending": Glyph.INFO,
    "accepted": Glyph.OK,
    "refused": Glyph.ERROR,
    "not sent": Glyph.WARNING,
    "answer lost": Glyph.UNKNOWN,
    "progress unknown": Glyph.UNKNOWN,
    "not confirmed": Glyph.UNKNOWN,
    "cancelled": Glyph.INFO,
    "dismissed": Glyph.UNKNOWN,
}


def event(row: CallRow) -> str:
    """The display name of an event in the audit log."""
    return next((e.label for e in Event if e.value == row.event), row.event)


def call_glyph(row: CallRow) -> Glyph:
    """The glyph of a line in the audit log; an end has the glyph of its result."""
    known = _CALL_GLYPHS.get(row.event)
    is_good = row.result.casefold().startswith(OperationState.SUCCEEDED.value)
    return known or (Glyph.OK if is_good else Glyph.ERROR)
