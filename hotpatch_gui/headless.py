"""The worker without a window: what a command asks for is waited for on Qt's core event loop."""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, QTimer, Slot

from . import resources
from .desk import Desk
from .domain.operations import OperationState
from .domain.problems import Problem, ProblemKind
from .store import operations
from .store.database import FILE_NAME, open_reader
from .worker.thread import Worker, WorkerThread

if TYPE_CHECKING:
    from .domain.connections import Connection
    from .targets import Target

LOOK_MS = 200
"""How often a condition is looked at, and a signal of the system is heard."""
UNTIL_NEXT_S = 86_400.0
"""No second sync within a command."""


class GivenUpError(Exception):
    """The command is not waited for any longer: somebody interrupted it, or its time was up."""


class Session(QObject):
    """Use as a context manager; the worker begins with it and ends with it.

    Args:
        only: the connections that are looked at; None for all.
        sends: whether what is queued may be sent.
        say: hears what the user has to know meanwhile.

    Raises:
        GivenUpError: from the waiting methods.
    """

    def __init__(
        self, folder: Path, target: Target, say: Callable[[str], None], *,
        only: frozenset[int] | None = None, sends: bool = False,
    ) -> None:  # fmt: skip
        self._application = QCoreApplication.instance() or QCoreApplication(sys.argv[:1])
        super().__init__()
        self._path, self._say = folder / FILE_NAME, say
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        db = open_reader(self._path)
        self.clock = target.clock(db)
        if db is not None:
            db.close()
        self._worker = Worker(
            self._path, target.world, self.clock, resources.calendar, sync_every_s=UNTIL_NEXT_S,
            seed=target.seed, transport=target.transport, only=only, sends=sends,
        )  # fmt: skip
        self._thread = WorkerThread(self._worker, self)
        self.desk = Desk(self._path, self._thread, self.clock, lambda _: None)
        self._db: sqlite3.Connection | None = None
        self._connected: frozenset[int] | None = None
        self._synced: set[int] = set()
        self._is_interrupted = False
        self.problem: Problem | None = None
        self._worker.connected.connect(self._on_connected)
        self._worker.synced.connect(self._on_synced)
        self._worker.failed.connect(self._on_failed)
        self._worker.prompted.connect(self._on_prompted)

    def __enter__(self) -> Self:
        self._handlers = {
            s: signal.signal(s, self._interrupt) for s in (signal.SIGINT, signal.SIGTERM)
        }
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()
        self.desk.close()
        if self._db is not None:
            self._db.close()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    @property
    def db(self) -> sqlite3.Connection:
        """To read what the worker has written."""
        if self._db is None:
            self._db = open_reader(self._path)
        assert self._db is not None, "the worker made the file"
        return self._db

    def wait_for_sync(self) -> None:
        """Until each connection was read, or has said why not."""
        self._until(lambda: self._connected is not None)
        self._until(lambda: self._synced >= (self._connected or frozenset()))

    def connect_to(self, connection: Connection) -> None:
        """Store the connection, sign in, and read what it leads to; for a session that looks at no other one."""
        self._until(lambda: self._connected is not None)
        self.desk.save_connection(connection)
        self._until(lambda: bool(self._synced))

    def wait_for(self, operation_ids: Sequence[int], minutes: float, *, ends: bool) -> None:
        """Until each has ended, or without ``ends`` until Azure has taken or refused it."""
        going = {OperationState.QUEUED, OperationState.SENT}
        if ends:
            going |= {OperationState.RUNNING, OperationState.UNKNOWN}

        def is_over() -> bool:
            return all(operations.read(self.db, i).state not in going for i in operation_ids)

        self._until(is_over, minutes * 60.0)

    def _until(self, condition: Callable[[], bool], seconds: float | None = None) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        loop = QEventLoop()
        timer = QTimer()
        timer.timeout.connect(loop.quit)
        timer.start(LOOK_MS)
        while not condition():
            if self._is_interrupted or self.problem is not None:
                raise GivenUpError(self.problem.text if self.problem else "Interrupted.")
            if end is not None and time.monotonic() > end:
                raise GivenUpError("It takes longer than this command waits.")
            loop.exec()
        timer.stop()

    def _interrupt(self, *_: object) -> None:
        self._is_interrupted = True

    @Slot(object)
    def _on_connected(self, connection_ids: tuple[int, ...]) -> None:
        self._connected = frozenset(connection_ids)

    @Slot(int)
    def _on_synced(self, connection_id: int) -> None:
        self._synced.add(connection_id)

    @Slot(object)
    def _on_failed(self, problem: Problem) -> None:
        """That something is under way already ends nothing."""
        if problem.kind is ProblemKind.CONFLICT:
            self._say(problem.text)
        else:
            self.problem = problem

    @Slot(str)
    def _on_prompted(self, text: str) -> None:
        if text:
            self._say(text)
