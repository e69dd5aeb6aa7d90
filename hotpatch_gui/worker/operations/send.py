"""Sending an operation: in order, once, and only if its installation run can be distinguished from others."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Any, TypeVar

from hotpatch_gui.azure.long_running import PollResult
from hotpatch_gui.domain.arc import EXPIRED, RECONNECT
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.dates import moment_name
from hotpatch_gui.domain.installs import maximum_minutes
from hotpatch_gui.domain.operations import OperationKind, OperationState, Standby
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.store import connections, operations, queue
from hotpatch_gui.store.audit import Event
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.worker.calls import RequestSlot
from hotpatch_gui.worker.sync.machine import read_instance_view, read_machine
from hotpatch_gui.worker.until_stored import until_stored
from hotpatch_gui.worker.urgency import Urgency

from . import finish, pauses
from .task import OperationTask

tr = translator("Send")

log = logging.getLogger(__name__)
T = TypeVar("T")
NOT_KNOWN = tr.mark("It isn't known whether Azure accepted the request. It isn't sent again.")


NOTED_PAUSE_S = 5.0
"""A pause of at least this length is noted on the operation."""


class Sending:
    """Sends one request.

    Its row is claimed on disk first, so that after a kill it is unknown and never repeated.
    """

    def __init__(self, task: OperationTask, urgency: Urgency) -> None:
        self._task, self._urgency = task, urgency
        self._c = task.context
        self._first_failure_at: float | None = None
        self._pause_s = pauses.FIRST_BACK_OFF_S

    async def send(self) -> None:
        """Send until Azure accepts or rejects the request, or its result is unknown.

        Nothing but an assessment is sent unless the machine could be read, so that a lost response can be resolved.
        """
        outcome: PollResult | float | None = 0.0
        while not isinstance(outcome, PollResult):
            self._task.reload_rows()
            if not await self._wait_for_turn():
                return
            try:
                async with self._c.calls.bulk_slot(self._urgency):
                    await self._note_pause()
                    await self._prepare()
                    async with self._c.calls.writes.slot(self._urgency) as slot:
                        owner = f"{self._c.connection_id} "
                        outcome = await self._c.jobs.run_to_completion(
                            owner, self._claim_and_send(slot)
                        )
            except ProblemError as error:
                outcome = await self._handle_problem(error.problem)
            if outcome is None:
                return
            if isinstance(outcome, float):
                async with self._c.jobs.resting():
                    await self._c.turns.wait(self._task.operation.machine_id, outcome)
        self._task.token = outcome.token
        if outcome.done:
            await finish.handle_result(self._task, outcome.result)
            return
        await self._c.jobs.rest(outcome.delay_s)

    async def _claim_and_send(self, slot: RequestSlot) -> PollResult | float | None:
        """Claim the row, send, and store Azure's response, without interruption.

        Returns:
            Azure's first response, seconds until a retry, or None if the operation ended or must not be sent.
        """
        sent_at = self._c.clock()
        if not await self._claim(sent_at):
            return 0.0 if self._task.state is OperationState.QUEUED else None
        try:
            result = await slot.run(self._send_request)
        except ProblemError as error:
            problem = error.problem
            slot.release()
            return await self._until_stored(lambda: self._handle_problem(problem))
        except Exception:
            log.exception("operation %s: a bug after it was sent", self._task.operation.id)
            await self._until_stored(lambda: self._task.mark_unknown(tr(NOT_KNOWN)))
            return None
        slot.release()
        await self._until_stored(lambda: self._store_token(result, self._latest_end(sent_at)))
        await self._until_stored(self._follow_late)
        return result

    async def _note_pause(self) -> None:
        """Note until when Azure accepts no requests, if the pause is long enough to notice."""
        paused_s = self._c.calls.writes.paused_s
        if paused_s >= NOTED_PAUSE_S:
            until = moment_name(self._c.clock() + timedelta(seconds=paused_s))
            await self._task.store_note(
                tr("Azure accepts no requests until {until} UTC.", until=until)
            )

    async def _until_stored(self, write: Callable[[], Awaitable[T]]) -> T:
        what = f"operation {self._task.operation.id}"
        return await until_stored(self._c.jobs, write, what)

    def _send_request(self) -> PollResult:
        op = self._task.operation
        return self._c.gateway.begin(op.kind, self._task.machine, op.request)

    async def _wait_for_turn(self) -> bool:
        """Wait for earlier operations on the machine and, if the user chose “Wait and retry”, for operations of other users.

        Returns:
            False if it was canceled.
        """
        c, op, shown = self._c, self._task.operation, ""
        while self._task.state is OperationState.QUEUED:
            wakes = c.turns.wakes[op.machine_id]
            earlier = operations.kind_to_wait_for(c.db, op.id, sent_after=c.turns.after)
            if earlier is not None:
                what, pause = tr("“{label}” on this machine", label=earlier.label), pauses.TURN_S
            else:
                what, pause = (
                    await self._operation_in_progress() if op.standby is Standby.WAITS else "",
                    pauses.BUSY_S,
                )
            if not what:
                return True
            if what != shown:
                await self._task.store_note(tr("Waiting for {what}.", what=what))
                c.turns.failing_since.pop(op.id, None)
                shown = what
            async with c.jobs.resting():
                await c.turns.wait(op.machine_id, pause, wakes)
        return False

    async def _operation_in_progress(self) -> str:
        """The operation that Azure shows in progress on the machine, as part of a sentence; empty if none."""
        snapshot = await self._task.read_machine(Urgency.FOLLOW)
        if snapshot is None:
            return ""
        installation, assessment = snapshot.run, snapshot.assessment
        if installation is not None and installation.status is RunStatus.IN_PROGRESS:
            if (installation.started_by or "").casefold() == "platform":
                return tr(
                    "an installation by Azure (started {started} UTC)",
                    started=moment_name(installation.started),
                )
            return tr(
                "another installation (started {started} UTC)",
                started=moment_name(installation.started),
            )
        if assessment is not None and assessment.status is RunStatus.IN_PROGRESS:
            return tr("an assessment")
        return ""

    async def _handle_problem(self, problem: Problem) -> float | None:
        """Handle a problem before or while sending; Azure may have accepted the request.

        Returns:
            Seconds until a retry; None without one.
        """
        op, state = self._task.operation, self._task.state
        was_sent = state is OperationState.SENT
        if not was_sent and state is not OperationState.QUEUED:  # the response came late
            if not (problem.may_have_been_sent and problem.kind.is_inconclusive):
                await self._end_as_failed(problem)
            return None
        if self._c.jobs.is_abandoned:
            await self._end(problem, was_sent=was_sent)
            return None
        if not problem.kind.is_inconclusive:  # Azure responds again
            self._first_failure_at, self._pause_s = None, pauses.FIRST_BACK_OFF_S
        pause, event, note = pauses.BUSY_S, Event.REJECTED, problem.text
        if problem.kind is ProblemKind.THROTTLED:
            pause = problem.retry_after_s or pauses.FIRST_BACK_OFF_S
            event = Event.REJECTED if problem.may_have_been_sent else Event.NOT_SENT
        elif problem.kind is ProblemKind.CONFLICT and op.standby is Standby.WAITS:
            note = tr("{sentence} It's retried every minute.", sentence=problem.sentence)
        elif not (was_sent and problem.may_have_been_sent) and self._should_retry(problem):
            pause, self._pause_s = self._pause_s, min(self._pause_s * 2, pauses.MAX_BACK_OFF_S)
            event, note = (
                Event.NOT_SENT,
                tr("{sentence} Nothing was sent yet. Trying again.", sentence=problem.sentence),
            )
        else:
            await self._end(problem, was_sent=was_sent)
            return None
        if was_sent:
            try:
                await self._task.move(
                    OperationState.QUEUED, (event, problem.sentence, problem), note=note
                )
            except operations.WrongTransitionError:  # it was marked unknown first
                return await self._handle_problem(problem)
        else:
            await self._task.store_note(note)
        return pause

    def _should_retry(self, problem: Problem) -> bool:
        """Whether to retry: a transient problem that has lasted less than TRY_FOR_S."""
        if not problem.kind.is_inconclusive:
            return False
        now = time.monotonic()
        self._first_failure_at = now if self._first_failure_at is None else self._first_failure_at
        return now - self._first_failure_at < pauses.TRY_FOR_S

    async def _prepare(self) -> None:
        """Read the machine, to detect a recreated one and to distinguish this installation from earlier ones.

        An assessment needs neither: it is identified by its time and is harmless.

        Raises:
            ProblemError: the machine can't be read.
        """
        kind = self._task.operation.kind
        if kind is not OperationKind.ASSESS:
            await self._read_history()
        if kind is OperationKind.ENROLL:
            await self._make_enrollment()

    async def _make_enrollment(self) -> None:
        """Choose the enrollment request by the existing license profile."""
        task = self._task
        read = partial(self._c.gateway.enroll_request, task.machine)
        request = await self._c.calls.reads.call(read, self._urgency)
        async with self._c.transaction() as db:
            operations.set_request(db, task.operation.id, request)
        task.operation = task.operation._replace(request=request)

    async def _claim(self, at: datetime) -> bool:
        """Mark the row as sent, on disk.

        Returns:
            False if it was canceled, changes were turned off, the machine moved to another row or can't be reached through
            Azure Arc anymore, or the program is closing.
        """
        task = self._task
        if task.machine.arc is not None and task.machine.arc.is_expired:
            await self._end_as_failed(
                Problem(
                    ProblemKind.REJECTED,
                    translated(EXPIRED),
                    translated(RECONNECT),
                    may_have_been_sent=False,
                )
            )
            return False
        async with self._c.transaction(durable=True) as db:
            self._c.expire_after_sleep(db)
            machine_id = operations.read(db, task.operation.id).machine_id
            allowed = connections.may_act_on(db, machine_id)
            mine = (
                not self._c.jobs.is_closing
                and allowed
                and machine_id == task.operation.machine_id
                and operations.claim(db, task.operation.id, at, tr("Sending the request to Azure."))
            )
            if mine:
                self._c.turns.failing_since.pop(task.operation.id, None)
                task.note(Event.SENDING, queue.rule_of(db, task.operation.id))
        self._c.changed(ChangedTables.of("operations", "audit_log"))
        if not allowed:
            await self.fail_read_only()
        return mine

    async def fail_read_only(self) -> None:
        """End the operation because changes are off, whoever queued it."""
        name = self._c.gateway.connection.name
        await self._end_as_failed(
            Problem(
                ProblemKind.FORBIDDEN,
                tr("Changes are off for {name}.", name=name),
                tr("Turn them on in Settings › Connections."),
                may_have_been_sent=False,
            )
        )

    async def _read_history(self) -> None:
        """Read the machine's history. The last run of an Arc-enabled server is only in Resource Graph."""
        task = self._task
        if task.machine.arc is not None and task.operation.kind is OperationKind.INSTALL:
            await read_machine(self._c, task.operation.machine_id, self._urgency)
            return
        await read_instance_view(
            self._c,
            task.operation.machine_id,
            task.machine,
            urgency=self._urgency,
            max_rejections=inf,
            must_exist=True,
        )

    async def _store_token(self, result: PollResult, latest_end: datetime | None) -> None:
        """Store the token, without which nobody could follow the operation."""
        await self._task.move(
            OperationState.RUNNING,
            (Event.ACCEPTED, "", result),
            durable=True,
            keeps_unknown=True,
            token=result.token,
            latest_end=latest_end,
            note=tr("Azure accepted the request."),
            request_id=result.request_id,
        )

    async def _follow_late(self) -> None:
        """Follow an operation whose response came late, because its job may already have ended."""
        if self._task.state is OperationState.UNKNOWN:
            self._c.follow([self._task.operation.id])

    async def _end(self, problem: Problem, *, was_sent: bool) -> None:
        """End an operation that isn't sent again; its result may be unknown if its request was sent."""
        if was_sent:
            await self._end_without_retry(problem)
        else:
            await self._end_as_failed(problem)

    async def _end_without_retry(self, problem: Problem) -> None:
        if problem.may_have_been_sent and problem.kind.is_inconclusive:
            await self._task.mark_unknown(f"{problem.sentence} {tr(NOT_KNOWN)}")
        elif problem.kind is ProblemKind.CONFLICT:
            what = await self._operation_in_progress()
            named = tr(" In progress: {what}.", what=what) if what else ""
            await self._end_as_failed(
                problem._replace(sentence=f"{problem.sentence}{named}"), standby=Standby.OFFERED
            )
        else:
            await self._end_as_failed(problem)

    async def _end_as_failed(self, problem: Problem, **fields: Any) -> None:
        note = problem.text
        if problem.kind.is_transient:
            note = tr("{sentence} Nothing was started.", sentence=problem.sentence)
        if problem.kind in (ProblemKind.NOT_SIGNED_IN, ProblemKind.TOKEN_REJECTED):
            problem = problem._replace(next_step=tr("Sign in, then request it again."))
            note = f"{note} {problem.next_step}"
            self._c.failed(problem._replace(connection_id=self._c.connection_id))
        was_sent = self._task.state is not OperationState.QUEUED
        event = Event.REJECTED if was_sent and problem.may_have_been_sent else Event.NOT_SENT
        await self._task.move(
            OperationState.FAILED,
            (event, problem.sentence, problem),
            at=self._c.clock(),
            code=problem.code,
            request_id=problem.request_id,
            note=note,
            **fields,
        )

    def _latest_end(self, sent_at: datetime) -> datetime | None:
        """When the installation ends at the latest, if the request limits it."""
        op = self._task.operation
        minutes = maximum_minutes(op.request) if op.kind is OperationKind.INSTALL else None
        return sent_at + timedelta(minutes=minutes) if minutes is not None else None
