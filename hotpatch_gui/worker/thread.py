"""The worker object and its thread."""

from __future__ import annotations

import gc
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import catalogue, database, operations

if TYPE_CHECKING:
    from hotpatch_gui.azure.gateway import Connection
    from hotpatch_gui.domain.releases import Calendar

    from .context import Context
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


def _no_connection(error: Exception) -> Problem:
    return Problem(
        ProblemKind.REJECTED,
        f"The connection could not be set up: {error}",
        "Check --tenant, --sign-in and the data folder, then try again or start anew.",
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
        idled (): nothing is left to do until somebody asks or the next periodic sync.
    """

    opened = Signal(object)
    changed = Signal(object)
    sync_progressed = Signal(object)
    sync_ended = Signal()
    failed = Signal(object)
    idled = Signal()
    prompted = Signal(str)

    def __init__(
        self,
        path: Path,
        world: str,
        connection: Callable[[], Connection],
        clock: CloudClock,
        calendar: Callable[[], Calendar],
        *,
        sync_every_s: float,
    ) -> None:
        super().__init__()
        self._path, self._world, self._connection = path, world, connection
        self._clock, self._calendar = clock, calendar
        self.sync_every_s = sync_every_s
        """Read by the periodic job; a number, so another thread may set it."""
        self.stopping = threading.Event()
        self._context: Context | None = None
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
            if self._context is None and not self.stopping.is_set():
                self._connect()
        except ProblemError as error:
            self.failed.emit(error.problem)
        except sqlite3.Error as error:
            self.failed.emit(database.store_problem(error, self._path))

    def _open(self) -> None:
        db, set_aside = database.prepare(self._path, self._world)
        try:
            with database.transaction(db):
                catalogue.save_releases(db, self._calendar().releases)
        except BaseException:
            db.close()
            raise
        self._db, self._identity = db, database.identity(self._path)
        self.opened.emit(Opened(self._path, set_aside))

    def _connect(self) -> None:
        """Import the SDKs (0.8 s, so here and not before) and build what the jobs need."""
        from hotpatch_gui.azure.gateway import Gateway  # noqa: PLC0415

        from .context import Context  # noqa: PLC0415
        from .scheduler import Scheduler  # noqa: PLC0415

        assert self._db is not None
        spare_the_collector()
        try:
            gateway = Gateway(self._connection(), self._clock, self.prompted.emit)
        except ProblemError:
            raise
        except Exception as error:
            log.exception("the connection could not be set up")
            raise ProblemError(_no_connection(error)) from error
        self._scheduler = Scheduler()
        self._context = Context(
            self._db,
            gateway,
            self._clock,
            self._calendar(),
            self.changed.emit,
            self.stopping,
            self.take_operations,
        )
        self._revive()

    def _revive(self) -> None:
        """Start the jobs that should run and do not: at first, and after one of them broke."""
        if self._scheduler is not None and not self.stopping.is_set():
            self._add("periodic", self._periodic())
            self.take_operations()

    @Slot()
    def sync(self) -> None:
        """Sync the fleet now, unless a sync is under way; ``start``, if it is still to come, does so itself."""
        if self._timer is None:
            return
        if self._context is None:
            self._begin()
        else:
            self._add("sync", self._sync())

    @Slot(int)
    def read_machine(self, machine_id: int) -> None:
        """Read one machine in full."""
        if self._scheduler is not None:
            self._add(f"machine {machine_id}", self._machine(machine_id))

    @Slot()
    def take_operations(self) -> None:
        """Look into the queue: new operations are sent, unfinished ones followed."""
        if self._context is None or self._db is None:
            return
        from .operations import follow  # noqa: PLC0415

        for operation in operations.open_operations(self._db):
            self._add(f"operation {operation.id}", follow(self._context, operation.id))
        self._schedule(0.0)

    @Slot()
    def stop(self) -> None:
        """Close everything and end the thread. ``stopping`` is set before, so no job writes on."""
        if self._timer is not None:
            self._timer.stop()
        if self._scheduler is not None:
            self._scheduler.close()
        if self._context is not None:
            self._context.gateway.close()
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

    def _periodic(self) -> Job:
        """A sync at the start and every period; sooner where the last one met what passes by itself."""
        assert self._db is not None
        while True:
            self.sync()
            yield RETRY_S
            while self._last_problem() is ProblemKind.NOT_SIGNED_IN:
                yield RETRY_S  # only the user can sign in: F5
            problem = self._last_problem()
            if problem is None or not problem.passes:
                yield max(0.0, self.sync_every_s - RETRY_S)

    def _last_problem(self) -> ProblemKind | None:
        assert self._db is not None
        kind = catalogue.sync_state(self._db).problem_kind
        return ProblemKind(kind) if kind else None

    def _sync(self) -> Job:
        from .sync import sync_fleet  # noqa: PLC0415

        context = self._context
        assert context is not None
        try:
            yield from sync_fleet(context, self.sync_progressed.emit)
        finally:
            if not self.stopping.is_set():
                self.sync_ended.emit()

    def _machine(self, machine_id: int) -> Job:
        from .sync import read_machine  # noqa: PLC0415

        context = self._context
        assert context is not None
        yield from read_machine(context, machine_id)


class WorkerThread(QObject):
    """Owns the thread: starts the worker on it and ends both in order. Lives on the UI thread.

    Signals: ``start_requested`` … ``stop_requested`` carry requests over to the worker.
    """

    start_requested = Signal()
    sync_requested = Signal()
    machine_requested = Signal(int)
    operations_queued = Signal()
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
        self.stop_requested.connect(worker.stop)

    def start(self) -> None:
        self._thread.start()
        self.start_requested.emit()

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
