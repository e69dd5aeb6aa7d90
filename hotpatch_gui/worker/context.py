"""The objects that a connection's jobs share."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime

from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.operations import Operation
from hotpatch_gui.domain.problems import Problem
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.store.release_book import CalendarCache

from .calls import Calls
from .file import DataFile
from .jobs import Jobs
from .sync.results import MachineResultsReader
from .turns import Turns
from .urgency import Urgency


@dataclass(slots=True)
class LastDerivation:
    """The time at which the situations of all of a connection's machines were last derived in this session; None if they weren't."""

    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One connection's tools.

    Attributes:
        changed: called after each commit.
        failed: called with problems that the user must solve, outside syncs.
        follow: starts operations that were just queued.
        ended: called with an operation that finished or whose result became unknown, so that waiting ones start.
        turns: wakes operations that wait on a machine.
        expire_after_sleep: cancels old operations if the computer slept; called inside a transaction.
        read_results: reads machines' assessments and installations (``sync.machine.read_results``).
        results_reader: reads them for machines whose operations finished, up to 50 per query.
    """

    file: DataFile
    gateway: Gateway
    calls: Calls
    clock: CloudClock
    releases: CalendarCache
    jobs: Jobs
    changed: Callable[[ChangedTables], None]
    failed: Callable[[Problem], None]
    follow: Callable[[Iterable[int]], None]
    ended: Callable[[Operation], None]
    turns: Turns
    expire_after_sleep: Callable[[sqlite3.Connection], None]
    read_results: Callable[[Context, Sequence[int], Urgency], Awaitable[None]]
    derivation: LastDerivation = field(default_factory=LastDerivation)
    results_reader: MachineResultsReader = field(init=False)

    def __post_init__(self) -> None:
        results_reader = MachineResultsReader(
            lambda ids: self.read_results(self, ids, Urgency.FOLLOW)
        )
        object.__setattr__(self, "results_reader", results_reader)

    @property
    def db(self) -> sqlite3.Connection:
        """The connection to read from; ``transaction`` writes."""
        return self.file.db

    def transaction(
        self, *, durable: bool = False
    ) -> AbstractAsyncContextManager[sqlite3.Connection]:
        """A transaction of the file; see ``DataFile.transaction``.

        Raises:
            ProblemError, sqlite3.Error: as that one.
        """
        return self.file.transaction(durable=durable)

    @property
    def calendar(self) -> Calendar:
        """The current release calendar."""
        return self.releases()

    @property
    def connection_id(self) -> int:
        """The row ID of the connection whose tools these are."""
        return self.gateway.connection.id

    def close(self) -> None:
        """Cancel reads, and close calls and the gateway."""
        self.results_reader.close()
        self.calls.close()
        self.gateway.close()
