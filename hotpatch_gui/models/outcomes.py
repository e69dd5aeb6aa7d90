"""Outcomes reported to the user: operations that ended, exports and more. The bell lists them, toasts show them."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.update_errors import explained
from hotpatch_gui.store import ended_operations
from hotpatch_gui.store.ended_operations import EndedGroup
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from .query_channel import QueryChannel
from .source import DataSource

log = logging.getLogger(__name__)
tr = translator("Outcomes")

EPOCH = datetime.fromtimestamp(0, UTC)
KEPT = 100
"""Outcomes that the bell lists."""


class Outcome(NamedTuple):
    """Something that ended.

    Attributes:
        detail: more about it, also the next step after a failure.
        actions: (label, what it does), for buttons.
    """

    at: datetime
    glyph: Glyph
    title: str
    detail: str = ""
    actions: tuple[tuple[str, Callable[[], object]], ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it succeeded, so that its toast disappears after a while."""
        return self.glyph in (Glyph.OK, Glyph.INFO)


class Outcomes(QObject):
    """The outcomes of this session, newest last.

    Signals:
        added (Outcome): there is a new one.
        changed (): the list changed, or was looked at.
        operations_requested (): show the operations.
    """

    added = Signal(object)
    changed = Signal()
    operations_requested = Signal()

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(parent)
        self._clock, self.items = clock, deque[Outcome](maxlen=KEPT)
        self.unseen = 0
        self._since = source.read(ended_operations.last, EPOCH)
        """The clock may jump, so ended operations are compared with the last one and not with now."""
        known = source.read_list(partial(read_ended, since=self._since))
        self._announced = {_key(group) for group in known}
        self._channel = QueryChannel(source, self._on_ended, self._on_failure, self)
        source.changed.connect(self._on_changed)

    def add(
        self,
        glyph: Glyph,
        title: str,
        detail: str = "",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
    ) -> None:
        """Add an outcome of now."""
        outcome = Outcome(self._clock(), glyph, title, detail, tuple(actions))
        self.items.append(outcome)
        self.unseen += 1
        self.added.emit(outcome)
        self.changed.emit()

    def mark_seen(self) -> None:
        """The user looked at the list."""
        self.unseen = 0
        self.changed.emit()

    def clear(self) -> None:
        """Forget all outcomes."""
        self.items.clear()
        self.mark_seen()

    def _on_changed(self, changes: Changes) -> None:
        if changes.affects(frozenset({"operations"})):
            self._channel.query(partial(read_ended, since=self._since))

    def _on_failure(self, why: str) -> None:
        """Operations that ended are reported with the next change."""
        log.warning("ended operations couldn't be read: %s", why)

    def _on_ended(self, found: list[EndedGroup]) -> None:
        for group in found:
            if _key(group) not in self._announced:
                self._announced.add(_key(group))
                self.add(
                    glyph_of(group),
                    title_of(group),
                    detail_of(group),
                    ((tr("Show operations"), self.operations_requested.emit),),
                )
        self._since = max([self._since, *(g.ended_at for g in found)])


def _key(group: EndedGroup) -> tuple[str, str, datetime]:
    """Identifies the end of a group; an operation that is sent again ends again."""
    return group.kind, group.request, group.ended_at


def read_ended(db: sqlite3.Connection, since: datetime) -> list[EndedGroup]:
    """Requested actions whose last operation ended at ``since`` or later."""
    return ended_operations.groups(db, since)


def glyph_of(group: EndedGroup) -> Glyph:
    """A failure counts before an unknown result, which counts before a success."""
    if group.failed:
        return Glyph.ERROR
    if group.unknown:
        return Glyph.UNKNOWN
    return Glyph.OK if group.succeeded else Glyph.INFO


def title_of(group: EndedGroup) -> str:
    """What was done, and on how many machines it succeeded."""
    kind = next((k.label for k in OperationKind if k.value == group.kind), group.kind)
    if group.total == 1:
        return tr(
            "{kind} on {machine}: {state}", kind=kind, machine=group.machine, state=_state(group)
        )
    return tr(
        "{kind}: {good:,} of %n machine(s) succeeded",
        group.total,
        kind=kind,
        good=group.succeeded,
    )


def _state(group: EndedGroup) -> str:
    if group.succeeded:
        return tr("succeeded")
    if group.failed:
        return tr("failed")
    return tr("result unknown") if group.unknown else tr("canceled")


def detail_of(group: EndedGroup) -> str:
    """The counts of a bulk action, or the note of a single one; then what a known error means."""
    parts = []
    if group.total > 1:
        counts = (
            (group.failed, tr("{count:,} failed", count=group.failed)),
            (group.unknown, tr("{count:,} with an unknown result", count=group.unknown)),
            (group.canceled, tr("{count:,} canceled", count=group.canceled)),
        )
        words = ", ".join(text for count, text in counts if count)
        parts.append(f"{words}." if words else "")
        if group.note:
            parts.append(f"{group.machine}: {group.note}")
    else:
        parts.append(group.note)
    parts.append(explained(group.note) if "0x" in group.note else "")
    return " ".join(part for part in parts if part)
