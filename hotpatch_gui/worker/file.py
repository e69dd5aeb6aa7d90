"""The engine's connection to the file, the only one that writes."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.store import database

ON_NETWORK_MS = 50
LOCK_WAIT_S, LOCK_CHECK_S = 15.0, 0.02
"""How long a write waits for another program's lock, and the interval of retries."""


class DataFile:
    """The file for writing. Lives on the engine's loop, which continues while the file is locked."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path, self.db = path, db
        self._identity = database.file_identity(path)
        self._turn = asyncio.Lock()
        waits_ms = (
            ON_NETWORK_MS if database.is_on_network(path) else 0
        )  # with WAL, reading never waits
        db.execute(f"PRAGMA busy_timeout={waits_ms}")

    @asynccontextmanager
    async def transaction(self, *, durable: bool = False) -> AsyncIterator[sqlite3.Connection]:
        """The engine's only way to write. The caller awaits nothing inside; a COMMIT that a reader on a network share blocks is retried.

        A ``durable`` one is on the disk when it ends, even after a power failure.

        Raises:
            ProblemError: the file was removed, so nothing is written and nothing may be sent.
            sqlite3.Error: the disk is full, or the file is locked for too long.
        """
        async with self._turn:
            if durable:
                self.db.execute("PRAGMA synchronous=FULL")
            try:
                await self._retry_while_locked("BEGIN IMMEDIATE")
                try:
                    self._must_exist()
                    yield self.db
                    await self._retry_while_locked("COMMIT")
                except BaseException:
                    self.db.rollback()
                    raise
            finally:
                if durable:
                    self.db.execute("PRAGMA synchronous=NORMAL")

    def _must_exist(self) -> None:
        if database.file_identity(self.path) != self._identity:
            raise ProblemError(database.gone_problem(self.path))

    async def _retry_while_locked(self, statement: str) -> None:
        end = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                self.db.execute(statement)
            except sqlite3.OperationalError as error:
                if not database.is_locked(error) or time.monotonic() > end:
                    raise
            else:
                return
            await asyncio.sleep(LOCK_CHECK_S)

    def close(self) -> None:
        """Merge the write-ahead log into the file unless another program reads it, and close."""
        with contextlib.suppress(sqlite3.Error):
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()
