"""Queries off the UI thread: one thread, one read connection, and each channel's newest query."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, QThread, Signal

from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.store.database import gone_problem, must_be_readable, open_reader, store_problem
from hotpatch_gui.translation import translator

tr = translator("QueryThread")

log = logging.getLogger(__name__)


class Query(NamedTuple):
    """A query of a channel."""

    channel: int
    number: int
    work: Callable[[sqlite3.Connection], Any]
    is_refresh: bool


class QueryResult(NamedTuple):
    """The result of a query, or why it failed."""

    channel: int
    number: int
    value: Any
    failure: str = ""


def failure_of(error: Exception, path: Path) -> str:
    """Why a query failed. It is logged as a bug unless the file is the cause."""
    if isinstance(error, ProblemError):
        return error.problem.text
    if isinstance(error, sqlite3.Error):
        problem = store_problem(error, path)
        log.warning("a query failed: %s", error)
        return problem.text
    log.error("a query failed", exc_info=error)
    return tr(
        "The data couldn't be evaluated ({name}). Nothing is lost; the log in the data "
        "folder has the details.",
        name=type(error).__name__,
    )


class QueryRunner(QObject):
    """Runs queries. Lives on the UI thread; ``_QueryThread`` is its own thread, started by the first query.

    Signals:
        answered (QueryResult): emitted on the UI thread.
    """

    answered = Signal(object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._lock = threading.Condition()
        self._waiting: dict[int, Query] = {}
        self._current: Query | None = None
        self._db: sqlite3.Connection | None = None
        self._ending = self._is_interrupted = self._is_stale = False
        self._thread: _QueryThread | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no query is waiting or running."""
        with self._lock:
            return not self._waiting and self._current is None

    def submit(self, query: Query) -> None:
        """Queue a query. An older one of the same channel is dropped or interrupted.

        A refresh waits for the running one instead, because a long query would never finish during a sync.
        """
        with self._lock:
            self._waiting[query.channel] = query
            is_running = self._current is not None and self._current.channel == query.channel
            if is_running and not query.is_refresh:
                self._interrupt()
            if self._thread is None:
                self._thread = _QueryThread(self)
                self._thread.start()
            self._lock.notify()

    def stop(self) -> None:
        """Stop the thread."""
        with self._lock:
            self._ending = True
            self._interrupt()
            self._lock.notify()
        if self._thread is not None:
            self._thread.wait()
            self._thread = None

    def run_loop(self) -> None:
        """The thread's body."""
        while (query := self._next_query()) is not None:
            try:
                value = query.work(self._opened())
                self.answered.emit(QueryResult(query.channel, query.number, value))
            except Exception as error:  # noqa: BLE001 - shown instead of the result
                if not (isinstance(error, sqlite3.Error) and self._is_interrupted):
                    failure = failure_of(error, self._path)
                    self.answered.emit(QueryResult(query.channel, query.number, None, failure))
            with self._lock:
                self._current = None
        with self._lock:
            db, self._db = self._db, None
        if db is not None:
            db.close()

    def reopen(self) -> None:
        """Read the file now at the path, from the next query on."""
        with self._lock:
            self._is_stale = True

    def _opened(self) -> sqlite3.Connection:
        """The connection. Raises ProblemError if the file was removed or can't be used."""
        with self._lock:
            old = self._db if self._is_stale else None
            self._is_stale = False
            if old is not None:
                self._db = None
        if old is not None:
            old.close()
        if self._db is None:
            self._db = open_reader(self._path)
        if self._db is None:
            must_be_readable(self._path)
            raise ProblemError(gone_problem(self._path))
        return self._db

    def _interrupt(self) -> None:
        if self._db is not None:
            self._is_interrupted = True
            self._db.interrupt()

    def _next_query(self) -> Query | None:
        with self._lock:
            while not self._waiting and not self._ending:
                self._lock.wait()
            if self._ending:
                return None
            self._is_interrupted = False
            channel = next(iter(self._waiting))
            self._current = self._waiting.pop(channel)
            return self._current


class _QueryThread(QThread):
    def __init__(self, reader: QueryRunner) -> None:
        super().__init__()
        self.setObjectName("reader")
        self._reader = reader

    def run(self) -> None:
        self._reader.run_loop()
