"""The simulation's file: differences from the seed's state, written as they happen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class UnreadableStateError(Exception):
    """A state file whose content isn't a simulation's, or is one of a newer version."""


class StateFile:
    """Key-value rows in SQLite: ``world`` facts, changed ``guest`` states, ``operation`` records.

    With ``path`` None nothing is stored. Used under the cloud's lock, on any thread.
    """

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS item"
            " (kind TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT"
        )

    def get(self, kind: str, key: str) -> Any | None:
        row = self._db.execute(
            "SELECT value FROM item WHERE kind=? AND key=?", (kind, key)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str) -> dict[str, Any]:
        rows = self._db.execute("SELECT key, value FROM item WHERE kind=? ORDER BY rowid", (kind,))
        return {key: json.loads(value) for key, value in rows}

    def put(self, *items: tuple[str, str, Any], dropped: Iterable[tuple[str, str]] = ()) -> None:
        """Write (kind, key, value) items and delete (kind, key) ones in one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            self._db.executemany(
                "INSERT INTO item VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value=excluded.value",
                [(kind, key, json.dumps(value)) for kind, key, value in items],
            )
            self._db.executemany("DELETE FROM item WHERE kind=? AND key=?", dropped)

    def close(self) -> None:
        self._db.close()
