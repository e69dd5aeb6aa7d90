"""What a job of the worker needs, against the simulated Azure in this process, with no window and no thread."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

from hotpatch_gui import resources
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.clouds import demo
from hotpatch_gui.domain.connections import demo_connection
from hotpatch_gui.simulator.transport import in_process_transport
from hotpatch_gui.store import connections, database, releases
from hotpatch_gui.store.release_book import ReleaseBook
from hotpatch_gui.worker.context import Context


def context_for(db: sqlite3.Connection, wire: Any, clock: CloudClock) -> Context:
    """Fills ``db`` with the releases and the connection; close the context's gateway in the end."""
    with database.transaction(db):
        releases.save_calendar(db, resources.calendar())
        connections.ensure(db, demo_connection(demo()))
    (connection,) = connections.read_all(db)
    gateway = Gateway(connection, clock, transport=lambda: in_process_transport(wire))
    return Context(
        db,
        gateway,
        clock,
        ReleaseBook(resources.calendar, lambda: db),
        lambda _: None,
        threading.Event(),
        lambda: None,
        lambda _: None,
    )
