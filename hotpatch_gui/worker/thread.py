"""The worker object and its thread."""

from __future__ import annotations

import gc
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import catalogue, connections, database, operations
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.release_book import ReleaseBook

if TYPE_CHECKING:
    from hotpatch_gui.domain.connections import Connection
    from hotpatch_gui.domain.releases import Calendar

    from .context import Context
    from .release_updates import ReleaseUpdates
    from .scheduler import Job, Scheduler

log = logging.getLogger(__name__)
STOP_TIMEOUT_MS = 15_000
RETRY_S = 15.0
BUG_RETRY_S = 60.0
GC_THRESHOLDS = (20_000, 20, 20)
IDLE_S = 1.0
"""With nothing due for this long, the worker counts as idle."""


_BUG = Problem(
    ProblemKind.BUG,
    "Something went wrong in this program, and one task of it was given up.",
    "What was stored is safe. Press F5 to go on; the log in the data folder has the details.",
)


def _no_connection(name: str, error: Exception) -> Problem:
    return Problem(
        ProblemKind.REJECTED,
        f"The connection {name} could not be set up: {error}",
        "Change it in Settings › Connections.",
    )


def spare_the_collector() -> None:
    """Once the SDKs are imported: half a million objects that stay, and a walk of the garbage collector
    through them holds the window still for 100 ms. A sync makes as many that are gone with their page, so
    it need not look as often either."""
    if gc.get_freeze_count() == 0:
        gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


class Opened(NamedTuple):
    """The file is ready; ``set_aside`` is where a damaged one was put, if there was one."""

    path: Path
    set_aside: Path | None


class Worker(QObject):
    """Talks to Azure and writes the file. Lives on its own thread; slots are called by signals.

    Signals:
        opened (Opened): the file is there and of the current schema.
        changed (Changes): a commit was made.
        sync_progressed (SyncProgress): a page of a sync was written.
        sync_ended (): a sync came to its end, well or not; sync_state says how.
        failed (Problem): something outside an operation or a sync went wrong.
        prompted (str): what the user has to do to sign in; empty once it is done.
        connected (tuple of ids): these connections are there; the others have said why not.
        releases_read (Outcome): an update of the release data has ended.
        synced (int): the sync of one connection came to its end, or could not begin.
        idled (): nothing is left to do until somebody asks or the next periodic sync.
    """

    opened = Signal(object)
    changed = Signal(object)
    sync_progressed = Signal(object)
    sync_ended = Signal()
    failed = Signal(object)
    idled = Signal()
    prompted = Signal(str)
    connected = Signal(object)
    releases_read = Signal(object)
    synced = Signal(int)

    def __init__(
        self,
        path: Path,
        world: str,
        clock: CloudClock,
        calendar: Callable[[], Calendar],
        *,
        sync_every_s: float,
        seed: Callable[[], Connection] | None = None,
        transport: Callable[[], Callable[[], Any]] | None = None,
        only: frozenset[int] | None = None,
        sends: bool = True,
    ) -> None:
        """``seed`` is a connection that the file is to have; ``transport`` makes what makes the transports of a
        cloud in this process. Both are called on the worker's thread. ``only`` these connections are looked at;
        without ``sends`` what is queued stays so, and what was sent is followed."""
        super().__init__()
        self._path, self._world = path, world
        self._clock, self._calendar = clock, calendar
        self._releases = ReleaseBook(calendar, lambda: self._db)
        self._seed, self._make_transport = seed, transport
        self._only, self._sends = only, sends
        self._transport: Callable[[], Any] | None = None
        self.sync_every_s = sync_every_s
        """Read by the periodic job; a number, so another thread may set it."""
        self.release_feed: str | None = None
        """Where the release data is read once a day; None: it is not. Another thread may set it, too."""
        self.stopping = threading.Event()
        self._contexts: dict[int, Context] | None = None
        self._syncing: set[int] = set()
        self._scheduler: Scheduler | None = None
        self._timer: QTimer | None = None
        self._db: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    @Slot()
    def start(self) -> None:
        """Open the file, then the SDKs, then take up what the last run left and sync."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._turn)
        self._begin()

    def _begin(self) -> None:
        """Get as far as it goes; ``sync`` begins again where it did not get to the end."""
        try:
            if self._db is None:
                self._open()
            if self._contexts is None and not self.stopping.is_set():
                self._connect()
        except ProblemError as error:
            self.failed.emit(error.problem)
        except sqlite3.Error as error:
            self.failed.emit(database.store_problem(error, self._path))

    def _open(self) -> None:
        from hotpatch_gui.store import releases  # noqa: PLC0415 - after the first frame

        db, set_aside = database.prepare(self._path, self._world)
        try:
            with database.transaction(db):
                releases.save_calendar(db, releases.calendar_of(db, self._calendar()))
                if self._seed is not None:
                    connections.ensure(db, self._seed())
        except BaseException:
            db.close()
            raise
        self._db, self._identity = db, database.identity(self._path)
        self.opened.emit(Opened(self._path, set_aside))

    def _connect(self) -> None:
        """Import the SDKs (0.8 s, so here and not before) and set up every connection."""
        from hotpatch_gui.azure import gateway  # noqa: F401, PLC0415

        from .scheduler import Scheduler  # noqa: PLC0415

        assert self._db is not None
        spare_the_collector()
        self._scheduler = Scheduler()
        self._transport = self._make_transport() if self._make_transport else None
        self._contexts = {}
        for connection in connections.read_all(self._db):
            if self._only is None or connection.id in self._only:
                self._set_up(connection)
        self._start_daily_releases()
        self.connected.emit(tuple(self._contexts))
        self._schedule(0.0)

    def _set_up(self, connection: Connection, *, begins: bool = True) -> None:
        """Make what the connection's jobs need, and begin them unless somebody has to sign in first. One that
        cannot be set up says so where its sync would, and the others go on."""
        from hotpatch_gui.azure.gateway import Gateway  # noqa: PLC0415

        from .context import Context  # noqa: PLC0415

        assert self._db is not None
        assert self._contexts is not None
        try:
            gateway = Gateway(connection, self._clock, self.prompted.emit, self._transport)
        except (ValueError, OSError, ImportError) as error:
            log.warning("connection %s: %s", connection.id, error)
            with database.transaction(self._db):
                problem = _no_connection(connection.name, error)
                catalogue.sync_ended(self._db, connection.id, self._clock(), problem)
            self.changed.emit(Changes.to("sync_state"))
            self.synced.emit(connection.id)
            return
        self._contexts[connection.id] = Context(
            self._db,
            gateway,
            self._clock,
            self._releases,
            self.changed.emit,
            self.stopping,
            self.take_operations,
            self.failed.emit,
        )
        if begins:
            self._revive_one(connection.id)

    def _revive(self) -> None:
        """Start the jobs that should run and do not, after one of them broke."""
        if not self.stopping.is_set():
            for connection_id in self._contexts or ():
                self._revive_one(connection_id)

    def _revive_one(self, connection_id: int) -> None:
        self._add(f"{connection_id} periodic", self._periodic(connection_id))
        self.take_operations()

    @Slot()
    def sync(self) -> None:
        """Sync the fleet now, unless a sync is under way; ``start``, if it is still to come, does so itself."""
        if self._timer is None:
            return
        if self._contexts is None:
            self._begin()
        for connection_id in self._contexts or ():
            self._sync_one(connection_id)

    def _release_updates(self) -> ReleaseUpdates | None:
        """What makes the jobs of release data; None before the file and the scheduler are there."""
        from .release_updates import ReleaseUpdates  # noqa: PLC0415 - after the first frame

        if self._db is None or self._scheduler is None:
            return None
        return ReleaseUpdates(
            self._db, self._calendar, self._releases, self._clock, changed=self.changed.emit,
            ended=self.releases_read.emit, stopping=self.stopping,
        )  # fmt: skip

    def _start_daily_releases(self) -> None:
        updates = self._release_updates()
        if updates is not None:
            self._add("release data, daily", updates.daily(lambda: self.release_feed))

    @Slot()
    def check_daily_releases(self) -> None:
        """The setting has changed: look now."""
        if self._scheduler is not None:
            self._scheduler.wake("release data, daily")
            self._schedule(0.0)

    @Slot(str)
    def update_releases(self, address: str) -> None:
        """Read the release data from there now."""
        updates = self._release_updates()
        if updates is not None:
            self._add("release data", updates.from_microsoft(address))

    @Slot(str)
    def import_releases(self, path: str) -> None:
        """Read a saved document or list."""
        updates = self._release_updates()
        if updates is not None:
            self._add("release data", updates.from_file(Path(path)))

    def _sync_one(self, connection_id: int) -> None:
        self._add(f"{connection_id} sync", self._sync(connection_id))

    @Slot(int)
    def read_machine(self, machine_id: int) -> None:
        """Read one machine in full."""
        context = self._context_of(machine_id)
        if context is not None:
            from .sync import read_machine  # noqa: PLC0415

            job = read_machine(context, machine_id)
            self._add(f"{context.connection_id} machine {machine_id}", job)

    @Slot()
    def take_operations(self) -> None:
        """Look into the queue: new operations are sent, unfinished ones followed."""
        if self._contexts is None or self._db is None:
            return
        from .operations import follow  # noqa: PLC0415

        for operation in operations.open_operations(self._db):
            context = self._context_of(operation.machine_id)
            waits = operation.state is OperationState.QUEUED and not self._sends
            if context is not None and not waits:
                name = f"{context.connection_id} operation {operation.id}"
                self._add(name, follow(context, operation.id))
        self._schedule(0.0)

    def _context_of(self, machine_id: int) -> Context | None:
        if self._contexts is None or self._db is None:
            return None
        return self._contexts.get(connections.of_machine(self._db, machine_id) or 0)

    @Slot(object)
    def save_connection(self, connection: Connection) -> None:
        """Store it, with the subscriptions chosen, and read what it leads to; a new one, or one that leads
        elsewhere now, signs in first."""
        if self._db is None or self._contexts is None:
            return
        try:
            with database.transaction(self._db):
                number = connections.save(self._db, connection)
                connections.choose_subscriptions(self._db, number, connection.subscription_ids)
            stored = connections.read(self._db, number)
        except sqlite3.Error as error:
            self.failed.emit(database.store_problem(error, self._path))
            return
        assert stored is not None
        context = self._contexts.get(number)
        if context is not None and context.gateway.adopt(stored):
            self._sync_one(number)
        else:
            with database.transaction(self._db):
                catalogue.forget_problem(self._db, number)
            self._let_go(number)
            self._set_up(stored, begins=not stored.method.asks_user)
            if stored.method.asks_user:
                self.sign_in(number)
        self.changed.emit(Changes.to("connections", "subscriptions", "sync_state", "machines"))

    @Slot(int)
    def remove_connection(self, connection_id: int) -> None:
        """Sign out and forget it; what was read over it stays as history."""
        self.sign_out(connection_id)
        self._let_go(connection_id)
        if self._db is not None:
            with database.transaction(self._db):
                connections.remove(self._db, connection_id, self._clock())
        tables = ("connections", "subscriptions", "sync_state", "machines", "updates")
        self.changed.emit(Changes.to(*tables))

    @Slot(int)
    def sign_in(self, connection_id: int) -> None:
        """Ask the user to sign in, then sync."""
        if connection_id in (self._contexts or {}):
            self._add(f"{connection_id} sign-in", self._sign_in(connection_id))

    @Slot(int)
    def sign_out(self, connection_id: int) -> None:
        """Forget the tokens here and in the platform's store; what was read stays."""
        from .sign_in import sign_out  # noqa: PLC0415

        context = (self._contexts or {}).get(connection_id)
        if context is None or self._db is None:
            return
        sign_out(context)
        self._let_go(connection_id)
        stored = connections.read(self._db, connection_id)
        if stored is not None:
            self._set_up(stored)
        self.changed.emit(Changes.to("connections", "sync_state"))

    def _let_go(self, connection_id: int) -> None:
        """End the connection's jobs; operations under way are taken up again where there is another gateway."""
        assert self._scheduler is not None
        self._scheduler.end(f"{connection_id} ")
        self._syncing.discard(connection_id)
        context = (self._contexts or {}).pop(connection_id, None)
        if context is not None:
            context.gateway.close()

    @Slot()
    def stop(self) -> None:
        """Close everything and end the thread. ``stopping`` is set before, so no job writes on."""
        if self._timer is not None:
            self._timer.stop()
        if self._scheduler is not None:
            self._scheduler.close()
        for context in (self._contexts or {}).values():
            context.gateway.close()
        if self._db is not None:
            self._db.close()
        self.thread().quit()

    def _add(self, name: str, job: Job) -> None:
        assert self._scheduler is not None
        self._scheduler.add(name, job)
        self._schedule(0.0)

    def _schedule(self, seconds: float) -> None:
        assert self._timer is not None
        self._timer.start(int(seconds * 1000))

    def _turn(self) -> None:
        if self.stopping.is_set() or self._scheduler is None:
            return
        if database.identity(self._path) != self._identity:
            self.failed.emit(database.gone_problem(self._path))
            self._schedule(RETRY_S)
            return
        try:
            delay = self._scheduler.run_due()
        except ProblemError as error:
            self.failed.emit(error.problem)
            delay = 0.0
        except sqlite3.Error as error:
            self.failed.emit(database.store_problem(error, self._path))
            QTimer.singleShot(int(RETRY_S * 1000), self, self._revive)
            delay = 0.0
        except Exception:
            log.exception("a background job failed")
            self.failed.emit(_BUG)
            QTimer.singleShot(int(BUG_RETRY_S * 1000), self, self._revive)
            delay = 0.0
        if delay is not None:
            if delay >= IDLE_S:
                self.idled.emit()
            self._schedule(delay)

    def _periodic(self, connection_id: int) -> Job:
        """A sync at the start and every period; sooner where the last one met what passes by itself."""
        while True:
            self._sync_one(connection_id)
            yield RETRY_S
            while self._last_problem(connection_id) is ProblemKind.NOT_SIGNED_IN:
                yield RETRY_S  # only the user can sign in
            problem = self._last_problem(connection_id)
            if problem is None or not problem.passes:
                yield max(0.0, self.sync_every_s - RETRY_S)

    def _last_problem(self, connection_id: int) -> ProblemKind | None:
        assert self._db is not None
        states = catalogue.sync_states(self._db)
        kind = next((s.problem_kind for s in states if s.connection_id == connection_id), "")
        return ProblemKind(kind) if kind else None

    def _sync(self, connection_id: int) -> Job:
        from .sync import sync_fleet  # noqa: PLC0415

        assert self._contexts is not None
        self._syncing.add(connection_id)
        try:
            yield from sync_fleet(self._contexts[connection_id], self.sync_progressed.emit)
        finally:
            self._syncing.discard(connection_id)
            if not self.stopping.is_set():
                self.synced.emit(connection_id)
                if not self._syncing:
                    self.sync_ended.emit()

    def _sign_in(self, connection_id: int) -> Job:
        from .sign_in import sign_in  # noqa: PLC0415

        assert self._contexts is not None
        if (yield from sign_in(self._contexts[connection_id])):
            self._sync_one(connection_id)
            self._revive_one(connection_id)
        else:
            self.synced.emit(connection_id)


class WorkerThread(QObject):
    """Owns the thread: starts the worker on it and ends both in order. Lives on the UI thread.

    Signals: ``start_requested`` … ``stop_requested`` carry requests over to the worker.
    """

    start_requested = Signal()
    sync_requested = Signal()
    machine_requested = Signal(int)
    operations_queued = Signal()
    connection_saved = Signal(object)
    connection_removed = Signal(int)
    sign_in_requested = Signal(int)
    sign_out_requested = Signal(int)
    releases_requested = Signal(str)
    release_import_requested = Signal(str)
    daily_releases_changed = Signal()
    stop_requested = Signal()

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.worker = worker
        self._thread = QThread(self)
        self._thread.setObjectName("worker")
        worker.moveToThread(self._thread)
        self.start_requested.connect(worker.start)
        self.sync_requested.connect(worker.sync)
        self.machine_requested.connect(worker.read_machine)
        self.operations_queued.connect(worker.take_operations)
        self.connection_saved.connect(worker.save_connection)
        self.connection_removed.connect(worker.remove_connection)
        self.sign_in_requested.connect(worker.sign_in)
        self.sign_out_requested.connect(worker.sign_out)
        self.releases_requested.connect(worker.update_releases)
        self.release_import_requested.connect(worker.import_releases)
        self.daily_releases_changed.connect(worker.check_daily_releases)
        self.stop_requested.connect(worker.stop)

    def start(self) -> None:
        self._thread.start()
        self.start_requested.emit()

    def end_later(self, then: Callable[[], None]) -> None:
        """End the worker without waiting for it; ``then`` is called once it has ended."""
        self._thread.finished.connect(then)
        self.worker.stopping.set()
        if self._thread.isRunning():
            self.stop_requested.emit()
        else:
            then()

    def stop(self) -> bool:
        """End the worker and wait for it; False if it did not end in time (then it is logged)."""
        if not self._thread.isRunning():
            return True
        self.worker.stopping.set()
        self.stop_requested.emit()
        ended = self._thread.wait(STOP_TIMEOUT_MS)
        if not ended:
            log.error("the worker did not end within %s ms", STOP_TIMEOUT_MS)
        return bool(ended)
