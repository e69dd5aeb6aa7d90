"""One machine, or the lists of several, after a click or an operation."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from hotpatch_gui.azure.gateway import MachineSnapshot
from hotpatch_gui.azure.resource_graph import QueryFilter
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.permissions import Grant
from hotpatch_gui.domain.problems import ProblemError, ProblemKind
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.store import assessments, installations, machines, permissions, situations
from hotpatch_gui.worker.calls import MAX_THROTTLED
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.urgency import Urgency

from .pages import AssessmentPass, next_page, slices, store_installations

log = logging.getLogger(__name__)


async def read_instance_view(
    context: Context,
    machine_id: int,
    machine: Machine,
    *,
    urgency: Urgency,
    max_rejections: float = MAX_THROTTLED,
    must_exist: bool = False,
) -> MachineSnapshot | None:
    """Read one machine through Resource Manager and store it; None if it doesn't exist, or another one has its name.

    Raises:
        ProblemError: it can't be read, or it doesn't exist although it ``must_exist``.
    """
    read = partial(context.gateway.read_machine, machine)
    try:
        snapshot = await context.calls.reads.call(read, urgency, max_rejections=max_rejections)
    except ProblemError as error:
        if error.problem.kind is ProblemKind.NOT_FOUND and not must_exist:
            return None
        raise
    now = context.clock()
    async with context.transaction() as db:
        machines.save(db, context.connection_id, [snapshot.machine])
        own = snapshot.machine.resource_id.lower()
        is_same = machines.ids(db, [own]).get(own) == machine_id
        if is_same:
            _save_snapshot(db, machine_id, snapshot, now)
            situations.derive_and_record(db, [machine_id], context.calendar, now)
    context.changed(ChangedTables.of("machines", "assessments", "installations"))
    return snapshot if is_same else None  # another machine has its name now


def _save_snapshot(
    db: sqlite3.Connection, machine_id: int, snapshot: MachineSnapshot, now: datetime
) -> None:
    if snapshot.assessment is not None and snapshot.assessment.status is not RunStatus.IN_PROGRESS:
        assessments.save(db, [(machine_id, snapshot.assessment)], now)
    if snapshot.run is not None:
        installations.save(db, [(machine_id, snapshot.run)], now)
    machines.mark_instance_view_read(db, machine_id, now)


async def read_machine(context: Context, machine_id: int, urgency: Urgency) -> None:
    """Read one machine completely: Resource Manager for settings and state, Resource Graph for lists.

    Raises:
        ProblemError: something can't be read.
    """
    machine = machines.read(context.db, machine_id)
    if machine is None:
        return
    await read_instance_view(context, machine_id, machine, urgency=urgency)
    await read_results(context, [machine_id], urgency)


async def read_selected_machine(context: Context, machine_id: int) -> None:
    """Read one machine completely with permissions, because a user views it.

    Raises:
        ProblemError: something can't be read.
    """
    await read_machine(context, machine_id, Urgency.ACT)
    machine = machines.read(context.db, machine_id)
    if machine is None:
        return
    grants = await _grants_of(context, machine)
    if grants is not None:
        async with context.transaction() as db:
            mine = context.connection_id
            permissions.save(db, mine, machine.resource_id, grants, context.clock())
        context.changed(ChangedTables.of("permissions"))


async def read_results(context: Context, machine_ids: Sequence[int], urgency: Urgency) -> None:
    """Read assessments and installations of these machines, in two queries with their pages.

    Raises:
        ProblemError: something can't be read.
    """
    below = machines.resource_ids(context.db, machine_ids)
    if not below:  # replaced machines; an empty filter would read the whole fleet
        return
    filter_fields = QueryFilter(below=below)
    assessment_pass = await AssessmentPass.begin(context)
    pages = context.gateway.assessment_pages(filter_fields)
    while page := await next_page(context, pages, urgency):
        await assessment_pass.store(page)
    await assessment_pass.end()
    runs = context.gateway.installation_pages(filter_fields)
    while run_page := await next_page(context, runs, urgency):
        await store_installations(context, run_page)
    for some in slices(machine_ids):
        async with context.transaction() as db:
            situations.derive_and_record(db, some, context.calendar, context.clock())
    context.changed(ChangedTables.of("machines", "assessments", "updates", "installations"))


async def _grants_of(context: Context, machine: Machine) -> list[Grant] | None:
    """The account's permissions on it; None if unknown."""
    read = partial(context.gateway.machine_grants, machine)
    try:
        return await context.calls.reads.call(read, Urgency.ACT)
    except ProblemError as error:
        log.info("permissions on %s are not known: %s", machine.name, error)
        return None
