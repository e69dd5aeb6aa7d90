"""The engine: one background thread with an asyncio loop, and the only writer of the file.

Commands come in and events go out. Requests and long disk operations run on threads; short commits run on the loop. No Qt.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind, bug
from hotpatch_gui.store import connections, database
from hotpatch_gui.store.release_book import CalendarCache
from hotpatch_gui.system import runtime_tuning
from hotpatch_gui.system.stacks import stacks
from hotpatch_gui.translation import translator

from . import commands
from .connections import Connections, store_failure
from .events import Changed, Failed, Idled, Observer, Opened, Prompted
from .file import DataFile
from .in_thread import in_thread
from .jobs import Job, Jobs
from .operation_scheduler import SendPolicy

if TYPE_CHECKING:
    from hotpatch_gui.domain.connections import Connection
    from hotpatch_gui.domain.release_calendar import Calendar

    from .command_handler import CommandHandler
    from .commands import Command

tr = translator("Engine")

log = logging.getLogger(__name__)
STOP_S, DRAIN_S = 5.0, 1.0
"""The timeouts for stopping, and for handling earlier commands."""
RESTART_S, RESTART_AFTER_BUG_S = 15.0, 60.0
"""When jobs restart after a failure of the file, or a bug."""
_ALLOWED_BEFORE_SETUP = (
    commands.Sync | commands.SyncEvery | commands.ReadMachine | commands.ReadReleasesDaily
)


class Engine:
    """Runs the engine's thread. Methods are thread-safe.

    Args:
        path: the file, created or migrated if necessary.
        data_origin: which cloud's data the file holds.
        calendar: the release data shipped with the program.
        observe: called with every event, on the engine's thread.
        seed: creates a connection that the file should contain.
        transport: returns a factory of transports to a simulated cloud in this process; None for the network. The function and the factory
            may block, so they are called on threads.
        only: the connections to use; None for all.
        sends: which queued operations are sent.
        release_feed: where release data is read once a day; None for nowhere.
    """

    def __init__(
        self,
        path: Path,
        data_origin: str,
        clock: CloudClock,
        calendar: Callable[[], Calendar],
        observe: Observer,
        *,
        sync_every_s: float,
        seed: Callable[[], Connection] | None = None,
        transport: Callable[[], Callable[[], Any]] | None = None,
        only: frozenset[int] | None = None,
        sends: SendPolicy = SendPolicy.ALL,
        release_feed: str | None = None,
    ) -> None:
        self._path, self._data_origin, self._clock, self._calendar = (
            path,
            data_origin,
            clock,
            calendar,
        )
        self._observe = observe
        self._seed, self._make_transport, self._only, self._sends = seed, transport, only, sends
        self._sync_every_s, self._release_feed = sync_every_s, release_feed
        self._file: DataFile | None = None
        self._releases = CalendarCache(calendar, lambda: self._file.db if self._file else None)
        self._connections: Connections | None = None
        self._handler: CommandHandler | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._waiting: list[Command] = []
        self._lock = threading.Lock()
        self._unhandled = 1  # the start
        self._is_stopping = False
        self._restart_timer: asyncio.TimerHandle | None = None
        self._drain_timer: asyncio.TimerHandle | None = None
        self._reported: set[Problem] = set()
        self._abandoned = threading.Event()

    def start(self) -> None:
        """Start the thread, which opens the file and then the connections."""
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def send(self, command: Command) -> None:
        """Queue a command; returns immediately.

        Commands are handled in order and results are reported as events. Commands after ``stop`` are dropped.
        """
        with self._lock:
            if self._is_stopping:
                return
            self._unhandled += 1
            if self._loop is None:
                self._waiting.append(command)
            else:
                self._loop.call_soon_threadsafe(self._inbox.put_nowait, command)

    def stop_queuing(self) -> None:
        """Stop queuing and retrying, because the command line abandoned its request."""
        self._abandoned.set()

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """Stop the thread and wait for it. Sent operations are resumed at the next start.

        Returns:
            False if the thread didn't stop in time (logged).
        """
        thread = self._thread
        if thread is None:
            return True
        with self._lock:
            was_stopping, self._is_stopping = self._is_stopping, True
            if self._loop is not None and not was_stopping:
                self._loop.call_soon_threadsafe(self._request_stop)
        thread.join(timeout_s)
        if thread.is_alive():
            log.error(
                "the engine did not end within %s s\n%s", timeout_s, stacks(thread, self._loop)
            )
        return not thread.is_alive()

    @property
    def unhandled(self) -> int:
        """How many commands are still to be handled, including the start."""
        with self._lock:
            return self._unhandled

    @property
    def is_idle(self) -> bool:
        """Whether no command is left to handle and every job has ended or rests, such as an operation between two polls."""
        with self._lock:
            return self._unhandled == 0 and self._jobs.is_idle

    def _run(self) -> None:
        try:
            asyncio.run(self._run_loop())
        except asyncio.CancelledError:
            return
        except Exception:
            log.exception("the engine ended")
            self._observe(Failed(bug()))
        finally:
            with self._lock:
                self._is_stopping = True

    async def _run_loop(self) -> None:
        self._jobs = Jobs(self._run_guarded, self._report_if_idle, self._abandoned)
        self._inbox: asyncio.Queue[Command | None] = asyncio.Queue()
        with self._lock:
            self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
            for early in self._waiting:
                self._inbox.put_nowait(early)
            if self._is_stopping:
                return
        try:
            await self._run_command(self._start_up())
            self._handled()
            while (command := await self._inbox.get()) is not None:
                await self._run_command(self._handle(command))
                self._handled()
                await asyncio.sleep(0)  # lets other tasks run even if the handler awaited nothing
        finally:
            if self._drain_timer is not None:
                self._drain_timer.cancel()
            await self._jobs.close()
            if self._connections is not None:
                self._connections.close()
            if self._file is not None:
                self._file.close()

    def _request_stop(self) -> None:
        """Handle earlier commands first, so that the user's Cancel isn't lost."""
        assert self._loop is not None
        assert self._main is not None
        self._inbox.put_nowait(None)
        self._drain_timer = self._loop.call_later(DRAIN_S, self._main.cancel)

    def _handled(self) -> None:
        with self._lock:
            self._unhandled -= 1
        self._report_if_idle()

    def _report_if_idle(self) -> None:
        if self.is_idle:
            self._observe(Idled())

    async def _run_guarded(self, job: Job) -> None:
        """Turn a job's exception into a known problem or a logged bug, and restart jobs later.

        The same problem of several jobs is reported once until the jobs restart.
        """
        problem = await self._run_to_problem(job)
        if problem is None or problem in self._reported:
            return
        if self._restart_timer is not None:
            self._reported.add(problem)
        self._observe(Failed(problem))

    async def _run_command(self, command: Job) -> None:
        """Run a command and report its problem each time, because somebody waits for it."""
        problem = await self._run_to_problem(command)
        if problem is not None:
            self._observe(Failed(problem))

    async def _run_to_problem(self, job: Job) -> Problem | None:
        """Run a job to its end.

        Returns:
            Why it failed; None if it didn't.
        """
        try:
            await job
        except ProblemError as error:
            is_final = isinstance(error, database.UnusableFileError)
            if error.problem.kind is ProblemKind.STORE and not is_final:
                self._restart_jobs_after(RESTART_S)
            return error.problem
        except sqlite3.Error as error:
            self._restart_jobs_after(RESTART_S)
            return database.store_problem(error, self._path)
        except Exception:
            log.exception("a background job or a command failed")
            self._restart_jobs_after(RESTART_AFTER_BUG_S)
            return bug()
        return None

    def _restart_jobs_after(self, seconds: float) -> None:
        """Restart all failed jobs once after this time."""
        if self._restart_timer is None and self._loop is not None:
            self._restart_timer = self._loop.call_later(seconds, self._restart_jobs)

    def _restart_jobs(self) -> None:
        self._restart_timer = None
        self._reported.clear()
        if self._connections is None:
            self.send(commands.Sync())
        else:
            assert self._handler is not None
            self._connections.restart_jobs()
            self._jobs.add("set-up", self._connections.open_all)
            self._handler.read_releases_daily()

    async def _start_up(self) -> None:
        """Open the file, then set up connections. If a step fails, the next Sync command repeats it."""
        if self._file is None:
            await self._open()
        if self._connections is None:
            await self._connect()
        else:
            await self._connections.open_all()

    async def _open(self) -> None:
        from hotpatch_gui.store import releases  # noqa: PLC0415 - after the first paint

        db, set_aside = await self._prepare()
        file = DataFile(self._path, db)
        try:
            async with file.transaction():
                releases.save_calendar(db, releases.calendar_of(db, self._calendar()))
                if self._seed is not None:
                    connections.ensure(db, self._seed())
        except BaseException:
            file.close()
            raise
        self._file = file
        self._observe(Opened(self._path, set_aside))

    async def _prepare(self) -> tuple[sqlite3.Connection, Path | None]:
        """Check and migrate the file, which takes seconds if it is large."""
        return await in_thread(
            partial(database.prepare, self._path, self._data_origin), "opening the file"
        )

    async def _connect(self) -> None:
        """Import the SDKs (0.8 s) and set up every connection."""
        assert self._file is not None
        await in_thread(_import_sdks)
        from .command_handler import CommandHandler  # noqa: PLC0415 - after the first paint

        runtime_tuning.tune_garbage_collection()
        make = self._make_transport
        try:
            transport = await in_thread(make) if make is not None else None
        except ProblemError as error:
            ids = [connection.id for connection in connections.read_all(self._file.db)]
            await store_failure(self._file, self._clock, ids, error.problem)
            self._observe(Changed(ChangedTables.of("sync_state")))
            raise
        loop = asyncio.get_running_loop()

        def prompt(text: str) -> None:
            loop.call_soon_threadsafe(self._observe, Prompted(text))

        self._connections = Connections(
            self._file,
            self._clock,
            self._releases,
            self._jobs,
            self._observe,
            transport=transport,
            only=self._only,
            sends=self._sends,
            sync_every_s=self._sync_every_s,
            prompt=prompt,
        )
        self._handler = CommandHandler(
            self._file,
            self._clock,
            self._jobs,
            self._connections,
            self._observe,
            calendar=self._calendar,
            releases=self._releases,
            feed=lambda: self._release_feed,
        )
        await self._connections.open_all()
        self._handler.read_releases_daily()

    async def _handle(self, command: Command) -> None:
        match command:
            case commands.Sync():
                await self._start_up()
            case commands.SyncEvery(seconds):
                self._sync_every_s = seconds
            case commands.ReadReleasesDaily(address):
                self._release_feed = address
        if self._handler is not None:
            await self._handler.handle(command)
        elif not isinstance(command, _ALLOWED_BEFORE_SETUP):
            raise ProblemError(
                Problem(
                    ProblemKind.STORE,
                    tr("The program isn't ready, so nothing was done."),
                    tr("Resolve the reported problem, then try again."),
                )
            )


def _import_sdks() -> None:
    from .operations import lifecycle  # noqa: F401, PLC0415 - loads what the first sync needs
