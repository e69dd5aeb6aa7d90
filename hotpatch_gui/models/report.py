"""A report's data: sheets of values, before any format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: titles and rows of values (text, number, time with zone, None).

    Attributes:
        unprinted: positions of columns that don't fit on a page, such as resource IDs.
        stacked: positions of columns that a chart stacks, with their colors. The rows are a list.
        is_figures: the rows are a name, a figure and a note, printed as tiles; without a figure, as a sentence.
    """

    title: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Any]]
    unprinted: frozenset[int] = frozenset()
    stacked: Mapping[int, str] = field(default_factory=dict)
    is_figures: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Sheets with title and notes.

    ``made`` is when it was requested; ``notes`` name the demo and the data's age.
    """

    title: str
    made: datetime
    notes: Sequence[str]
    sheets: Sequence[Sheet] = field(default_factory=tuple)


def iso(value: Any) -> Any:
    """Times in ISO 8601 with their zone; other values unchanged."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
