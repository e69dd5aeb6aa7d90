"""The window's side of the file: its read connection, and word of what changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.database import open_reader

from .reader import Reader


class DataSource(QObject):
    """Lives on the UI thread. ``db`` is None until the worker has made the file ready.

    Signals:
        opened (): ``db`` is there; everything queries.
        changed (Changes): a commit touched these tables.
    """

    opened = Signal()
    changed = Signal(object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.db: sqlite3.Connection | None = open_reader(path)
        self.reader = Reader(path, self)

    def open(self) -> None:
        """The file is ready now; does nothing where it was open from the start."""
        if self.db is None:
            self.db = open_reader(self.path)
            if self.db is not None:
                self.opened.emit()

    def announce(self, changes: Changes) -> None:
        self.changed.emit(changes)

    def close(self) -> None:
        self.reader.stop()
        if self.db is not None:
            self.db.close()
            self.db = None
