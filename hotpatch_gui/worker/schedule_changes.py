"""Stores requested changes of schedules, and lets them be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.problems import Problem, ProblemKind
from hotpatch_gui.store import connections
from hotpatch_gui.store import schedule_changes as store
from hotpatch_gui.system.user import local_user
from hotpatch_gui.translation import translator

from . import commands
from .events import Changed, ChangesQueued, Failed, Observer
from .file import DataFile
from .jobs import Jobs
from .operation_scheduler import SendPolicy
from .schedule_sender import TABLES, ScheduleSender

if TYPE_CHECKING:
    from .context import Context

tr = translator("ScheduleChangesWorker")


class ScheduleChanges:
    """Stores and sends changes. Lives on the engine's loop.

    A change is sent once. If its response is lost, only reading the resource decides whether it was made.
    """

    def __init__(
        self,
        file: DataFile,
        clock: CloudClock,
        jobs: Jobs,
        contexts: dict[int, Context],
        observe: Observer,
        *,
        sends: SendPolicy,
    ) -> None:
        self._file, self._clock, self._jobs, self._contexts = file, clock, jobs, contexts
        self._observe, self._requested_by = observe, local_user()
        self._sends, self._own = sends, set[int]()
        self._wakes: dict[int, asyncio.Event] = {}

    async def handle(
        self, command: commands.ChangeSchedules | commands.CancelChanges | commands.DismissChanges
    ) -> None:
        """Handle a command about changes of schedules."""
        match command:
            case commands.ChangeSchedules():
                await self.request(command)
            case commands.CancelChanges(change_ids):
                await self.cancel(change_ids)
            case commands.DismissChanges():
                await self.dismiss()

    async def request(self, command: commands.ChangeSchedules) -> None:
        """Store the changes; they are sent when the connection is ready. If it was removed, report that nothing was stored.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        if connections.read(self._file.db, command.connection_id) is None:
            problem = Problem(
                ProblemKind.NOT_FOUND,
                tr("The connection was removed, so nothing was requested."),
                tr("Choose another connection."),
            )
            self._observe(Failed(problem))
            self._observe(ChangesQueued(()))
            return
        async with self._file.transaction(durable=True) as db:
            is_abandoned = self._jobs.is_abandoned
            added = (
                []
                if is_abandoned
                else store.add(
                    db, command.connection_id, command.changes, self._clock(), self._requested_by
                )
            )
        self._own.update(added)
        self._observe(Changed(TABLES))
        self._observe(ChangesQueued(tuple(added)))
        self.resume(command.connection_id)
        self._wake(command.connection_id).set()

    async def dismiss(self) -> None:
        """Dismiss all changes whose result isn't known.

        Changes of the same resource that waited for one are sent; changes that depend on one are canceled.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        async with self._file.transaction() as db:
            store.dismiss_unknown(db, self._clock())
        self._observe(Changed(TABLES))
        for connection_id in list(self._contexts):
            self.resume(connection_id)
            self._wake(connection_id).set()

    async def cancel(self, change_ids: Sequence[int] | None) -> None:
        """Cancel these changes, or all, as far as they are queued.

        Raises:
            ProblemError, sqlite3.Error: see ``DataFile.transaction``.
        """
        async with self._file.transaction(durable=True) as db:
            store.cancel(db, change_ids, self._clock())
        self._observe(Changed(TABLES))
        for wake in self._wakes.values():
            wake.set()

    def resume(self, connection_id: int) -> None:
        """Send the waiting changes, including those of an earlier session."""
        context = self._contexts.get(connection_id)
        if context is not None and store.any_unfinished(self._file.db, connection_id):
            name = f"{connection_id} schedule changes"
            wake = self._wake(connection_id)
            self._jobs.add(name, lambda: ScheduleSender(context, wake, self._may_send).run())

    def _may_send(self, change_id: int) -> bool:
        """Whether this engine sends a queued change; a command line sends only its own."""
        return self._sends is SendPolicy.ALL or (
            self._sends is SendPolicy.OWN and change_id in self._own
        )

    def _wake(self, connection_id: int) -> asyncio.Event:
        return self._wakes.setdefault(connection_id, asyncio.Event())
