"""What a commit touched, so that only the views that show it query again."""

from __future__ import annotations

from typing import NamedTuple


class Changes(NamedTuple):
    """Names of the tables a commit wrote to."""

    tables: frozenset[str]

    @classmethod
    def to(cls, *tables: str) -> Changes:
        return cls(frozenset(tables))

    def affects(self, tables: frozenset[str]) -> bool:
        return not self.tables.isdisjoint(tables)
