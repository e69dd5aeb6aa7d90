"""The context of an engine's job: the simulated Azure in this process, without a window or thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.clouds import demo
from hotpatch_gui.domain.connections import demo_connection
from hotpatch_gui.simulator.transport import in_process_transport
from hotpatch_gui.store import connections, database, releases
from hotpatch_gui.store.release_book import CalendarCache
from hotpatch_gui.system import resources
from hotpatch_gui.worker.calls import Calls
from hotpatch_gui.worker.context import Context
from hotpatch_gui.worker.file import DataFile
from hotpatch_gui.worker.jobs import Job, Jobs
from hotpatch_gui.worker.sync.fleet import sync_fleet
from hotpatch_gui.worker.sync.machine import read_results
from hotpatch_gui.worker.turns import Turns

T = TypeVar("T")


def run_with(
    db: sqlite3.Connection,
    simulator: Any,
    clock: CloudClock,
    job: Callable[[Context], Awaitable[T]],
) -> T:
    """Run ``job`` to its end and return its result. Fills ``db`` with the releases and the connection."""
    with database.transaction(db):
        releases.save_calendar(db, resources.calendar())
        connections.ensure(db, demo_connection(demo()))
    (connection,) = connections.read_all(db)
    path = Path(db.execute("PRAGMA database_list").fetchone()[2])

    async def lived() -> T:
        gateway = Gateway(connection, clock, transport=lambda: in_process_transport(simulator))
        context = Context(
            DataFile(path, db),
            gateway,
            Calls(gateway),
            clock,
            CalendarCache(resources.calendar, lambda: db),
            Jobs(_raised, lambda: None),
            lambda _: None,
            lambda _: None,
            lambda _: None,
            lambda _: None,
            Turns(),
            lambda _: None,
            read_results,
        )
        try:
            return await job(context)
        finally:
            context.results_reader.close()
            context.calls.close()
            gateway.close()

    return asyncio.run(lived())


def sync(db: sqlite3.Connection, simulator: Any, clock: CloudClock, *, full: bool = True) -> None:
    """One sync of the fleet, to its end."""
    run_with(db, simulator, clock, lambda context: sync_fleet(context, lambda _: None, full=full))


async def _raised(job: Job) -> None:
    await job
