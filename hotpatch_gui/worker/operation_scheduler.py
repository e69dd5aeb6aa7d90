"""Starts and resumes operations, and starts waiting operations when one ends."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.operations import Operation, OperationState, Standby
from hotpatch_gui.store import connections, operations, queue, schedule_changes
from hotpatch_gui.store.queue import NOT_STARTED, BatchProgress

from .file import DataFile
from .jobs import Jobs
from .operations.pauses import EXPIRES
from .sleep_watch import TICK_S, SleepWatch
from .turns import Turns
from .urgency import Urgency

if TYPE_CHECKING:
    from .context import Context

SLICE = 100
"""How many operations are started before other tasks on the loop get a turn."""


class SendPolicy(Enum):
    """The queued operations that an engine sends. Sent ones are always followed."""

    NOTHING = auto()
    OWN = auto()
    """Only its own operations, not earlier ones."""
    ALL = auto()


class OperationScheduler:
    """Starts and resumes operations. Lives on the engine's loop.

    Args:
        contexts: connections that are set up, by ID; changes over time.
        changed: called with the names of written tables.
    """

    def __init__(
        self,
        file: DataFile,
        clock: CloudClock,
        jobs: Jobs,
        contexts: Mapping[int, Context],
        changed: Callable[..., None],
        *,
        sends: SendPolicy,
    ) -> None:
        self._file, self._clock, self._jobs = file, clock, jobs
        self._contexts, self._changed, self._sends = contexts, changed, sends
        self._recheck: set[int] = set()
        self._progress: dict[int, BatchProgress] = {}
        """Each batch's progress, so that an operation's end doesn't check all of the batch's operations."""
        self._stopped_at: dict[int, datetime | None] = {}
        """When each connection stopped sending; None while it sends. Missing if it was never set up."""
        self.turns = Turns(operations.newest_id(file.db) if sends is SendPolicy.OWN else 0)
        self._sleep = SleepWatch(clock, EXPIRES)

    def resume(self, connection_id: int) -> None:
        """Resume the connection's unfinished operations that are due."""
        self._jobs.add("sleep watch", self._watch)
        self._jobs.add(f"{connection_id} resume", lambda: self._resume_operations(connection_id))

    async def _resume_operations(self, connection_id: int) -> None:
        waiting: dict[int, set[int]] = defaultdict(set)
        old: list[int] = []
        ids = operations.open_ids(self._file.db, connection_id)
        for start in range(0, len(ids), SLICE):
            for operation in operations.read_open(self._file.db, ids[start : start + SLICE]):
                if self._jobs.has(_name(connection_id, operation.id)):
                    continue
                if self._has_expired(connection_id, operation):
                    old.append(operation.id)
                elif operation.state is OperationState.QUEUED and operation.batch_id is not None:
                    waiting[operation.batch_id].add(operation.id)
                else:
                    self._follow(connection_id, operation, Urgency.BULK)
            await asyncio.sleep(0)
        if old:
            await self._expire(old)
        self._stopped_at[connection_id] = None
        for batch_id, skipped in waiting.items():
            if batch_id in self._progress:  # skipped while their connection wasn't set up
                progress = self._progress[batch_id]
                waits = {i for i in skipped if not self._jobs.has(_name(connection_id, i))}
                self._progress[batch_id] = progress._replace(skipped=progress.skipped | waits)
            self.continue_batch(batch_id)

    def record_stop(self, connection_id: int) -> None:
        """Record that the connection sends nothing until ``resume``.

        A connection that was never set up is ignored: its operations' creation times count.
        """
        if connection_id in self._stopped_at and self._stopped_at[connection_id] is None:
            self._stopped_at[connection_id] = self._clock()

    def _has_expired(self, connection_id: int, operation: Operation) -> bool:
        """Whether the operation waited too long for the program, a sign-in or the file.

        Operations with “wait and retry”, or that wait for their wave, don't expire; nor do those that wait for another operation
        or for Azure while the program runs. After a restart of the program, the time since the request counts. Setting the
        clock back doesn't extend an operation's life.
        """
        waits = operation.batch_id is not None or operation.standby is not Standby.NO
        if waits or operation.state is not OperationState.QUEUED:
            return False
        since = self.turns.failing_since.get(operation.id)
        if since is None:
            stopped_at = self._stopped_at.get(connection_id, operation.created)
            if stopped_at is None:
                return False
            since = max(operation.created, stopped_at)
        return abs(self._clock() - since) > EXPIRES

    def expire_after_sleep(self, db: sqlite3.Connection) -> None:
        """Cancel operations and changes of schedules that were requested before the computer slept for longer than EXPIRES in total.

        Call it in the transaction that marks an operation *sent*, before it is marked.
        """
        since = self._sleep.check()
        if since is not None:
            queue.expire_older(db, since, self._clock())
            schedule_changes.expire_older(db, since, self._clock())

    async def _watch(self) -> None:
        while True:
            await self._jobs.rest(TICK_S)
            # The watch remembers a sleep, so expire_after_sleep finds it again.
            if self._sleep.check() is not None and queue.any_queued(self._file.db):
                async with self._file.transaction(durable=True) as db:
                    self.expire_after_sleep(db)
                self._changed("operations", "audit_log")

    async def _expire(self, operation_ids: list[int]) -> None:
        async with self._file.transaction(durable=True) as db:
            queue.expire(db, operation_ids, self._clock())
        self._changed("operations", "audit_log")

    def start(self, operation_ids: Iterable[int], urgency: Urgency = Urgency.BULK) -> None:
        """Start operations that were just queued or are due.

        Raises:
            LookupError: there is no such operation.
        """
        for operation_id in operation_ids:
            operation = operations.read(self._file.db, operation_id)
            connection_id = connections.of_machine(self._file.db, operation.machine_id)
            if connection_id is not None:
                self._follow(connection_id, operation, urgency)

    def _follow(self, connection_id: int, operation: Operation, urgency: Urgency) -> None:
        context = self._contexts.get(connection_id)
        if context is not None and self._may_run(operation):
            name = _name(connection_id, operation.id)
            self._jobs.add(name, lambda: self._run_operation(context, operation, urgency))

    def _may_run(self, operation: Operation) -> bool:
        if operation.state is not OperationState.QUEUED:
            return True
        return self._sends is not SendPolicy.NOTHING and operation.id > self.turns.after

    async def _run_operation(
        self, context: Context, operation: Operation, urgency: Urgency
    ) -> None:
        """Run an operation to its end, then start what waits for it."""
        from .operations.lifecycle import run_operation  # noqa: PLC0415 - after the first paint

        try:
            await run_operation(context, operation.id, urgency)
        except Exception:  # the file, or a bug
            self.turns.failing_since.setdefault(operation.id, self._clock())
            raise
        finally:
            self._wake_others(operation)

    def _wake_others(self, operation: Operation) -> None:
        """Start what waits for an operation whose job ended.

        One that is still queued was interrupted (by the file, a bug or a change of its connection), and is resumed later.
        """
        if self._jobs.is_closing:
            return
        current = operations.read(self._file.db, operation.id)
        if current.state is not OperationState.QUEUED:
            self.turns.failing_since.pop(current.id, None)
            self.wake(current)

    def wake(self, operation: Operation) -> None:
        """Start what waits on the operation's machine and in its batch."""
        self.turns.wake(operation.machine_id)
        if operation.batch_id is not None:
            self.continue_batch(operation.batch_id)

    def continue_batch(self, batch_id: int) -> None:
        """Start a batch's next operations, and check again if a check is running."""
        if not self._jobs.add(f"batch {batch_id}", lambda: self._advance_batch(batch_id)):
            self._recheck.add(batch_id)

    async def _advance_batch(self, batch_id: int) -> None:
        is_more = True
        while is_more:
            self._recheck.discard(batch_id)
            async with self._file.transaction(durable=True) as db:
                canceled = queue.stop_batch(db, batch_id, self._clock())
            if canceled:
                self._changed("operations", "audit_log")
            before = self._progress.get(batch_id, NOT_STARTED)
            due = queue.next_of_batch(self._file.db, batch_id, self._contexts, before)
            self._progress[batch_id] = due.progress
            for start in range(0, len(due.ids), SLICE):
                self.start(due.ids[start : start + SLICE])
                await asyncio.sleep(0)
            is_more = batch_id in self._recheck


def _name(connection_id: int, operation_id: int) -> str:
    """The name of an operation's job."""
    return f"{connection_id} operation {operation_id}"
