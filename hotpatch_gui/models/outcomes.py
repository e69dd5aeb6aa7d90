"""Outcomes reported to the user: operations that ended, exports and more. The bell lists them, toasts show them."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.kb import kb_in_title
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.schedule_changes import ChangeKind
from hotpatch_gui.domain.update_errors import explained_number
from hotpatch_gui.store import deployments, ended_operations, machines, schedule_changes
from hotpatch_gui.store.deployments import StoredDeployment
from hotpatch_gui.store.ended_operations import EndedAction
from hotpatch_gui.store.resource_changes import of_change, of_deployment
from hotpatch_gui.store.schedule_changes import EndedChanges
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from . import deployments as deployment_text
from .query_channel import QueryChannel
from .source import DataSource

log = logging.getLogger(__name__)
tr = translator("Outcomes")

KEPT = 100
"""Outcomes that are kept; the bell lists the newest."""


class Outcome(NamedTuple):
    """Something that ended.

    Attributes:
        detail: more about it, including the next step after a failure.
        actions: (label, what it does), for buttons.
    """

    at: datetime
    glyph: Glyph
    title: str
    detail: str = ""
    actions: tuple[tuple[str, Callable[[], object]], ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing failed or is unknown, so that its toast disappears after a while."""
        return self.glyph in (Glyph.OK, Glyph.INFO)


class Outcomes(QObject):
    """The outcomes of this session, newest last.

    Signals:
        added (Outcome): there is a new one.
        changed (): the list changed, or was looked at.
        action_requested (int): show the operations of an action.
        retry_requested (int): review the failed installations of an action again.
        change_requested (int): show a change of a schedule or a deployment, by the row ID of ``store.resource_changes``.
        machine_requested (int): show a machine, by its row ID.
    """

    added = Signal(object)
    changed = Signal()
    action_requested = Signal(int)
    retry_requested = Signal(int)
    change_requested = Signal(int)
    machine_requested = Signal(int)

    def __init__(self, source: DataSource, clock: Clock, parent: QObject) -> None:
        super().__init__(parent)
        self._clock, self.items = clock, deque[Outcome](maxlen=KEPT)
        self.unread = 0
        self._source = source
        self._announced: dict[int, tuple[int, ...]] = {}
        """The results last announced for each action; changes of schedules are under the negated ID. An action is announced
        again only if its results differ."""
        self._start_session()
        self._channel = QueryChannel(source, self._on_ended, self._on_failure, self)
        self._changes = QueryChannel(source, self._on_changes_ended, self._on_failure, self)
        self._deployments = QueryChannel(source, self._on_deployments_ended, self._on_failure, self)
        source.opened.connect(self._start_session)
        source.changed.connect(self._on_changed)

    def _start_session(self) -> None:
        """Everything in the file at this time is from earlier sessions. The file may be opened late, or replace a damaged one."""
        self._announced.clear()
        self._after = self._source.read(ended_operations.newest_action, 0)
        """Later actions are of this session."""
        self._open = self._source.read_list(ended_operations.open_actions)
        """Actions of earlier sessions with an operation in progress or of unknown result."""
        read = partial(ended_operations.ended, after=self._after, also=self._open)
        for action in self._source.read_list(
            read
        ):  # unknown results were news in their own session
            self._announced[action.id] = _results(action)
        self._after_change = self._source.read(schedule_changes.newest, 0)
        """Later changes of schedules are of this session."""
        self._open_changes = self._source.read_list(schedule_changes.open_actions)
        for ended in self._source.read_list(self._read_changes):
            self._announced[-ended.action_id] = _results(ended)
        self._after_deployment = self._source.read(deployments.newest, 0)
        """Later deployments are of this session."""
        self._open_deployments = self._source.read_list(deployments.open_rows)
        self._deployed = {
            row.id: row.state for row in self._source.read_list(self._read_deployments)
        }
        """The states last announced."""

    def add(
        self,
        glyph: Glyph,
        title: str,
        detail: str = "",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
    ) -> None:
        """Add an outcome with the current time."""
        outcome = Outcome(self._clock(), glyph, title, detail, tuple(actions))
        self.items.append(outcome)
        self.unread += 1
        self.added.emit(outcome)
        self.changed.emit()

    def mark_seen(self) -> None:
        """The user looked at the list."""
        self.unread = 0
        self.changed.emit()

    def clear(self) -> None:
        """Forget all outcomes."""
        self.items.clear()
        self.mark_seen()

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(frozenset({"operations"})):
            self._channel.query(partial(ended_operations.ended, after=self._after, also=self._open))
        if changes.affects(frozenset({"schedule_changes"})):
            self._changes.query(self._read_changes)
        if changes.affects(frozenset({"deployments"})):
            self._deployments.query(self._read_deployments)

    def _read_changes(self, db: sqlite3.Connection) -> list[EndedChanges]:
        return schedule_changes.ended(db, self._after_change, self._open_changes)

    def _read_deployments(self, db: sqlite3.Connection) -> list[StoredDeployment]:
        return deployments.ended(db, self._after_deployment, self._open_deployments)

    def _on_failure(self, why: str) -> None:
        """Results that couldn't be read are reported with the next change."""
        log.warning("what ended couldn't be read: %s", why)

    def _on_ended(self, found: list[EndedAction]) -> None:
        for action in found:
            results = _results(action)
            if self._announced.get(action.id) != results:
                self._announced[action.id] = results
                buttons = [(tr("Show operations"), partial(self.action_requested.emit, action.id))]
                if action.failed and action.kind == OperationKind.INSTALL:
                    again = partial(self.retry_requested.emit, action.id)
                    buttons.append((tr("Install again…"), again))
                self.add(glyph_of(action), title_of(action), detail_of(action), buttons)

    def _on_changes_ended(self, found: list[EndedChanges]) -> None:
        for ended in found:
            results = _results(ended)
            if self._announced.get(-ended.action_id) != results:
                self._announced[-ended.action_id] = results
                show = partial(self.change_requested.emit, of_change(ended.id))
                buttons = [(tr("Show changes"), show)]
                self.add(glyph_of(ended), change_title(ended), ended.note, buttons)

    def _on_deployments_ended(self, found: list[StoredDeployment]) -> None:
        for row in found:
            if self._deployed.get(row.id) is not row.state:
                self._deployed[row.id] = row.state
                glyph, title = deployment_text.glyph_of(row), deployment_text.title_of(row)
                self.add(glyph, title, row.note, [self._button_of(row)])

    def _button_of(self, row: StoredDeployment) -> tuple[str, Callable[[], object]]:
        if row.state is OperationState.SUCCEEDED:
            return tr("Show machine"), partial(self._show_machine, row)
        return tr("Show changes"), partial(self.change_requested.emit, of_deployment(row.id))

    def _show_machine(self, row: StoredDeployment) -> None:
        """Request the new machine; its deployment until a sync has found it."""
        machine_id = row.deployment.machine_resource_id.lower()
        nothing: dict[str, int] = {}
        found = self._source.read(lambda db: machines.ids(db, [machine_id]), nothing)
        if machine_id in found:
            self.machine_requested.emit(found[machine_id])
        else:
            self.change_requested.emit(of_deployment(row.id))


def _results(action: EndedAction | EndedChanges) -> tuple[int, ...]:
    return action.succeeded, action.failed, action.unknown, action.canceled


def change_title(ended: EndedChanges) -> str:
    """The kind of change, and how many of the action's changes succeeded.

    Changes of several kinds are of one schedule, which is named. Of one kind, each has its own subject, such as a machine.
    """
    kind = ChangeKind(ended.kind).label
    if ended.kind == ChangeKind.EXCLUDE and ended.total > 1:
        return tr(
            "Exclude {kb}: {good:,} of %n schedule(s) succeeded",
            ended.total,
            kb=kb_in_title(ended.subject) or "",
            good=ended.succeeded,
        )
    if ended.total == 1:
        return tr("{name}: {kind}, {state}", kind=kind, name=ended.subject, state=_state(ended))
    if ended.kinds > 1:
        kind = tr("{name}: {kind}", kind=kind, name=ended.subject)
    return tr(
        "{kind}, {good:,} of %n change(s) succeeded", ended.total, kind=kind, good=ended.succeeded
    )


def glyph_of(action: EndedAction | EndedChanges) -> Glyph:
    """A failure counts before an unknown result, which counts before a success."""
    if action.failed:
        return Glyph.ERROR
    if action.unknown:
        return Glyph.UNKNOWN
    return Glyph.OK if action.succeeded and not action.canceled else Glyph.INFO


def title_of(action: EndedAction) -> str:
    """The kind of operation, and the number of machines on which it succeeded."""
    kind = next((k.label for k in OperationKind if k.value == action.kind), action.kind)
    if action.total == 1:
        return tr(
            "{kind} on {machine}: {state}", kind=kind, machine=action.machine, state=_state(action)
        )
    return tr(
        "{kind}: {good:,} of %n machine(s) succeeded",
        action.total,
        kind=kind,
        good=action.succeeded,
    )


def _state(action: EndedAction | EndedChanges) -> str:
    if action.succeeded:
        return tr("succeeded")
    if action.failed:
        return tr("failed")
    return tr("result unknown") if action.unknown else tr("canceled")


def detail_of(action: EndedAction) -> str:
    """The counts of a bulk action, or the note of a single one; then what a known code of Windows means."""
    parts = []
    if action.total > 1:
        counts = (
            (action.failed, tr("{count:,} failed", count=action.failed)),
            (action.unknown, tr("{count:,} with an unknown result", count=action.unknown)),
            (action.canceled, tr("{count:,} canceled", count=action.canceled)),
        )
        counts_text = ", ".join(text for count, text in counts if count)
        parts.append(f"{counts_text}." if counts_text else "")
        if action.note and (action.failed or action.unknown):
            parts.append(f"{action.machine}: {action.note}")
    else:
        parts.append(action.note)
    parts.append(explained_number(action.note))
    return " ".join(part for part in parts if part)
