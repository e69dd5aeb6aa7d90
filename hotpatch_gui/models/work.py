"""Operations in progress as text. In the first paint."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hotpatch_gui.domain.installs import only_kb
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.store import operations, schedule_changes
from hotpatch_gui.translation import translator

from . import operation_text
from .source import DataSource

tr = translator("Work")


CREATION = "creation"
"""The creation of a machine, among the kinds of operations."""


class WorkText(NamedTuple):
    """The number of operations, the oldest one's text and progress, and how many of each kind; also unknown ones by kind."""

    total: int = 0
    doing: str = ""
    kind: str = ""
    note: str = ""
    done: int = 0
    steps: int = 0
    by_kind: Mapping[str, int] = {}
    unknown: Mapping[str, int] = {}

    @property
    def text(self) -> str:
        """The work in progress; several kinds are counted."""
        if self.total < 2:
            return self.doing
        if len(self.by_kind) < 2:
            return tr("{doing} and %n more", self.total - 1, doing=self.doing)
        kinds = ", ".join(f"{_label(kind)} {n:,}" for kind, n in self.by_kind.items())
        return tr("In progress: {kinds}", kinds=kinds)


def _label(kind: str) -> str:
    return tr("Create machine") if kind == CREATION else OperationKind(kind).label


def read_work(db: sqlite3.Connection, machine_ids: Sequence[int] | None = None) -> WorkText:
    """Operations on these machines; or all, including the creation of machines."""
    found = operations.work(db, machine_ids)
    created = operations.machines_being_created(db) if machine_ids is None else []
    total, by_kind = found.total + len(created), dict(found.by_kind)
    if created:
        by_kind[CREATION] = len(created)
    first = found.first
    if first is None:
        doing = tr("Creating {machine}", machine=created[0]) if created else ""
        return WorkText(total, doing, by_kind=by_kind, unknown=found.unknown)
    return WorkText(
        total,
        operation_text.doing(first),
        OperationKind(first.kind).label,
        operation_text.note(first),
        first.done or 0,
        first.total or 0,
        by_kind,
        found.unknown,
    )


def all_work(source: DataSource) -> WorkText:
    """Operations on all machines."""
    return source.read(read_work, WorkText())


def last_end(source: DataSource) -> str:
    """The result of the last finished operation; empty without one."""
    row = source.read(operations.last_ended, None)
    if row is None:
        return ""
    return tr(
        "{kind} on {machine_name}: {state}. {note}",
        kind=operation_text.kind(row),
        machine_name=row.machine_name,
        state=operation_text.state(row).label,
        note=row.note,
    )


def in_state(source: DataSource, operation_ids: Sequence[int], state: OperationState) -> list[int]:
    """The IDs among these of operations in this state."""
    return source.read_list(lambda db: operations.in_state(db, operation_ids, state))


class FailedInstallations(NamedTuple):
    """Machines on which installations failed; ``kb`` is the only update that was requested, if there was one."""

    machine_ids: tuple[int, ...] = ()
    kb: str = ""


def failed_installations(source: DataSource, operation_ids: Sequence[int]) -> FailedInstallations:
    """The failed installations among these operations."""
    found = source.read_list(lambda db: operations.failed_installations(db, operation_ids))
    kbs = {only_kb(request) for _, request in found}
    ids = tuple(dict.fromkeys(machine_id for machine_id, _ in found))
    return FailedInstallations(ids, kbs.pop() if len(kbs) == 1 else "")


class Detail(NamedTuple):
    """One operation as text. ``can_wait``: Azure rejected it as busy, so it can wait and be retried."""

    text: str = ""
    can_wait: bool = False


def detail(source: DataSource, operation_id: int | None) -> Detail:
    """The operation as text; empty without one."""
    if operation_id is None:
        return Detail()
    row = source.read(lambda db: operations.read_row(db, operation_id), None)
    if row is None:
        return Detail()
    return Detail(operation_text.detail(row), operation_text.can_wait(row))


def machine_of(source: DataSource, operation_id: int) -> int:
    """The row ID of the operation's machine; 0 if there is no such operation."""
    row = source.read(lambda db: operations.read_row(db, operation_id), None)
    return row.machine_id if row is not None else 0


def is_any_open(source: DataSource) -> bool:
    """Whether any operation is queued, in progress or unknown."""
    return source.read(operations.is_any_open, instead=False)


def is_any_queued_or_in_progress(source: DataSource) -> bool:
    """Whether any operation, change of a schedule or deployment is queued or in progress."""
    return (
        source.read(operations.is_any_queued_or_in_progress, instead=False)
        or bool(source.read(lambda db: schedule_changes.still_open(db).waiting, instead=0))
        or bool(source.read_list(operations.machines_being_created))
    )
