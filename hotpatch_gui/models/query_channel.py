"""One view's queries, run on the query thread or synchronously."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject

from .query_thread import Query, QueryResult, failure_of
from .source import DataSource

T = TypeVar("T")
_channel_ids = itertools.count(1)


class QueryChannel(QObject, Generic[T]):
    """One view's queries. A new query cancels the previous one.

    Args:
        source: the file that is queried.
        deliver: receives the result on the UI thread.
        fail: receives why a query failed.
    """

    def __init__(
        self,
        source: DataSource,
        deliver: Callable[[T], None],
        fail: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._source, self._deliver, self._fail = source, deliver, fail
        self._channel, self._number, self._wanted = next(_channel_ids), 0, 0
        source.reader.answered.connect(self._on_answered)

    def query(
        self,
        work: Callable[[sqlite3.Connection], T],
        *,
        synchronous: bool = False,
        is_refresh: bool = False,
    ) -> None:
        """Run ``work`` on the query thread with its connection, or here if ``synchronous``, for indexed queries.

        ``is_refresh`` repeats the query after a change; the result of the running query is still shown. Without a file
        nothing runs.
        """
        self._number += 1
        if not is_refresh:
            self._wanted = self._number
        if self._source.db is None:
            return
        if synchronous:
            self._query_here(work, self._source.db)
        else:
            self._source.reader.submit(Query(self._channel, self._number, work, is_refresh))

    def cancel(self) -> None:
        """Ignore the result of the running query."""
        self._number += 1
        self._wanted = self._number

    def _query_here(self, work: Callable[[sqlite3.Connection], T], db: sqlite3.Connection) -> None:
        try:
            value = work(db)
        except Exception as error:  # noqa: BLE001 - shown instead of the result
            self._fail(failure_of(error, self._source.path))
        else:
            self._deliver(value)

    def _on_answered(self, answer: QueryResult) -> None:
        if answer.channel != self._channel or answer.number < self._wanted:
            return
        if answer.failure:
            self._fail(answer.failure)
        else:
            self._deliver(answer.value)
