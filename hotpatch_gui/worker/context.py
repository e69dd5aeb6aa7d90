"""What every job of the worker needs, handed over once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass

from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.problems import Problem
from hotpatch_gui.domain.releases import Calendar
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.release_book import ReleaseBook


@dataclass(frozen=True, slots=True)
class Context:
    """One connection's. ``changed`` is called after each commit; ``stopping`` is checked before each write;
    ``take_operations`` is called after something was queued."""

    db: sqlite3.Connection
    gateway: Gateway
    clock: CloudClock
    releases: ReleaseBook
    changed: Callable[[Changes], None]
    stopping: threading.Event
    take_operations: Callable[[], None]
    failed: Callable[[Problem], None]
    """Hears of what the user has to do something about, outside a sync and its end."""

    @property
    def calendar(self) -> Calendar:
        """The calendar in force."""
        return self.releases()

    @property
    def connection_id(self) -> int:
        return self.gateway.connection.id
