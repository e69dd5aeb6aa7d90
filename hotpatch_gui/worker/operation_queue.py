"""Stores the operations that users request, then reports and starts them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TypeVar

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.problems import Problem, ProblemKind
from hotpatch_gui.store import machines, operations, queue
from hotpatch_gui.system.user import local_user
from hotpatch_gui.translation import translator

from . import commands
from .events import Changed, Failed, Observer, Queued
from .file import DataFile
from .jobs import Jobs
from .operation_scheduler import OperationScheduler
from .urgency import Urgency

tr = translator("OperationQueue")

T = TypeVar("T")
SLICE = 200
"""Operations written in one transaction."""
END_SLICE = 2000
"""Operations canceled per transaction; large, so that canceling finishes before exit even on a slow disk."""
MANY = 10
"""A command with more operations than this runs at bulk priority, after clicks."""
_OPERATIONS = ChangedTables.of("operations", "audit_log")


def already_requested(kind: OperationKind, count: int) -> Problem:
    """The notice that the same operation was already requested and hasn't ended."""
    return Problem(
        ProblemKind.CONFLICT,
        tr(
            "“{label}” is already queued, is in progress or has an unknown result on %n of the machines, so it wasn't requested again.",
            count,
            label=kind.label,
        ),
        tr("See Activity. An operation with an unknown result can be dismissed there."),
    )


def missing_machines(count: int) -> Problem:
    """The problem that machines aren't in the file."""
    return Problem(
        ProblemKind.NOT_FOUND,
        tr(
            "%n of the machines aren't in the current data, so nothing was requested for them.",
            count,
        ),
        tr("Refresh the data, then select the machines again."),
    )


def _partly_queued(queued: int, of: int) -> Problem:
    return Problem(
        ProblemKind.STORE,
        tr(
            "Only {queued:,} of {of:,} operations were queued, because the data file couldn't "
            "take the rest.",
            queued=queued,
            of=of,
        ),
        tr("Activity shows these. Repeat the action for the others when the file can be written."),
    )


class OperationQueue:
    """Stores new operations, and cancels or dismisses stored ones. Lives on the engine's loop."""

    def __init__(
        self,
        file: DataFile,
        clock: CloudClock,
        jobs: Jobs,
        scheduler: OperationScheduler,
        observe: Observer,
    ) -> None:
        self._file, self._clock, self._jobs, self._scheduler = file, clock, jobs, scheduler
        self._observe, self._requested_by = observe, local_user()

    async def act(self, command: commands.Act) -> None:
        """Store the operations in slices, then report and start them.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        tried, queued, missing, batch, action = 0, 0, 0, None, None
        try:
            new, missing = self._new_operations(command)
            async with self._file.transaction() as db:
                batch = queue.begin_batch(db, command.kind, command.waves, self._clock())
            for some in _slices(new):
                if self._jobs.is_abandoned:
                    return
                async with self._file.transaction(durable=True) as db:
                    ids = queue.add(
                        db,
                        command.kind,
                        some,
                        self._clock(),
                        self._requested_by,
                        batch_id=batch,
                        action_id=action,
                    )
                tried, queued = tried + len(some), queued + len(ids)
                action = action or next(iter(ids), None)
                self._observe(Changed(_OPERATIONS))
                self._observe(Queued(tuple(ids)))
                if batch is None:
                    self._scheduler.start(ids, _urgency(len(new)))
                await asyncio.sleep(0)
        finally:
            if batch is not None:
                self._scheduler.continue_batch(batch)
            self._observe(Queued((), is_last=True))
            if 0 < tried < len(command.operations) - missing and not self._jobs.is_abandoned:
                self._observe(Failed(_partly_queued(queued, len(command.operations) - missing)))
        passed_over = len(new) - queued
        if passed_over:
            self._observe(Failed(already_requested(command.kind, passed_over)))
        if missing:
            self._observe(Failed(missing_machines(missing)))

    def _new_operations(self, command: commands.Act) -> tuple[list[queue.NewOperation], int]:
        """The operations to queue, in the command's order and with their wave numbers, and how many machines aren't in the file."""
        known = machines.ids(
            self._file.db, (resource_id.lower() for resource_id, _ in command.operations)
        )
        groups: Sequence[str] = command.groups or [""] * len(command.operations)
        order = {group: number for number, group in enumerate(dict.fromkeys(groups))}
        found = [
            queue.NewOperation(known[resource_id.lower()], body, order[group], group)
            for (resource_id, body), group in zip(command.operations, groups, strict=True)
            if resource_id.lower() in known
        ]
        return found, len(command.operations) - len(found)

    async def end(self, command: commands.Cancel | commands.Dismiss) -> None:
        """Cancel or dismiss operations.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
            LookupError: there is no such operation.
        """
        end = queue.cancel if isinstance(command, commands.Cancel) else queue.dismiss
        for some in _slices(command.operations, END_SLICE):
            async with self._file.transaction(durable=True) as db:
                now = self._clock()
                done = [
                    operation_id
                    for operation_id, resource_id in some
                    if end(db, operation_id, resource_id, now)
                ]
            self._observe(Changed(_OPERATIONS))
            for operation_id in done:
                self._scheduler.wake(operations.read(self._file.db, operation_id))
            await asyncio.sleep(0)

    async def wait_for_turn(self, command: commands.WaitForTurn) -> None:
        """Queue rejected operations again, to be retried until Azure accepts them.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
            LookupError: there is no such operation.
        """
        for some in _slices(command.operations):
            async with self._file.transaction(durable=True) as db:
                again = [
                    queue.requeue(db, operation_id, resource_id, self._clock(), self._requested_by)
                    for operation_id, resource_id in some
                ]
            self._observe(Changed(_OPERATIONS))
            self._scheduler.start([n for n in again if n], _urgency(len(command.operations)))
            for (operation_id, _), made in zip(some, again, strict=True):
                if made == 0:
                    kind = operations.read(self._file.db, operation_id).kind
                    self._observe(Failed(already_requested(kind, 1)))
            await asyncio.sleep(0)


def _slices(rows: Sequence[T], size: int | None = None) -> Iterator[Sequence[T]]:
    size = size or SLICE
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _urgency(requests: int) -> Urgency:
    return Urgency.ACT if requests <= MANY else Urgency.BULK
