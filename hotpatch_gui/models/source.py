"""The window's side of the file: its read connection, and word of what changed."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.store.database import open_reader

from .query_thread import QueryThread

log = logging.getLogger(__name__)
T = TypeVar("T")
AGE_MS = 60_000
REST_MS = 200
"""Between two words of changes: a sync commits a page every few milliseconds."""


class DataSource(QObject):
    """Lives on the UI thread. ``db`` is None until the engine has made the file ready.

    Signals:
        opened (): ``db`` is there; everything queries.
        refused (): the file could not be opened; ``refusal`` says why.
        changed (Changes): a commit touched these tables.
        releases_read (str): an update of the release data has ended; how, in words.
        connection_tried (TrialOutcome): the first reading over a new or changed connection has ended.
        connecting (str): what is being done meanwhile, or what the user has to do to sign in.
        minute_passed (): a minute went by; what says how old something is says it anew.
        closing (): the program ends; who reads on a thread of its own ends it now.
    """

    opened = Signal()
    refused = Signal()
    changed = Signal(object)
    releases_read = Signal(str)
    connection_tried = Signal(object)
    connecting = Signal(str)
    minute_passed = Signal()
    closing = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.db: sqlite3.Connection | None = open_reader(path)
        self.refusal = ""
        """Why the file could not be opened, for the user; empty where it was, or where nobody has tried yet."""
        self.reader = QueryThread(path, self)
        self._tables: frozenset[str] = frozenset()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._tell)
        self._ager = QTimer(self)
        self._ager.setInterval(AGE_MS)
        self._ager.timeout.connect(self.minute_passed)
        self._ager.start()

    def read(self, query: Callable[[sqlite3.Connection], T], instead: T) -> T:
        """What an index finds at once, on this thread. ``instead`` where there is no file yet, or a damaged one, which
        the engine sets aside: no window ends by what a file holds."""
        if self.db is None:
            return instead
        try:
            return query(self.db)
        except sqlite3.Error as error:
            log.warning("the data file can't be read here: %s", error)
            return instead

    def read_list(self, query: Callable[[sqlite3.Connection], list[T]]) -> list[T]:
        """As ``read``, with nothing in place of what can't be read."""
        none: list[T] = []
        return self.read(query, none)

    def open(self, *, anew: bool = False) -> None:
        """The file is ready now; does nothing where it was open from the start. ``anew``: another file lies in its
        place, as the one before was damaged and set aside."""
        if anew and self.db is not None:
            self.db.close()
            self.db = None
            self.reader.reopen()
        if self.db is None:
            self.db = open_reader(self.path)
            if self.db is not None:
                self.refusal = ""
                self.opened.emit()

    def refuse(self, why: str) -> None:
        """The file could not be opened."""
        if self.db is None:
            self.refusal = why
            self.refused.emit()

    @property
    def has_pending_changes(self) -> bool:
        """Whether something changed that the views have not heard of yet."""
        return bool(self._tables)

    def notify(self, changes: Changes) -> None:
        """Say it at once, or with what else changes while the views still rest from the last time."""
        self._tables |= changes.tables
        if not self._rest.isActive():
            self._tell()

    def _tell(self) -> None:
        if self._tables:
            tables, self._tables = self._tables, frozenset()
            self._rest.start()
            self.changed.emit(Changes(tables))

    def close(self) -> None:
        self.closing.emit()
        self._rest.stop()
        self._ager.stop()
        self.reader.stop()
        if self.db is not None:
            self.db.close()
            self.db = None
