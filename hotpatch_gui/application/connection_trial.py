"""Trying a connection next to the demo: signed in and read once into a file of its own."""

from __future__ import annotations

import logging
import secrets
import shutil
import sqlite3
import tempfile
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from hotpatch_gui.domain.connections import Connection, TrialOutcome
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.models.display_text import list_text
from hotpatch_gui.store import connections, database, sync_state
from hotpatch_gui.store.database import (
    FILE_NAME,
    must_be_readable,
    open_reader,
    open_writer,
    transaction,
)
from hotpatch_gui.system import resources
from hotpatch_gui.translation import translator
from hotpatch_gui.worker import commands
from hotpatch_gui.worker.engine import Engine
from hotpatch_gui.worker.operation_scheduler import SendPolicy

from .engine_events import EngineEvents
from .folder_lock import lock
from .targets import azure_target

if TYPE_CHECKING:
    from hotpatch_gui.worker.events import Connected, Failed, Prompted, Synced, SyncProgress

tr = translator("ConnectionTrial")

log = logging.getLogger(__name__)
DISCARD_S = 2.0
"""How long the window waits for the operating system's credential store."""
NO_SYNC_S = 86_400.0
"""A trial syncs once."""
CONNECTION_IDS = range(2**20, 2**30)
"""A trial's connection gets an ID that no other has, because the operating system's credential store keeps tokens by ID."""


def _busy() -> Problem:
    return Problem(
        ProblemKind.STORE,
        tr("Another window or command is using the Azure data."),
        tr("Close it, then try again."),
    )


class ConnectionTrial(QObject):
    """Tries a connection with its own engine and file. Lives on the UI thread.

    If the connection works, the file becomes Azure's, or only its connection is copied if there is one already. Otherwise the
    file is deleted.

    Signals:
        ended (TrialOutcome): it worked, or why not.
        progressed (str): progress, or what the user must do to sign in.
    """

    ended = Signal(object)
    progressed = Signal(str)

    def __init__(self, folder: Path, connection: Connection) -> None:
        super().__init__()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._connection = connection._replace(id=secrets.choice(CONNECTION_IDS))
        for old in folder.glob("trial-*"):  # left by a killed program
            _discard(old)  # runs on a thread without waiting
        prefix = f"trial-{self._connection.id}-"
        self._own = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
        self._path = self._own / FILE_NAME
        self._has_ended = False
        self._target = azure_target()
        self._events = EngineEvents(self)
        self._engine = Engine(
            self._path,
            self._target.data_origin,
            self._target.clock(None),
            resources.calendar,
            self._events.observe,
            sync_every_s=NO_SYNC_S,
            only=frozenset(),
            sends=SendPolicy.NOTHING,
        )
        self._events.connected.connect(self._on_connected)
        self._events.synced.connect(self._on_synced)
        self._events.failed.connect(self._on_failed)
        self._events.prompted.connect(self._on_prompted)
        self._events.sync_progressed.connect(self._on_progressed)

    def start(self) -> None:
        """Start the trial."""
        self._engine.start()

    def discard(self) -> None:
        """End the trial. Pending answers are dropped, and tokens are deleted."""
        self._has_ended = True
        self._engine.send(commands.RemoveConnection(self._connection.id))
        self._engine.stop()
        _discard(self._own).join(DISCARD_S)
        self.deleteLater()

    def save_connection(self) -> Problem | None:
        """Move the connection of a successful trial into Azure's file.

        Returns:
            Why it failed, if so; the trial can still be discarded.
        """
        held = lock(self._folder)
        if held is None:
            return _busy()
        try:
            if (self._folder / FILE_NAME).exists():
                self._copy_connection()
            self._engine.stop()
            if not (self._folder / FILE_NAME).exists():
                self._path.replace(self._folder / FILE_NAME)
        except (OSError, sqlite3.Error) as error:
            return database.store_problem(error, self._folder / FILE_NAME)
        except ProblemError as error:
            return error.problem
        finally:
            held.unlock()
        shutil.rmtree(self._own, ignore_errors=True)
        return None

    def _copy_connection(self) -> None:
        """Copy only the connection into an existing file; the next sync reads its machines."""
        db, _ = database.prepare(self._folder / FILE_NAME, self._target.data_origin)
        with closing(db), closing(open_writer(self._path)) as own, transaction(db):
            for connection in connections.read_all(own):
                number = connections.save(db, connection)
                connections.choose_subscriptions(db, number, connection.subscription_ids)
                connections.signed_in(db, number, connection.account, connection.record)

    @Slot(object)
    def _on_connected(self, _: Connected) -> None:
        self._engine.send(commands.SaveConnection(self._connection))

    @Slot(object)
    def _on_prompted(self, prompted: Prompted) -> None:
        self.progressed.emit(prompted.text)

    @Slot(object)
    def _on_progressed(self, progress: SyncProgress) -> None:
        self.progressed.emit(
            tr(
                "Reading {reading}, {done:,} of {total:,}…",
                reading=list_text(progress.reading),
                done=progress.done,
                total=progress.total,
            )
        )

    @Slot(object)
    def _on_synced(self, synced: Synced) -> None:
        db = open_reader(self._path)
        if db is None:
            return
        with closing(db):
            states = sync_state.sync_states(db)
        state = next((s for s in states if s.connection_id == synced.connection_id), None)
        if state is not None:
            self._end(TrialOutcome(synced.connection_id, state.problem, state.next_step))

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        problem = failed.problem
        if problem.kind in (ProblemKind.STORE, ProblemKind.BUG):
            self._end(TrialOutcome(0, problem.sentence, problem.next_step))

    def _end(self, outcome: TrialOutcome) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.ended.emit(outcome)


def _discard(folder: Path) -> threading.Thread:
    """Delete a trial's tokens (its folder's name has the connection's ID), then its folder.

    It runs on a thread, because the operating system's credential store may wait for a person. If the tokens can't be deleted, the folder
    stays and the next trial tries again.
    """

    def discard() -> None:
        from hotpatch_gui.azure.credentials import forget_tokens_of  # noqa: PLC0415 - slow to import

        try:
            number = int(folder.name.split("-")[1])
            if not _holds(folder.parent / FILE_NAME, number):
                forget_tokens_of(number)
        except Exception as error:  # noqa: BLE001 - from the operating system's credential store
            log.warning("tokens of a trial were not forgotten: %s", error)
        else:
            shutil.rmtree(folder, ignore_errors=True)

    thread = threading.Thread(target=discard, name="trial", daemon=True)
    thread.start()
    return thread


def _holds(path: Path, connection_id: int) -> bool:
    """Whether the file has the connection: it was adopted, and the program was killed before its trial ended.

    Raises:
        ProblemError: the file exists but can't be read, as one of another version.
    """
    db = open_reader(path)
    if db is None:
        must_be_readable(path)
        if path.exists():
            raise ProblemError(_busy())  # of an earlier version, which its own window migrates
        return False
    with closing(db):
        return connections.was_made(db, connection_id)
