"""Operations under way: taken up, begun in their turn, and what waits for them woken when they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.operations import Operation, OperationState, Standby
from hotpatch_gui.store import connections, operations, queue

from .file import DataFile
from .jobs import Jobs
from .turns import Turns

if TYPE_CHECKING:
    from .context import Context

EXPIRES = timedelta(hours=1)
"""How old a request from an earlier run may be to be sent still."""


class Carrying:
    """Lives on the engine's loop.

    Args:
        contexts: the connections that are set up, by id, as they are at any moment.
        changed: hears which tables were written.
        sends: whether what is queued is sent; what was sent is followed in any case.
    """

    def __init__(
        self, file: DataFile, clock: CloudClock, jobs: Jobs, contexts: Mapping[int, Context],
        changed: Callable[..., None], *, sends: bool,
    ) -> None:  # fmt: skip
        self._file, self._clock, self._jobs = file, clock, jobs
        self._contexts, self._changed, self._sends = contexts, changed, sends
        self._looks = 0
        self._begun_at = clock()
        self.turns = Turns()

    def follow_open(self, connection_id: int) -> None:
        """Take up every operation of the connection that has not ended, as far as its turn has come."""
        waiting, old = set(), []
        for operation in operations.open_operations(self._file.db):
            if connections.of_machine(self._file.db, operation.machine_id) != connection_id:
                continue
            if self._has_expired(operation):
                old.append(operation.id)
            elif operation.state is OperationState.QUEUED and operation.batch_id is not None:
                waiting.add(operation.batch_id)
            else:
                self._follow(operation)
        if old:
            self._jobs.add(f"{connection_id} expire", lambda: self._expire(old))
        for batch_id in waiting:
            self.go_on_with(batch_id)

    def _has_expired(self, operation: Operation) -> bool:
        """Whether it waited from an earlier run of the program for longer than anybody expects; one that the user has
        told to wait, or that waits for its wave, does not expire."""
        waits = operation.batch_id is not None or operation.standby is not Standby.NO
        is_queued = operation.state is OperationState.QUEUED
        is_earlier = operation.created < self._begun_at
        return (
            is_queued and not waits and is_earlier and self._clock() - operation.created > EXPIRES
        )

    async def _expire(self, operation_ids: list[int]) -> None:
        async with self._file.transaction(durable=True) as db:
            queue.expire(db, operation_ids, self._clock())
        self._changed("operations", "calls")

    def follow(self, operation_ids: Iterable[int]) -> None:
        """Begin these, which have just been queued or whose turn has come."""
        for operation_id in operation_ids:
            self._follow(operations.read(self._file.db, operation_id))

    def _follow(self, operation: Operation) -> None:
        context = self._context_of(operation.machine_id)
        waits = operation.state is OperationState.QUEUED and not self._sends
        if context is not None and not waits:
            name = f"{context.connection_id} operation {operation.id}"
            self._jobs.add(name, lambda: self._carry(context, operation))

    async def _carry(self, context: Context, operation: Operation) -> None:
        """To its end, however it comes: what waits for it goes on."""
        from .operations.follow import follow  # noqa: PLC0415 - after the first frame

        try:
            await follow(context, operation.id)
        finally:
            self.wake(operation)

    def wake(self, operation: Operation) -> None:
        """It has ended, or goes on no more: others on its machine and in its batch do."""
        self.turns.wake(operation.machine_id)
        if operation.batch_id is not None:
            self.go_on_with(operation.batch_id)

    def go_on_with(self, batch_id: int) -> None:
        """Look whose turn it is in a batch, after whatever goes on now."""
        self._looks += 1
        self._jobs.add(f"batch {batch_id} {self._looks}", lambda: self._go_on(batch_id))

    async def _go_on(self, batch_id: int) -> None:
        async with self._file.transaction(durable=True) as db:
            stopped = queue.stop_batch(db, batch_id, self._clock())
        if stopped:
            self._changed("operations", "calls")
        up = self._contexts
        for operation_id in queue.next_of_batch(self._file.db, batch_id, up):
            self._follow(operations.read(self._file.db, operation_id))

    def _context_of(self, machine_id: int) -> Context | None:
        return self._contexts.get(connections.of_machine(self._file.db, machine_id) or 0)
