"""Changes of connections by the user: stored first, then applied."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import connections, queue, sync_state
from hotpatch_gui.translation import translator

from .connections import Connections
from .file import DataFile
from .jobs import Jobs

if TYPE_CHECKING:
    from .signing import Signing

tr = translator("ConnectionChanges")


class ConnectionChanges:
    """Applies changes of connections. Lives on the engine's loop."""

    def __init__(
        self,
        file: DataFile,
        clock: CloudClock,
        jobs: Jobs,
        in_use: Connections,
        signing: Signing,
    ) -> None:
        self._file, self._clock, self._jobs = file, clock, jobs
        self._in_use, self._signing = in_use, signing

    async def save(self, connection: Connection) -> None:
        """Store a connection. If it is new or has another target, sign in and then sync.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        async with self._file.transaction() as db:
            is_new = not connections.was_made(db, connection.id)
            stored = None if is_new else _must_exist(db, connection.id)
            if stored is not None:
                connection = connection._replace(changes_allowed=stored.changes_allowed)
            number = connections.save(db, connection)
            if is_new:
                connections.choose_subscriptions(db, number, connection.subscription_ids)
        context = self._in_use.contexts.get(number)
        now = self._in_use.stored(number)
        if context is not None and context.gateway.apply_connection(now):
            self._in_use.periodic.sync(number)
        else:
            was = await self._in_use.detach(number)
            if stored is not None and not now.has_same_target(stored):
                self._signing.forget_tokens(stored, was)
            else:
                self._in_use.close_later(number, was)
            try:
                async with self._file.transaction() as db:
                    sync_state.forget_problem(db, number)
                    sync_state.require_full_sync(db, number)
            finally:
                # its own name, because deleting tokens also sets the connection up
                self._jobs.add(f"{number} new set-up", lambda: self._set_up_new(now))
        self._in_use.changed("connections", "subscriptions", "sync_state", "machines")

    async def _set_up_new(self, connection: Connection) -> None:
        asks = connection.method.asks_user
        await self._in_use.wait_for_tokens(connection.id)  # of its previous target
        await self._in_use.set_up(connection, start_jobs=not asks)
        if asks:
            self._signing.sign_in(connection.id)

    async def rename(self, connection_id: int, name: str) -> None:
        """Store and apply another name.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        async with self._file.transaction() as db:
            connections.rename(db, connection_id, name)
        self._in_use.apply_connection(connection_id)
        self._in_use.changed("connections", "machines")

    async def allow_changes(self, connection_id: int, *, changes_allowed: bool) -> None:
        """Store and apply whether changes are allowed.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        async with self._file.transaction(durable=True) as db:
            connections.allow_changes(db, connection_id, changes_allowed=changes_allowed)
        self._in_use.apply_connection(connection_id)
        self._in_use.changed("connections", "machines")

    async def choose_subscriptions(self, connection_id: int, ids: tuple[str, ...]) -> None:
        """Store the selection and sync again.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        async with self._file.transaction() as db:
            _must_exist(db, connection_id)
            connections.choose_subscriptions(db, connection_id, ids)
            sync_state.require_full_sync(db, connection_id)
        self._in_use.apply_connection(connection_id)
        await self._in_use.periodic.restart(connection_id)
        self._in_use.changed("connections", "subscriptions")

    async def remove(self, connection_id: int) -> None:
        """End its jobs, remove it, then delete its tokens.

        The transaction also cancels its queued operations, and marks sent ones unknown.

        Raises:
            ProblemError, sqlite3.Error: nothing was stored, and the connection continues.
        """
        stored = connections.read(self._file.db, connection_id)
        context = await self._in_use.detach(connection_id)
        try:
            async with self._file.transaction(durable=True) as db:
                connections.remove(db, connection_id, self._clock())
        except (sqlite3.Error, ProblemError):
            self._in_use.restore(connection_id, context)
            raise
        # deleting tokens may have set it up again
        self._in_use.close_later(connection_id, await self._in_use.detach(connection_id))
        if stored is not None:
            self._signing.forget_tokens(stored, context)
        for batch_id in queue.batches_with_waiting(self._file.db):
            self._in_use.scheduler.continue_batch(batch_id)
        self._in_use.changed(
            "connections",
            "subscriptions",
            "sync_state",
            "machines",
            "updates",
            "operations",
            "schedule_changes",
            "deployments",
            "audit_log",
        )


def _must_exist(db: sqlite3.Connection, connection_id: int) -> Connection:
    """The stored connection.

    Raises:
        ProblemError: it was removed.
    """
    stored = connections.read(db, connection_id)
    if stored is None:
        raise ProblemError(
            Problem(
                ProblemKind.NOT_FOUND,
                tr("This connection has been removed, so nothing was changed."),
                tr("Create a new one in Settings › Connections."),
            )
        )
    return stored
