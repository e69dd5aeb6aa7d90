"""Long queries off the UI thread: one thread, one read connection, the newest request of each asker."""

from __future__ import annotations

import logging
import sqlite3
import threading
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, QThread, Signal

from hotpatch_gui.store.database import open_reader

log = logging.getLogger(__name__)


class IdsRequest(NamedTuple):
    """Fetch row ids. ``asker`` gets at most one answer, to its newest request."""

    asker: int
    number: int
    sql: str
    parameters: Sequence[Any]


class IdsAnswer(NamedTuple):
    asker: int
    number: int
    ids: array[int]


class Reader(QObject):
    """Lives on the UI thread; ``_Loop`` runs on the thread it owns, started by the first request.

    Signals:
        answered (IdsAnswer): delivered on the UI thread.
    """

    answered = Signal(object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._lock = threading.Condition()
        self._waiting: dict[int, IdsRequest] = {}
        self._current: IdsRequest | None = None
        self._db: sqlite3.Connection | None = None
        self._ending = False
        self._thread: _Loop | None = None

    @property
    def is_idle(self) -> bool:
        with self._lock:
            return not self._waiting and self._current is None

    def ask(self, request: IdsRequest) -> None:
        """Queue the request; an older one of the same asker is dropped, or interrupted if it runs."""
        with self._lock:
            self._waiting[request.asker] = request
            if (
                self._current is not None
                and self._current.asker == request.asker
                and self._db is not None
            ):
                self._db.interrupt()
            if self._thread is None:
                self._thread = _Loop(self)
                self._thread.start()
            self._lock.notify()

    def stop(self) -> None:
        with self._lock:
            self._ending = True
            if self._db is not None:
                self._db.interrupt()
            self._lock.notify()
        if self._thread is not None:
            self._thread.wait()
            self._thread = None

    def run_loop(self) -> None:
        """The thread's body."""
        db = open_reader(self._path)
        self._db = db
        while (request := self._take()) is not None:
            ids = self._fetch(db, request)
            with self._lock:
                self._current = None
            if ids is not None:
                self.answered.emit(IdsAnswer(request.asker, request.number, ids))
        with self._lock:
            self._db = None
        if db is not None:
            db.close()

    def _take(self) -> IdsRequest | None:
        with self._lock:
            while not self._waiting and not self._ending:
                self._lock.wait()
            if self._ending:
                return None
            asker = next(iter(self._waiting))
            self._current = self._waiting.pop(asker)
            return self._current

    def _fetch(self, db: sqlite3.Connection | None, request: IdsRequest) -> array[int] | None:
        if db is None:
            return array("q")
        try:
            return array("q", (row[0] for row in db.execute(request.sql, request.parameters)))
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                log.warning("a query failed: %s", error)
            return None


class _Loop(QThread):
    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.setObjectName("reader")
        self._reader = reader

    def run(self) -> None:
        self._reader.run_loop()
