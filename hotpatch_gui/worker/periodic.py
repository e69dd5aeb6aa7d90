"""Periodic syncs, one at a time per connection."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hotpatch_gui.domain.problems import ProblemError, ProblemKind
from hotpatch_gui.store import sync_state

from .events import Observer, Synced, SyncEnded
from .file import DataFile
from .jobs import Jobs

if TYPE_CHECKING:
    from .context import Context

RETRY_S = 15.0
"""Until the next sync after a transient problem."""


class Periodic:
    """Runs syncs. Lives on the engine's loop.

    Args:
        contexts: connections that are set up, by ID; changes over time.
    """

    def __init__(
        self,
        file: DataFile,
        jobs: Jobs,
        contexts: Mapping[int, Context],
        observe: Observer,
        every_s: float,
    ) -> None:
        self._file, self._jobs, self._contexts = file, jobs, contexts
        self._observe, self.every_s = observe, every_s
        self._periods: dict[int, asyncio.Event] = {}
        self._syncing: set[int] = set()
        self._interrupted: set[int] = set()
        """Connections whose last sync the file interrupted."""
        self._full_next: set[int] = set()

    def begin(self, connection_id: int) -> None:
        """Sync now and at each interval, unless running."""
        self._periods.setdefault(connection_id, asyncio.Event())
        self._jobs.add(f"{connection_id} periodic", lambda: self._repeat(connection_id))

    def every(self, seconds: float) -> None:
        """Change the interval, in seconds."""
        self.every_s = seconds
        for period in self._periods.values():
            period.set()

    def sync_all(self, *, full: bool) -> None:
        """Sync every connection that is set up; ``full`` reads everything."""
        for connection_id in self._contexts:
            self.sync(connection_id, full=full)

    def sync(self, connection_id: int, *, full: bool = False) -> None:
        """Sync a connection. A full sync requested during a sync follows it."""
        context = self._contexts[connection_id]
        begun = self._jobs.add(f"{connection_id} sync", lambda: self._sync_one(context, full=full))
        if full and not begun:
            self._full_next.add(connection_id)

    async def restart(self, connection_id: int) -> None:
        """Cancel a running sync and start another."""
        await self._jobs.end(f"{connection_id} sync")
        if connection_id in self._contexts:
            self.sync(connection_id)

    def forget(self, connection_id: int) -> None:
        """Forget the connection, whose jobs have ended."""
        was_syncing = connection_id in self._syncing
        self._syncing.discard(connection_id)
        self._periods.pop(connection_id, None)
        if was_syncing and not self._syncing:
            self._observe(SyncEnded())  # not Synced, because there is no result

    async def _sync_one(self, context: Context, *, full: bool) -> None:
        from .sync.fleet import sync_fleet  # noqa: PLC0415 - after the first paint

        own = context.connection_id
        self._syncing.add(own)
        self._interrupted.discard(own)
        is_over = True
        try:
            await sync_fleet(context, self._observe, full=full)
            while own in self._full_next:
                self._full_next.discard(own)
                await sync_fleet(context, self._observe, full=True)
        except asyncio.CancelledError:
            is_over = False
            raise
        except (sqlite3.Error, ProblemError):
            self._interrupted.add(own)  # the file couldn't even store the problem
            raise
        finally:
            if is_over:
                self._syncing.discard(own)
                self._observe(Synced(own))
                if not self._syncing:
                    self._observe(SyncEnded())
                if own in self._periods:
                    self._periods[own].set()

    async def _repeat(self, connection_id: int) -> None:
        """Sync at the start and each interval, sooner after a transient problem.

        If the user must sign in, no sync runs until they do.
        """
        period = self._periods[connection_id]
        while True:
            self.sync(connection_id)
            await self._jobs.wait_for(f"{connection_id} sync")
            period.clear()
            while await self._jobs.rest_until(period, self._pause_s(connection_id)):
                period.clear()  # a sign-in, a requested sync or another interval

    def _pause_s(self, connection_id: int) -> float | None:
        """Seconds until the next sync; None if only a person can help."""
        if connection_id in self._interrupted:
            return min(RETRY_S, self.every_s)
        problem = self._last_problem(connection_id)
        if problem is None or not problem.is_transient or problem is ProblemKind.TOKEN_REJECTED:
            return self.every_s
        if problem is not ProblemKind.NOT_SIGNED_IN:
            return min(RETRY_S, self.every_s)
        asks = self._contexts[connection_id].gateway.connection.method.asks_user
        return None if asks else self.every_s

    def _last_problem(self, connection_id: int) -> ProblemKind | None:
        states = sync_state.sync_states(self._file.db)
        kind = next((s.problem_kind for s in states if s.connection_id == connection_id), "")
        return ProblemKind(kind) if kind else None
