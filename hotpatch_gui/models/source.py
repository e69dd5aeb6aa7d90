"""The window's read connection to the file, and notifications of changes."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.store.database import open_reader

from .query_thread import QueryRunner

log = logging.getLogger(__name__)
T = TypeVar("T")
MINUTE_MS = 60_000
REST_MS = 200
"""Between notifications, because a sync commits a page every few milliseconds."""


class DataSource(QObject):
    """Reads the file for views. Lives on the UI thread.

    ``db`` is None until the engine has prepared the file.

    Signals:
        opened (): ``db`` is available; views query.
        open_failed (): the file couldn't be opened; ``open_error`` is why.
        changed (ChangedTables): a commit changed these tables.
        releases_read (str): an update of release data finished, with its result.
        deployment_checked (str, tuple of WhatIfChange, Problem or None): what the deployment with this resource ID would do.
        deployment_stored (bool): whether the requested deployment was stored; if not, nothing is sent.
        connection_tried (TrialOutcome): trying a connection finished.
        connecting (str): progress, or what the user must do to sign in.
        minute_passed (): a minute passed; views update the ages that they show.
        closing (): the program ends; other threads must stop.
    """

    opened = Signal()
    open_failed = Signal()
    changed = Signal(object)
    releases_read = Signal(str)
    deployment_checked = Signal(str, object, object)
    deployment_stored = Signal(bool)
    connection_tried = Signal(object)
    connecting = Signal(str)
    minute_passed = Signal()
    closing = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.db: sqlite3.Connection | None = open_reader(path)
        self.open_error = ""
        """Why the file couldn't be opened; empty if it was, or wasn't tried yet."""
        self.reader = QueryRunner(path, self)
        self._tables: frozenset[str] = frozenset()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._emit_changes)
        self._minute_timer = QTimer(self)
        self._minute_timer.setInterval(MINUTE_MS)
        self._minute_timer.timeout.connect(self.minute_passed)
        self._minute_timer.start()

    def read(self, query: Callable[[sqlite3.Connection], T], instead: T) -> T:
        """Run an indexed query on this thread.

        ``instead`` is returned without a file or with a damaged one, which the engine replaces.
        """
        if self.db is None:
            return instead
        try:
            return query(self.db)
        except sqlite3.Error as error:
            log.warning("the data file can't be read here: %s", error)
            return instead

    def read_list(self, query: Callable[[sqlite3.Connection], list[T]]) -> list[T]:
        """Like ``read``, with an empty list if it fails."""
        none: list[T] = []
        return self.read(query, none)

    def open(self, *, again: bool = False) -> None:
        """Use the file, unless it is open already. ``again``: another file replaced a damaged one."""
        if again and self.db is not None:
            self.db.close()
            self.db = None
            self.reader.reopen()
        if self.db is None:
            self.db = open_reader(self.path)
            if self.db is not None:
                self.open_error = ""
                self.opened.emit()

    def report_open_failure(self, why: str) -> None:
        """Report that the file couldn't be opened."""
        if self.db is None:
            self.open_error = why
            self.open_failed.emit()

    @property
    def has_pending_changes(self) -> bool:
        """Whether views haven't been notified of a change yet."""
        return bool(self._tables)

    def notify(self, changes: ChangedTables) -> None:
        """Notify views of changes, at most every 200 ms."""
        self._tables |= changes.tables
        if not self._rest.isActive():
            self._emit_changes()

    def _emit_changes(self) -> None:
        if self._tables:
            tables, self._tables = self._tables, frozenset()
            self._rest.start()
            self.changed.emit(ChangedTables(tables))

    def close(self) -> None:
        """Close the connection."""
        self.closing.emit()
        self._rest.stop()
        self._minute_timer.stop()
        self.reader.stop()
        if self.db is not None:
            self.db.close()
            self.db = None
