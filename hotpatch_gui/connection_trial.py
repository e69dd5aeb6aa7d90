"""A connection tried out from the demo: signed in and read once on Azure's own folder, before the demo ends."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from . import resources
from .domain.connections import Connection, TrialOutcome
from .domain.problems import Problem, ProblemKind
from .lock import lock
from .store import catalogue
from .store.database import FILE_NAME, open_reader
from .targets import azure_target
from .worker.thread import Worker, WorkerThread

if TYPE_CHECKING:
    from .worker.sync import SyncProgress

log = logging.getLogger(__name__)
NEVER_S = 86_400.0
"""No second sync within a trial."""


class ConnectionTrial(QObject):
    """Lives on the UI thread, with a worker of its own. A connection that doesn't work is removed again.

    Signals:
        ended (TrialOutcome): it worked, or why not.
        progressed (str): what is being done, or what the user has to do to sign in.
    """

    ended = Signal(object)
    progressed = Signal(str)

    def __init__(self, folder: Path, connection: Connection, parent: QObject) -> None:
        super().__init__(parent)
        self._connection, self._path = connection, folder / FILE_NAME
        self._held = lock(folder)
        self._has_ended = False
        target = azure_target()
        self._worker = Worker(
            self._path, target.world, target.clock(None), resources.calendar, sync_every_s=NEVER_S,
            only=frozenset(), sends=False,
        )  # fmt: skip
        self._thread = WorkerThread(self._worker, self)
        queued = Qt.ConnectionType.QueuedConnection
        self._worker.connected.connect(self._on_connected, queued)
        self._worker.synced.connect(self._on_synced, queued)
        self._worker.failed.connect(self._on_failed, queued)
        self._worker.prompted.connect(self.progressed, queued)
        self._worker.sync_progressed.connect(self._on_progressed, queued)

    def start(self) -> None:
        if self._held is None:
            self._end(
                TrialOutcome(
                    problem="Another window or command works on the data of Azure at this moment.",
                    next_step="Close it, then try again.",
                )
            )
        else:
            self._thread.start()

    def stop(self) -> bool:
        """End the worker and give the folder free; False if it did not end in time."""
        ended = self._thread.stop()
        if ended and self._held is not None:
            self._held.unlock()
            self._held = None
        return ended

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
        try:
            states = catalogue.sync_states(db)
        finally:
            db.close()
        state = next((s for s in states if s.connection_id == connection_id), None)
        if state is None:
            return
        if state.problem:
            self._thread.connection_removed.emit(connection_id)
        self._end(TrialOutcome(connection_id, state.problem, state.next_step))

    @Slot(object)
    def _on_failed(self, problem: Problem) -> None:
        if problem.kind in (ProblemKind.STORE, ProblemKind.BUG):
            self._end(TrialOutcome(0, problem.sentence, problem.next_step))

    def _end(self, outcome: TrialOutcome) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.ended.emit(outcome)
