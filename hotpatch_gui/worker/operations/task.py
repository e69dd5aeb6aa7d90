"""One operation on one machine: its shared steps and the changes of its row."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from hotpatch_gui.azure.gateway import Gateway, MachineSnapshot
from hotpatch_gui.azure.long_running import PollResult
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import Operation, OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError
from hotpatch_gui.store import audit, machines, operations, queue, run_checks
from hotpatch_gui.store.audit import Event
from hotpatch_gui.translation import translator
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.sync.machine import read_instance_view
from hotpatch_gui.worker.urgency import Urgency

tr = translator("Run")

log = logging.getLogger(__name__)
LOST = tr.mark(
    "No response was received, so it isn't known whether Azure accepted the request. It "
    "isn't sent again."
)
TAKEN = tr.mark("Azure accepted the request. The result is read from the machine.")


class OperationTask:
    """One operation in progress. After queuing, changes of its row's state go through ``move``, except claiming,
    canceling, dismissing and the removal of its connection.

    Attributes:
        token: the continuation token, once Azure accepted the request.
        is_unknown: only the machine's state can show the result.
        progress_unavailable: Azure has failed for hours to report progress, though there is a token.
    """

    def __init__(self, context: Context, operation: Operation, machine: Machine) -> None:
        self.context = context
        self.operation = operation
        self.machine = machine
        self.token: str | None = None
        self.is_unknown = False
        self.progress_unavailable = False

    @property
    def gateway(self) -> Gateway:
        """The connection's gateway."""
        return self.context.gateway

    @property
    def state(self) -> OperationState:
        """The stored state; the operation may have been canceled or dismissed.

        Raises:
            LookupError: there is no such operation.
        """
        return operations.read(self.context.db, self.operation.id).state

    def reload_rows(self) -> None:
        """Reload the operation and its machine, because a moved machine gets another row.

        Raises:
            LookupError: there is no such operation.
        """
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
        """Change the state, with its line in the audit log and ``then``, in one transaction.

        On a final state, the machine's finished runs that weren't compared with an assessment yet are compared. A final or
        unknown state starts what waits. ``keeps_unknown`` leaves an unknown operation unknown.

        Returns:
            Whether the row changed: False if the operation had already ended.

        Raises:
            WrongTransitionError: the operation can't change from its state to this one.
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        c = self.context
        touched = ["operations", *(["audit_log"] if event else [])]
        async with c.transaction(durable=durable) as db:
            if keeps_unknown and self.state is OperationState.UNKNOWN:
                state = OperationState.UNKNOWN
            moved = operations.move(db, self.operation.id, state, **fields)
            if moved and event is not None:
                self.note(*event)
            if moved and state.is_final and run_checks.check_runs(db, [self.operation.machine_id]):
                touched.append("installations")
            if moved and state.is_failed_or_unknown and self.operation.batch_id is not None:
                queue.stop_batch(db, self.operation.batch_id, c.clock())
            if moved:
                then()
        c.changed(ChangedTables.of(*touched))
        if moved and (state.is_final or state is OperationState.UNKNOWN):
            c.ended(self.operation)
        return moved

    def note(self, event: Event, result: str = "", of: Problem | PollResult | None = None) -> None:
        """Add a line to the audit log, inside the caller's transaction."""
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

    async def store_note(
        self, note: str, done: int | None = None, total: int | None = None
    ) -> None:
        """Store a note and the progress without changing the state.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        async with self.context.transaction() as db:
            operations.save_progress(db, self.operation.id, done, total, note)
        self.context.changed(ChangedTables.of("operations"))

    async def mark_unknown(self, note: str = "", why: Event = Event.LOST) -> None:
        """Mark the result as unknown, to be resolved from the machine's state."""
        note = note or tr(LOST)
        self.is_unknown = True
        event = (why, note, None) if self.state is not OperationState.UNKNOWN else None
        try:
            await self.move(OperationState.UNKNOWN, event, note=note)
        except operations.WrongTransitionError:  # Azure's rejection was stored first
            log.info("operation %s is queued again", self.operation.id)

    async def read_machine(self, urgency: Urgency) -> MachineSnapshot | None:
        """Read the machine now; None if that fails."""
        try:
            return await read_instance_view(
                self.context, self.operation.machine_id, self.machine, urgency=urgency
            )
        except ProblemError as error:
            log.info("no instance view of %s now: %s", self.machine.name, error)
            return None
