"""Machines that a complete read didn't return: deleted, or hidden from the account."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import partial

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.problems import ProblemError, ProblemKind
from hotpatch_gui.store import machines
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.urgency import Urgency

MAX_INDIVIDUAL_READS = 50
"""How many missing machines are read individually. If none of those that the account can read exists, the rest count as deleted."""


async def mark_unseen(
    context: Context, seen: AbstractSet[str], subscription_ids: AbstractSet[str]
) -> None:
    """Mark machines that a complete read of the machines didn't return; ``seen`` and the readable subscriptions are in lower case.

    Raises:
        ProblemError, sqlite3.Error: see ``DataFile.transaction``.
    """
    found = machines.unseen(context.db, context.connection_id, seen, subscription_ids)
    deleted, hidden = list(found.deselected), list(found.unreadable)
    refused: set[tuple[str, str]] = set()
    reads, kinds = 0, set[ProblemKind | None]()
    for machine_id in found.missing:
        machine = machines.read(context.db, machine_id)
        assert machine is not None
        group = (machine.subscription_id.casefold(), machine.resource_group.casefold())
        kind = None
        if group not in refused and reads < MAX_INDIVIDUAL_READS:
            reads += 1
            kind = await _trouble_with(context, machine)
            kinds.add(kind)
        elif group not in refused and kinds - {ProblemKind.FORBIDDEN} == {ProblemKind.NOT_FOUND}:
            kind = ProblemKind.NOT_FOUND
        if kind is ProblemKind.FORBIDDEN:
            refused.add(group)
        if group in refused:
            hidden.append(machine_id)
        elif kind is ProblemKind.NOT_FOUND:
            deleted.append(machine_id)
    if deleted or hidden:
        async with context.transaction() as db:
            machines.mark_deleted(db, deleted, context.clock())
            machines.mark_hidden(db, hidden, context.clock())
        context.changed(ChangedTables.of("machines"))


async def _trouble_with(context: Context, machine: Machine) -> ProblemKind | None:
    """Why Azure doesn't show the machine; None if it does, because Resource Graph may lag."""
    try:
        read = partial(context.gateway.read_machine, machine)
        await context.calls.reads.call(read, Urgency.READ)
    except ProblemError as error:
        return error.problem.kind
    return None
