"""Queries off the UI thread: one thread, one read connection, the newest question of each asker."""

from __future__ import annotations

import itertools
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from PySide6.QtCore import QObject, QThread, Signal

from hotpatch_gui.store.database import open_reader, store_problem

if TYPE_CHECKING:
    from .source import DataSource

log = logging.getLogger(__name__)
T = TypeVar("T")

_askers = itertools.count(1)


class _Question(NamedTuple):
    asker: int
    number: int
    work: Callable[[sqlite3.Connection], Any]
    is_news: bool


class _Answer(NamedTuple):
    asker: int
    number: int
    value: Any
    failure: str = ""


def failure_of(error: Exception, path: Path) -> str:
    """Why a query has no answer, in words. It is logged, as a bug where the file is not the cause."""
    if isinstance(error, sqlite3.Error):
        problem = store_problem(error, path)
        log.warning("a query failed: %s", error)
        return problem.text
    log.error("a query failed", exc_info=error)
    return (
        f"What the file holds could not be worked out ({type(error).__name__}). Nothing is lost; the log in the "
        "data folder has the details."
    )


class Reader(QObject):
    """Lives on the UI thread; ``_Loop`` runs on the thread it owns, started by the first question.

    Signals:
        answered (_Answer): delivered on the UI thread.
    """

    answered = Signal(object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._lock = threading.Condition()
        self._waiting: dict[int, _Question] = {}
        self._current: _Question | None = None
        self._db: sqlite3.Connection | None = None
        self._ending = self._is_interrupted = self._is_stale = False
        self._thread: _Loop | None = None

    @property
    def is_idle(self) -> bool:
        with self._lock:
            return not self._waiting and self._current is None

    def ask(self, question: _Question) -> None:
        """Queue the question; an older one of the same asker is dropped, or interrupted if it runs.

        The same one asked anew because the file changed waits for its turn instead: while a sync goes
        on, a long query would otherwise never come to its end.
        """
        with self._lock:
            self._waiting[question.asker] = question
            is_running = self._current is not None and self._current.asker == question.asker
            if is_running and not question.is_news:
                self._interrupt()
            if self._thread is None:
                self._thread = _Loop(self)
                self._thread.start()
            self._lock.notify()

    def stop(self) -> None:
        with self._lock:
            self._ending = True
            self._interrupt()
            self._lock.notify()
        if self._thread is not None:
            self._thread.wait()
            self._thread = None

    def run_loop(self) -> None:
        """The thread's body."""
        while (question := self._take()) is not None:
            self._open()
            try:
                if self._db is not None:
                    value = question.work(self._db)
                    self.answered.emit(_Answer(question.asker, question.number, value))
            except Exception as error:  # noqa: BLE001 - said where the answer would be
                if not (isinstance(error, sqlite3.Error) and self._is_interrupted):
                    failure = failure_of(error, self._path)
                    self.answered.emit(_Answer(question.asker, question.number, None, failure))
            with self._lock:
                self._current = None
        with self._lock:
            db, self._db = self._db, None
        if db is not None:
            db.close()

    def reopen(self) -> None:
        """Read the file that lies at the path now, from the next question on."""
        with self._lock:
            self._is_stale = True

    def _open(self) -> None:
        with self._lock:
            old = self._db if self._is_stale else None
            self._is_stale = False
            if old is not None:
                self._db = None
        if old is not None:
            old.close()
        if self._db is None:
            self._db = open_reader(self._path)

    def _interrupt(self) -> None:
        if self._db is not None:
            self._is_interrupted = True
            self._db.interrupt()

    def _take(self) -> _Question | None:
        with self._lock:
            while not self._waiting and not self._ending:
                self._lock.wait()
            if self._ending:
                return None
            self._is_interrupted = False
            asker = next(iter(self._waiting))
            self._current = self._waiting.pop(asker)
            return self._current


class Asker(QObject, Generic[T]):
    """What one view wants to know of the file, again and again. What was asked before something else
    was asked is not answered any more.

    Args:
        take: gets the answer, on the UI thread.
        fail: gets in its place why a query failed, to be shown where the answer would be.
    """

    def __init__(
        self, source: DataSource, take: Callable[[T], None], fail: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._source, self._take, self._fail = source, take, fail
        self._asker, self._number, self._wanted = next(_askers), 0, 0
        source.reader.answered.connect(self._on_answered)

    def ask(
        self,
        work: Callable[[sqlite3.Connection], T],
        *,
        at_once: bool = False,
        is_news: bool = False,
    ) -> None:
        """``work`` runs on the reader's thread with its connection, so it touches nothing else; or here
        and ``at_once``, for what an index finds. ``is_news`` asks the same again as the file changed: an
        answer that is on its way is still welcome. Without a file nothing is asked."""
        self._number += 1
        if not is_news:
            self._wanted = self._number
        if self._source.db is None:
            return
        if at_once:
            self._ask_here(work, self._source.db)
        else:
            self._source.reader.ask(_Question(self._asker, self._number, work, is_news))

    def _ask_here(self, work: Callable[[sqlite3.Connection], T], db: sqlite3.Connection) -> None:
        try:
            value = work(db)
        except Exception as error:  # noqa: BLE001 - said where the answer would be
            self._fail(failure_of(error, self._source.path))
        else:
            self._take(value)

    def _on_answered(self, answer: _Answer) -> None:
        if answer.asker != self._asker or answer.number < self._wanted:
            return
        if answer.failure:
            self._fail(answer.failure)
        else:
            self._take(answer.value)


class _Loop(QThread):
    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.setObjectName("reader")
        self._reader = reader

    def run(self) -> None:
        self._reader.run_loop()
