"""Runs an operation: sends it, polls its token, or resolves it from the machine's state."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from hotpatch_gui.azure.long_running import PollResult
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.problems import ProblemError, ProblemKind
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.store import machines, operations
from hotpatch_gui.store.audit import Event
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.worker import reconcile
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.reconcile import NotYet
from hotpatch_gui.worker.sync.machine import read_instance_view
from hotpatch_gui.worker.urgency import Urgency

from . import finish, pauses
from .send import Sending
from .task import TAKEN, OperationTask

tr = translator("Lifecycle")

log = logging.getLogger(__name__)
SILENT = tr.mark(
    "Azure doesn't report the operation's progress, but the machine shows it in progress."
)
UNANSWERED = tr.mark(
    "No response was received, but Azure shows it in progress. It isn't sent again."
)
MAX_POLL_ERRORS = 10
"""How many consecutive permanent errors end polling."""


async def run_operation(context: Context, operation_id: int, urgency: Urgency) -> None:
    """Continue an operation from its stored state. ``urgency`` applies to sending.

    Raises:
        LookupError: there is no such operation.
    """
    operation = operations.read(context.db, operation_id)
    machine: Machine | None = machines.read(context.db, operation.machine_id)
    if machine is None:
        return
    task = OperationTask(context, operation, machine)
    state = operation.state
    if state.is_final:
        return
    if state is OperationState.QUEUED:
        sending = Sending(task, urgency)
        if context.gateway.connection.changes_allowed:
            await sending.send()
        else:
            await sending.fail_read_only()
    elif not operation.token:
        notes = {OperationState.UNKNOWN: operation.note, OperationState.RUNNING: translated(TAKEN)}
        await task.mark_unknown(notes.get(state, ""))
    else:
        task.token = operation.token
    if task.token is not None and not task.is_unknown and not task.state.is_final:
        await _poll_until_done(task)
    if task.is_unknown:
        await resolve_unknown(task)


async def _poll_until_done(task: OperationTask) -> None:
    """Poll until Azure reports the end.

    Problems lengthen the pauses. If Azure doesn't know the operation, rejects ten polls, or fails for hours, the machine is
    read instead.
    """
    back_off, permanent_errors = pauses.FIRST_BACK_OFF_S, 0
    c = task.context
    silent: list[datetime] = []
    while True:
        try:
            result = await c.calls.reads.call(
                partial(_poll_once, task), Urgency.FOLLOW, max_rejections=0
            )
        except ProblemError as error:
            problem = error.problem
            if problem.operation_failed:
                await finish.finish(task, OperationState.FAILED, problem.sentence, problem)
                return
            permanent_errors = 0 if problem.kind.is_transient else permanent_errors + 1
            silent = [*silent, c.clock()] if problem.may_have_been_sent else []
            task.progress_unavailable = (
                len(silent) >= MAX_POLL_ERRORS and silent[-1] - silent[0] > pauses.SILENT_FOR
            )
            if (
                problem.kind is ProblemKind.NOT_FOUND
                or permanent_errors >= MAX_POLL_ERRORS
                or task.progress_unavailable
            ):
                await task.mark_unknown(
                    tr(
                        "{sentence} The result is read from the machine.", sentence=problem.sentence
                    ),
                    Event.SILENT,
                )
                return
            note = tr(
                "{sentence} The operation's progress can't be read now. Trying again.",
                sentence=problem.sentence,
            )
            await task.move(OperationState.RUNNING, note=note)
            await c.jobs.rest(max(problem.retry_after_s or 0.0, back_off))
            back_off = min(back_off * 2, pauses.MAX_BACK_OFF_S)
            continue
        back_off, permanent_errors, silent = pauses.FIRST_BACK_OFF_S, 0, []
        if result.done:
            await finish.handle_result(task, result.result)
            return
        if result.token != task.token:
            task.token = result.token
            await task.move(OperationState.RUNNING, token=result.token)
        await _store_progress(task)
        await c.jobs.rest(result.delay_s)


def _poll_once(task: OperationTask) -> PollResult:
    assert task.token is not None
    op = task.operation
    return task.gateway.poll(op.kind, task.machine, op.request, task.token)


async def _store_progress(task: OperationTask) -> None:
    """Store the progress that the machine's instance view reports."""
    snapshot = (
        await task.read_machine(Urgency.FOLLOW)
        if task.operation.kind is OperationKind.INSTALL
        else None
    )
    shown = snapshot.run if snapshot is not None else None
    if shown is None or shown.status is not RunStatus.IN_PROGRESS:
        return
    done = (shown.installed or 0) + (shown.failed or 0)
    total = done + (shown.pending or 0)
    note = (
        tr("{done} of {total} updates done.", done=done, total=total)
        if total
        else tr("Checking for updates.")
    )
    await task.store_note(note, done, total)


async def resolve_unknown(task: OperationTask) -> None:
    """Read the machine until it shows the result, the user dismisses the operation, or MAX_UNKNOWN_READS reads show no trace of it.

    If Azure doesn't report such results, one read is enough. While the progress is unavailable, reading continues.

    Raises:
        LookupError: there is no such operation.
    """
    c, op = task.context, task.operation
    pause, without_trace = pauses.FIRST_BACK_OFF_S, 0
    while not task.state.is_final:
        if _has_late_token(task):
            task.token = operations.read(c.db, op.id).token
            await _poll_until_done(task)
            continue
        if task.progress_unavailable and await _answers_again(task):
            await _poll_until_done(task)
            continue
        try:
            await read_instance_view(c, op.machine_id, task.machine, urgency=Urgency.FOLLOW)
            await c.results_reader.read(op.machine_id)
            outcome = reconcile.find_result(c.db, op.id)
            if isinstance(outcome, reconcile.ResolvedResult):
                await task.move(
                    outcome.state,
                    (Event.ENDED, f"{outcome.state.display_name}: {outcome.note}", None),
                    at=c.clock(),
                    note=outcome.note,
                    run_id=outcome.run_id,
                )
                return
            without_trace = 0 if outcome is NotYet.IN_PROGRESS else without_trace + 1
            if without_trace:
                c.ended(op)  # Azure shows no trace, so it blocks nothing
            if outcome is NotYet.IN_PROGRESS:
                await task.move(
                    OperationState.UNKNOWN,
                    note=tr(SILENT if task.progress_unavailable else UNANSWERED),
                )
            elif outcome is NotYet.NOT_REPORTED or without_trace >= pauses.MAX_UNKNOWN_READS:
                await task.move(OperationState.UNKNOWN, note=outcome.text)
                if not task.progress_unavailable and not _has_late_token(task):
                    return
        except ProblemError as error:
            log.info("operation %s can't be resolved yet: %s", op.id, error)
        await c.jobs.rest(pause)
        pause = min(pause * 1.5, pauses.MAX_BACK_OFF_S)


def _has_late_token(task: OperationTask) -> bool:
    """Whether Azure's response arrived after the operation was marked unknown."""
    token = operations.read(task.context.db, task.operation.id).token
    return bool(token) and token != task.token


async def _answers_again(task: OperationTask) -> bool:
    """Whether Azure reports progress again after failing for hours."""
    try:
        await task.context.calls.reads.call(
            partial(_poll_once, task), Urgency.FOLLOW, max_rejections=0
        )
    except ProblemError as error:
        task.progress_unavailable = error.problem.kind is not ProblemKind.NOT_FOUND
        return error.problem.operation_failed
    task.progress_unavailable = False
    return True
