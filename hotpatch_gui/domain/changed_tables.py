"""Tables that a commit changed, so that only affected views query again."""

from __future__ import annotations

from typing import NamedTuple


class ChangedTables(NamedTuple):
    """Names of the tables that a commit wrote to."""

    tables: frozenset[str]

    @classmethod
    def of(cls, *tables: str) -> ChangedTables:
        """Create from table names."""
        return cls(frozenset(tables))

    def affects(self, tables: frozenset[str]) -> bool:
        """Whether one of these tables was written."""
        return not self.tables.isdisjoint(tables)
