"""The current release calendar, cached."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotpatch_gui.domain.release_calendar import Calendar


class CalendarCache:
    """The program's releases combined with what a file has learned.

    Callable; rebuilt after ``forget``. Belongs to its connection's thread.
    """

    def __init__(
        self, shipped: Callable[[], Calendar], db: Callable[[], sqlite3.Connection | None]
    ) -> None:
        self._shipped, self._db = shipped, db
        self._calendar: Calendar | None = None

    def __call__(self) -> Calendar:
        """The current calendar."""
        if self._calendar is None:
            db = self._db()
            self._calendar = self._joined(db) if db is not None else self._shipped()
        return self._calendar

    def forget(self) -> None:
        """Rebuild the calendar at the next call."""
        self._calendar = None

    def _joined(self, db: sqlite3.Connection) -> Calendar:
        from .releases import calendar_of  # noqa: PLC0415 - not in the first paint

        return calendar_of(db, self._shipped())
