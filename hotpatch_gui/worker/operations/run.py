"""One operation on one machine: what its steps share, and the order in which they come."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from hotpatch_gui.azure.gateway import Gateway, MachineSnapshot
from hotpatch_gui.azure.operations import PollResult
from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import Operation, OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError
from hotpatch_gui.store import audit, machines, operations, queue, run_checks
from hotpatch_gui.store.audit import Event
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.sync.machine import read_view
from hotpatch_gui.worker.urgency import Urgency

log = logging.getLogger(__name__)
LOST = "No answer was received, so it isn't known whether Azure accepted the request. It isn't sent again."
TAKEN = "Azure accepted the request. The result is read from the machine."


class OperationRun:
    """One operation under way; every change of its row goes through here.

    Attributes:
        token: what it is followed by, once Azure has taken it.
        is_unknown: only what Azure shows of the machine can say what became of the request.
        is_silent: Azure has failed for hours to report its progress, though there is a token.
    """

    def __init__(self, context: Context, operation: Operation, machine: Machine) -> None:
        self.context = context
        self.operation = operation
        self.machine = machine
        self.token: str | None = None
        self.is_unknown = False
        self.is_silent = False

    @property
    def gateway(self) -> Gateway:
        return self.context.gateway

    @property
    def state(self) -> OperationState:
        """As the file has it now: somebody may have canceled or dismissed it."""
        return operations.read(self.context.db, self.operation.id).state

    def read_again(self) -> None:
        """The operation and its machine, as the file has them now: a machine that moved has another row."""
        self.operation = operations.read(self.context.db, self.operation.id)
        self.machine = machines.read(self.context.db, self.operation.machine_id) or self.machine

    async def move(
        self,
        state: OperationState,
        event: tuple[Event, str, Problem | PollResult | None] | None = None,
        *,
        durable: bool = False,
        keeps_unknown: bool = False,
        then: Callable[[], None] = lambda: None,
        **fields: Any,
    ) -> bool:
        """Change the row's state, with the line of the audit log that belongs to it and what else comes ``then``, in
        one transaction; at the end, hold the machine's runs against what is known of it now, and let what waits for
        it go on. With ``keeps_unknown``, one that is unknown by now stays so."""
        c = self.context
        touched = ["operations", *(["calls"] if event else [])]
        async with c.transaction(durable=durable) as db:
            if keeps_unknown and self.state is OperationState.UNKNOWN:
                state = OperationState.UNKNOWN
            moved = operations.move(db, self.operation.id, state, **fields)
            if moved and event is not None:
                self.note(*event)
            if moved and state.is_final and run_checks.check_runs(db, [self.operation.machine_id]):
                touched.append("installations")
            if moved and state.is_missed and self.operation.batch_id is not None:
                queue.stop_batch(db, self.operation.batch_id, c.clock())
            if moved:
                then()
        c.changed(Changes.to(*touched))
        if moved and (state.is_final or state is OperationState.UNKNOWN):
            c.ended(self.operation)
        return moved

    def note(self, event: Event, result: str = "", of: Problem | PollResult | None = None) -> None:
        """A line of the audit log, inside the caller's transaction."""
        code = of.code if isinstance(of, Problem) else ""
        request_id = of.request_id if of is not None else ""
        op = self.operation
        log.info(
            "operation %s, %s on %s: %s %s %s (request %s)",
            op.id,
            op.kind,
            self.machine.name,
            event,
            result,
            code,
            request_id or "without an ID",
        )
        audit.add(
            self.context.db,
            op.id,
            event,
            self.context.clock(),
            result=result,
            code=code,
            request_id=request_id,
        )

    async def say(self, note: str, done: int | None = None, total: int | None = None) -> None:
        """Where the operation is, in its row; the state stays."""
        async with self.context.transaction() as db:
            operations.progress(db, self.operation.id, done, total, note)
        self.context.changed(Changes.to("operations"))

    async def mark_unknown(self, note: str = LOST) -> None:
        """Only what Azure shows of the machine can say what became of the request."""
        self.is_unknown = True
        event = (Event.LOST, note, None) if self.state is not OperationState.UNKNOWN else None
        await self.move(OperationState.UNKNOWN, event, note=note)

    async def view(self, urgency: Urgency) -> MachineSnapshot | None:
        """What the machine shows now; None where it can't be read."""
        try:
            return await read_view(
                self.context, self.operation.machine_id, self.machine, urgency=urgency
            )
        except ProblemError as error:
            log.info("no instance view of %s now: %s", self.machine.name, error)
            return None
