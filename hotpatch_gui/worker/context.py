"""What every job of a connection needs, handed over once."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.operations import Operation
from hotpatch_gui.domain.problems import Problem
from hotpatch_gui.domain.releases import Calendar
from hotpatch_gui.store.release_book import ReleaseBook

from .calls import Calls
from .file import DataFile
from .jobs import Jobs
from .sync.lists import Lists
from .turns import Turns
from .urgency import Urgency


@dataclass(frozen=True, slots=True)
class Context:
    """One connection's.

    Attributes:
        changed: is called after each commit.
        failed: hears of what the user has to do something about, outside a sync and its end.
        follow: begins the operations with these ids, which have just been queued.
        ended: hears of an operation that has ended, so that those that wait for it go on.
        turns: wakes what waits on a machine.
        expire_after_sleep: cancels old requests if the computer slept; called inside a transaction.
        read_lists: reads the lists of some machines (``sync.machine.read_lists``).
        lists: reads the lists of machines whose operations have ended, many together.
    """

    file: DataFile
    gateway: Gateway
    calls: Calls
    clock: CloudClock
    releases: ReleaseBook
    jobs: Jobs
    changed: Callable[[Changes], None]
    failed: Callable[[Problem], None]
    follow: Callable[[Iterable[int]], None]
    ended: Callable[[Operation], None]
    turns: Turns
    expire_after_sleep: Callable[[sqlite3.Connection], None]
    read_lists: Callable[[Context, Sequence[int], Urgency], Awaitable[None]]
    lists: Lists = field(init=False)

    def __post_init__(self) -> None:
        lists = Lists(lambda ids: self.read_lists(self, ids, Urgency.FOLLOW))
        object.__setattr__(self, "lists", lists)

    @property
    def db(self) -> sqlite3.Connection:
        """To read; ``transaction`` writes."""
        return self.file.db

    def transaction(
        self, *, durable: bool = False
    ) -> AbstractAsyncContextManager[sqlite3.Connection]:
        return self.file.transaction(durable=durable)

    @property
    def calendar(self) -> Calendar:
        """The calendar in force."""
        return self.releases()

    @property
    def connection_id(self) -> int:
        return self.gateway.connection.id

    def close(self) -> None:
        """Let what waits for its lists go, then the threads and the connections to Azure."""
        self.lists.close()
        self.calls.close()
        self.gateway.close()
