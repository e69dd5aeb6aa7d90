"""After a read: each machine's situation, and releases that only the fleet shows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.store import machines, releases, run_checks, situations, sync_state
from hotpatch_gui.worker.context import Context

DERIVE_SLICE = 200
"""Machines per transaction, so that a click isn't delayed."""
SITUATION_VALID_FOR = timedelta(hours=1)
"""How long a machine's situation stays current."""


async def derive_again_if_old(context: Context) -> None:
    """Derive situations again if that was more than SITUATION_VALID_FOR ago, or if an earlier version derived them."""
    derived = context.derivation.at or _last_sync(context)
    if derived is None:
        return
    is_old = context.clock() - derived > SITUATION_VALID_FOR
    if is_old or situations.has_underived_machines(context.db, context.connection_id):
        await derive_all(context)
        context.changed(ChangedTables.of("machines"))


def _last_sync(context: Context) -> datetime | None:
    """When the connection's last successful sync ended."""
    states = sync_state.sync_states(context.db)
    return next((s.finished for s in states if s.connection_id == context.connection_id), None)


async def derive_all(context: Context) -> None:
    """Derive the situations of the connection's machines.

    Raises:
        ProblemError, sqlite3.Error: see ``DataFile.transaction``.
    """
    await derive(context, machines.present(context.db, context.connection_id))
    context.derivation.at = context.clock()


async def derive(context: Context, machine_ids: Sequence[int]) -> None:
    """Derive the machines' situations, and compare their runs with assessments.

    Raises:
        ProblemError, sqlite3.Error: see ``DataFile.transaction``.
    """
    for start in range(0, len(machine_ids), DERIVE_SLICE):
        async with context.transaction() as db:
            some = machine_ids[start : start + DERIVE_SLICE]
            situations.derive_and_record(db, some, context.calendar, context.clock())
            run_checks.check_runs(db, some)
        await asyncio.sleep(0)


async def learn(context: Context) -> bool:
    """Store releases that only the fleet shows; return whether there were new ones.

    Raises:
        ProblemError, sqlite3.Error: see ``DataFile.transaction``.
    """
    async with context.transaction() as db:
        is_new = releases.learn_from_fleet(db, context.calendar, context.clock())
        if is_new:
            context.releases.forget()
            releases.save_calendar(db, context.calendar)
    if is_new:
        context.changed(ChangedTables.of("releases", "machines"))
    return is_new
