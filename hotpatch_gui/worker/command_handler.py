"""Routes each command to the part of the engine that handles it, once the file is open; connections may not be ready yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import commands
from .connection_changes import ConnectionChanges
from .operation_queue import OperationQueue
from .release_updates import ReleaseUpdates
from .signing import Signing

if TYPE_CHECKING:
    from collections.abc import Callable

    from hotpatch_gui.domain.clock import CloudClock
    from hotpatch_gui.domain.release_calendar import Calendar
    from hotpatch_gui.store.release_book import CalendarCache

    from .commands import Command
    from .connections import Connections
    from .events import Observer
    from .file import DataFile
    from .jobs import Jobs

_DAILY = "release data, daily"


class CommandHandler:
    """Handles commands on the engine's loop.

    Args:
        calendar: the release data shipped with the program.
        feed: where release data is read once a day; None for nowhere.
    """

    def __init__(
        self,
        file: DataFile,
        clock: CloudClock,
        jobs: Jobs,
        connections: Connections,
        observe: Observer,
        *,
        calendar: Callable[[], Calendar],
        releases: CalendarCache,
        feed: Callable[[], str | None],
    ) -> None:
        self._jobs, self._connections, self._feed = jobs, connections, feed
        self._queue = OperationQueue(file, clock, jobs, connections.scheduler, observe)
        self._signing = Signing(file, clock, jobs, connections, observe)
        self._changes = ConnectionChanges(file, clock, jobs, connections, self._signing)
        self._releases = ReleaseUpdates(file, calendar, releases, clock, jobs=jobs, observe=observe)

    def read_releases_daily(self) -> None:
        """Keep reading release data once a day."""
        self._jobs.add(_DAILY, lambda: self._releases.daily(self._feed))

    async def handle(self, command: Command) -> None:
        """Handle a command.

        Raises:
            ProblemError: it was rejected, and nothing was done.
            sqlite3.Error: the file failed, and nothing was done.
        """
        match command:
            case commands.Sync(full):
                self._connections.periodic.sync_all(full=full)
            case commands.SyncEvery(seconds):
                self._connections.periodic.every(seconds)
            case commands.ReadMachine(resource_id):
                await self._connections.read_machine(resource_id)
            case commands.Act():
                await self._queue.act(command)
            case commands.Cancel() | commands.Dismiss():
                await self._queue.end(command)
            case commands.WaitForTurn():
                await self._queue.wait_for_turn(command)
            case commands.ReadReleasesDaily():
                await self._jobs.end(_DAILY)
                self.read_releases_daily()
            case commands.UpdateReleases(address):
                self._jobs.add("release data", lambda: self._releases.from_microsoft(address))
            case commands.ImportReleases(path):
                self._jobs.add(f"release data, {path}", lambda: self._releases.from_file(path))
            case _:
                await self._handle_connection(command)

    async def _handle_connection(self, command: Command) -> None:
        match command:
            case commands.ChangeSchedules() | commands.CancelChanges() | commands.DismissChanges():
                await self._connections.schedule_changes.handle(command)
            case commands.CheckDeployment() | commands.Deploy():
                await self._connections.deployments.handle(command)
            case commands.SaveConnection(connection):
                await self._changes.save(connection)
            case commands.Rename(connection_id, name):
                await self._changes.rename(connection_id, name)
            case commands.SetChangesAllowed(connection_id, changes_allowed):
                await self._changes.allow_changes(connection_id, changes_allowed=changes_allowed)
            case commands.ChooseSubscriptions(connection_id, ids):
                await self._changes.choose_subscriptions(connection_id, ids)
            case commands.RemoveConnection(connection_id):
                await self._changes.remove(connection_id)
            case commands.SignIn(connection_id):
                self._signing.sign_in(connection_id)
            case commands.SignOut(connection_id):
                await self._signing.sign_out(connection_id)
