"""A connection tried out from the demo: signed in and read once into a file of its own, before the demo ends."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from . import resources
from .domain.connections import Connection, TrialOutcome
from .domain.problems import Problem, ProblemError, ProblemKind
from .lock import lock
from .store import catalogue, connections, database
from .store.database import FILE_NAME, open_reader, open_writer, transaction
from .targets import azure_target
from .worker.thread import Worker, WorkerThread

if TYPE_CHECKING:
    from .worker.sync import SyncProgress

NEVER_S = 86_400.0
"""No second sync within a trial."""
_BUSY = Problem(
    ProblemKind.STORE, "Another window or command works on the data of Azure at this moment.",
    "Close it, then try again.",
)  # fmt: skip
_RUNNING_OUT: set[ConnectionTrial] = set()
"""Trials given up whose worker still waits for an answer."""


def is_running_out() -> bool:
    """Whether a trial that was given up has a worker left: only ending the process ends it at once."""
    return bool(_RUNNING_OUT)


def _sweep(folder: Path) -> None:
    """Remove what trials left that ended with the process."""
    in_use = {trial.folder for trial in _RUNNING_OUT}
    for old in folder.glob("trial-*"):
        if old not in in_use:
            shutil.rmtree(old, ignore_errors=True)


class ConnectionTrial(QObject):
    """Lives on the UI thread, with a worker and a file of its own. The file becomes Azure's where the connection
    works, and is deleted where it doesn't.

    Signals:
        ended (TrialOutcome): it worked, or why not.
        progressed (str): what is being done, or what the user has to do to sign in.
    """

    ended = Signal(object)
    progressed = Signal(str)

    def __init__(self, folder: Path, connection: Connection) -> None:
        super().__init__()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._connection = folder, connection
        _sweep(folder)
        self._own = Path(tempfile.mkdtemp(prefix="trial-", dir=folder))
        self._path = self._own / FILE_NAME
        self._has_ended = False
        self._target = azure_target()
        self._worker = Worker(
            self._path, self._target.world, self._target.clock(None), resources.calendar, sync_every_s=NEVER_S,
            only=frozenset(), sends=False,
        )  # fmt: skip
        self._thread = WorkerThread(self._worker, self)
        queued = Qt.ConnectionType.QueuedConnection
        self._worker.connected.connect(self._on_connected, queued)
        self._worker.synced.connect(self._on_synced, queued)
        self._worker.failed.connect(self._on_failed, queued)
        self._worker.prompted.connect(self.progressed, queued)
        self._worker.sync_progressed.connect(self._on_progressed, queued)

    @property
    def folder(self) -> Path:
        """Its own."""
        return self._own

    def start(self) -> None:
        self._thread.start()

    def give_up(self) -> None:
        """Let go of it at once: a worker that waits for an answer ends by itself once that is there."""
        self._has_ended = True
        _RUNNING_OUT.add(self)
        self._thread.end_later(self._on_run_out)

    @Slot()
    def _on_run_out(self) -> None:
        _RUNNING_OUT.discard(self)
        shutil.rmtree(self._own, ignore_errors=True)
        self.deleteLater()

    def adopt(self) -> Problem | None:
        """End a trial that worked, and have Azure's file hold its connection; why not, if it can't."""
        if not self._thread.stop():
            return _BUSY
        held = lock(self._folder)
        if held is None:
            return _BUSY
        try:
            if (self._folder / FILE_NAME).exists():
                self._copy_connection()
            else:
                self._path.replace(self._folder / FILE_NAME)
        except (OSError, sqlite3.Error) as error:
            return database.store_problem(error, self._folder / FILE_NAME)
        except ProblemError as error:
            return error.problem
        finally:
            held.unlock()
        return None

    def _copy_connection(self) -> None:
        """Azure's file is there, and only its connections were removed: what was read is read again there."""
        db, _ = database.prepare(self._folder / FILE_NAME, self._target.world)
        with closing(db), closing(open_writer(self._path)) as own:
            for connection in connections.read_all(own):
                with transaction(db):
                    number = connections.save(db, connection._replace(id=0))
                    connections.signed_in(db, number, connection.account, connection.record)

    @Slot(object)
    def _on_connected(self, _: object) -> None:
        self._thread.connection_saved.emit(self._connection)

    @Slot(object)
    def _on_progressed(self, progress: SyncProgress) -> None:
        self.progressed.emit(
            f"Reading {progress.reading}, {progress.done:,} of {progress.total:,}…"
        )

    @Slot(int)
    def _on_synced(self, connection_id: int) -> None:
        db = open_reader(self._path)
        if db is None:
            return
        with closing(db):
            states = catalogue.sync_states(db)
        state = next((s for s in states if s.connection_id == connection_id), None)
        if state is not None:
            self._end(TrialOutcome(connection_id, state.problem, state.next_step))

    @Slot(object)
    def _on_failed(self, problem: Problem) -> None:
        if problem.kind in (ProblemKind.STORE, ProblemKind.BUG):
            self._end(TrialOutcome(0, problem.sentence, problem.next_step))

    def _end(self, outcome: TrialOutcome) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.ended.emit(outcome)
