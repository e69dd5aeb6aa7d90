"""The end of an operation: its result is stored, the machine read again, then the end written."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hotpatch_gui.azure import results, values
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.phrases import listed_some
from hotpatch_gui.domain.problems import Problem, ProblemError
from hotpatch_gui.domain.records import InstallationRun, RunStatus, RunUpdate
from hotpatch_gui.store import assessments, installations, operations, queue
from hotpatch_gui.store.audit import Event
from hotpatch_gui.translation import translator
from hotpatch_gui.worker import reconcile
from hotpatch_gui.worker.reconcile import NotYet
from hotpatch_gui.worker.sync.machine import read_instance_view
from hotpatch_gui.worker.urgency import Urgency

from .task import OperationTask

tr = translator("End")

log = logging.getLogger(__name__)
MAX_NAMES = 5
"""Installed updates that the result names."""
_DONE = {
    OperationKind.RESTART: tr.mark(
        "Restarted. An assessment follows to check what is still pending."
    ),
    OperationKind.START: tr.mark("Started."),
    OperationKind.SETTINGS: tr.mark("The settings have been changed."),
    OperationKind.ENROLL: tr.mark(
        "Enrolled. Hotpatches are offered after the next baseline is installed."
    ),
    OperationKind.UNENROLL: tr.mark("Unenrolled."),
}


_SHOWN_BY_MACHINE = (
    OperationKind.START,
    OperationKind.SETTINGS,
    OperationKind.ENROLL,
    OperationKind.UNENROLL,
)
"""Kinds whose result the machine itself shows."""


async def handle_result(task: OperationTask, result: Mapping[str, Any]) -> None:
    """Handle a finished operation's result."""
    task.reload_rows()
    try:
        stored = await _store_result(task, result)
    except (values.UnreadableError, ValueError, TypeError) as error:
        log.warning("result of operation %s could not be read: %s", task.operation.id, error)
        await task.mark_unknown(
            tr(
                "Azure reports that the operation finished, but its result can't be read. The program reads the machine "
                "instead."
            ),
            Event.UNCONFIRMED,
        )
        return
    if task.operation.kind in _SHOWN_BY_MACHINE:
        why = await _unconfirmed_reason(task)
        if why:
            await task.mark_unknown(why, Event.UNCONFIRMED)
            return
    state = OperationState.FAILED if stored.has_failed else OperationState.SUCCEEDED
    await finish(task, state, stored.note, run_id=stored.run_id)


async def _unconfirmed_reason(task: OperationTask) -> str:
    """Why the machine doesn't confirm the result; empty if it does, or while it is still changing."""
    if await task.read_machine(Urgency.FOLLOW) is None:
        return tr(
            "Azure reports that the operation finished, but the machine can't be read to confirm it. The program reads the "
            "machine again."
        )
    found = reconcile.find_result(task.context.db, task.operation.id)
    if isinstance(found, NotYet) and found is not NotYet.IN_PROGRESS:
        return tr(
            "Azure reports that the operation finished, but the machine doesn't show the result. The program reads the "
            "machine again."
        )
    return ""


async def finish(
    task: OperationTask,
    state: OperationState,
    note: str,
    problem: Problem | None = None,
    run_id: str | None = None,
) -> None:
    """Read the machine again, then write the end, so that whoever sees the end sees current data.

    Follow-up operations are queued in the same transaction.
    """
    c, op = task.context, task.operation
    try:
        if op.kind is not OperationKind.ASSESS:
            await read_instance_view(c, op.machine_id, task.machine, urgency=Urgency.FOLLOW)
        await c.results_reader.read(op.machine_id)
    except ProblemError as error:
        note = tr(
            "{note} The machine couldn't be read again: {sentence}",
            note=note,
            sentence=error.problem.sentence,
        )
    next_ids: list[int] = []

    def follow_up() -> None:
        # only an assessment shows whether a restart is still pending
        if op.kind is OperationKind.RESTART and state is OperationState.SUCCEEDED:
            next_ids.extend(queue.follow_up(c.db, OperationKind.ASSESS, op.machine_id, c.clock()))

    await task.move(
        state,
        (Event.ENDED, f"{state.display_name}: {note}", problem),
        then=follow_up,
        durable=True,
        at=c.clock(),
        note=note,
        run_id=run_id,
        code=problem.code if problem else None,
        request_id=problem.request_id if problem else None,
    )
    if next_ids:
        c.changed(ChangedTables.of("operations"))
        c.follow(next_ids)


def _must_have_ended(status: RunStatus) -> None:
    if not status.is_final:
        raise values.UnreadableError(f"the result isn't final: {status}")


class Stored(NamedTuple):
    """A stored result: what happened, or why it failed."""

    note: str
    has_failed: bool = False
    run_id: str | None = None


async def _store_result(task: OperationTask, result: Mapping[str, Any]) -> Stored:
    """Store the operation's result.

    Raises:
        UnreadableError, ValueError, TypeError: it isn't a final result.
    """
    match task.operation.kind:
        case OperationKind.ASSESS:
            return await _store_assessment(task, result)
        case OperationKind.INSTALL:
            return await _store_installation(task, result)
    return Stored(tr(_DONE[task.operation.kind]))


async def _store_assessment(task: OperationTask, result: Mapping[str, Any]) -> Stored:
    machine_id, now = task.operation.machine_id, task.context.clock()
    is_arc = task.machine.arc is not None
    found = results.arc_assessment(result) if is_arc else results.arm_assessment(result, now)
    _must_have_ended(found.status)
    async with task.context.transaction() as db:
        assessments.save(db, [(machine_id, found)], now)
        if found.status.is_good:
            number = assessments.next_pass(db)
            listed = [(machine_id, u) for u in found.updates or ()]
            assessments.save_updates(db, listed, now, number)
            assessments.drop_unseen(db, [machine_id], number)
            assessments.set_in_graph(db, [machine_id])
    if found.status is RunStatus.FAILED:
        return Stored(found.error or tr("Azure gave no reason."), has_failed=True)
    if found.updates is None:
        return Stored(tr("Assessed."))
    return Stored(tr("Assessed: %n update(s) available.", len(found.updates)))


async def _store_installation(task: OperationTask, result: Mapping[str, Any]) -> Stored:
    machine_id, now = task.operation.machine_id, task.context.clock()
    found = results.graph_run(result, None)
    _must_have_ended(found.status)
    if operations.is_run_of_another(task.context.db, found.run_id, task.operation.id):
        raise values.UnreadableError("the result of another operation")
    updates = [results.run_update(values.mapping(p)) for p in values.items(result.get("patches"))]
    async with task.context.transaction() as db:
        installations.save(db, [(machine_id, found)], now)
        key = (machine_id, found.run_id.lower())
        row = installations.run_row_ids(db, [(machine_id, found.run_id)])[key]
        installations.save_updates(db, [(row, u) for u in updates])
    if found.status is RunStatus.FAILED:
        why = "; ".join(m for _, m in found.errors) or tr("Azure gave no reason.")
        return Stored(why, has_failed=True, run_id=found.run_id)
    installed, failed, pending = _counts(found, updates)
    return Stored(
        _installed_text(found, updates, installed, failed + pending),
        has_failed=failed > 0 and not installed,
        run_id=found.run_id,
    )


def _counts(found: InstallationRun, updates: Sequence[RunUpdate]) -> list[int]:
    """How many updates are installed, failed and pending: as counted by Azure, or else by their states.

    Arc-enabled servers report only counts.
    """
    counted = (found.installed, found.failed, found.pending)
    by_state = (
        sum(u.state == state for u in updates) for state in ("Installed", "Failed", "Pending")
    )
    return [c if c is not None else n for c, n in zip(counted, by_state, strict=True)]


def _installed_text(
    found: InstallationRun, updates: Sequence[RunUpdate], installed: int, rest: int
) -> str:
    """The result of an installation; ``rest`` are updates that failed or are pending."""
    if not installed and not rest:
        if found.installed is None and not updates:
            return tr("The installation has ended. What it installed isn't reported.")
        return tr("The installation has ended. There was nothing to install.")
    others = tr(" %n not installed.", rest) if rest else ""
    kbs = [u.kb for u in updates if u.state == "Installed" and u.kb]
    named = f": {listed_some(kbs, MAX_NAMES)}" if kbs else ""
    return tr("%n update(s) installed{named}.{others}", installed, named=named, others=others)
