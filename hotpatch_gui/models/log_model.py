"""Rows of a log, newest first, that a text and a time range narrow down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QObject

from hotpatch_gui.domain.clock import ALWAYS, Clock, Span
from hotpatch_gui.store.tables import TableQuery, Where

from . import operation_text
from .row_model import Column
from .source import DataSource
from .windowed import WindowedModel

R = TypeVar("R")

Conditions = Callable[[str, Span, Callable[[str], Sequence[str]]], Where]
"""The text, the time range, and the stored values that a word may mean, as conditions of a query."""


class LogModel(WindowedModel[R]):
    """Rows of a store table with a text search and a time range."""

    def __init__(
        self,
        source: DataSource,
        table: TableQuery[R],
        columns: Sequence[Column],
        conditions: Conditions,
        clock: Clock,
        *,
        parent: QObject,
    ) -> None:
        where = conditions("", ALWAYS, operation_text.meanings)
        super().__init__(source, table, columns, clock, where=where, parent=parent)
        self._conditions = conditions

    def filter(self, text: str, span: Span) -> None:
        """Show rows of the time range that contain every word of the text."""
        self.set_where(self._conditions(text, span, operation_text.meanings))

    def row_of(self, row_id: int) -> R | None:
        """The row with this ID; None if it isn't listed."""
        number = self.number_of(row_id)
        return self.row(number) if number is not None else None
